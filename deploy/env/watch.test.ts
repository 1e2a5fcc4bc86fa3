import { expect, test } from 'vitest'
import { readSettings } from '../env.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

test('traces go to <endpoint>/v1/traces, whatever slashes it ends in, with the headers of OpenTelemetry', () => {
  const { traces } = readSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318//',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi, x-team=a=b',
  }).watch
  expect(traces).toEqual({
    url: 'http://collector:4318/v1/traces',
    headers: { authorization: 'Basic YTpi', 'x-team': 'a=b' },
    serviceName: 'ponte',
  })
})

test('a worker answers /metrics only where a port is given', () => {
  expect(readSettings({ METRICS_HOST: '0.0.0.0' }).watch.metricsListen).toBeNull()
  expect(readSettings({ METRICS_PORT: '9464' }).watch.metricsListen).toEqual({ host: '127.0.0.1', port: 9_464 })
})

test.each([
  ['ALERT_WEBHOOK_URL', 'mailto:a@b.c'],
  ['ALERT_WEBHOOK_SECRET', 'whsec_c2hvcnQ='],
  ['HEARTBEAT_URL', 'not a url'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no-value'],
  ['METRICS_ADDRESSES', '10.0.0.0/33'],
  ['METRICS_PORT', '70000'],
  ['ALERT_DISK_FREE_PERCENT', '101'],
  ['LOG_MAX_MB', '-3'],
])('%s of a wrong kind stops the start, and its value is not repeated', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(expect.objectContaining({ code: 'config.invalid', exitCode: 2 }))
  expect(() => readSettings({ [name]: value })).toThrow(name)
  expect(() => readSettings({ [name]: value })).not.toThrow(value)
})

test('good ones are taken', () => {
  const { alerts, heartbeatUrl } = readSettings({
    ALERT_WEBHOOK_URL: 'https://hooks.example/T0/key',
    ALERT_WEBHOOK_SECRET: secret,
    HEARTBEAT_URL: 'https://hc.example/uuid',
    ALERT_LAG_MINUTES: '5',
  }).watch
  expect(alerts).toMatchObject({ url: 'https://hooks.example/T0/key', secret, limits: { lagMinutes: 5 } })
  expect(heartbeatUrl).toBe('https://hc.example/uuid')
})
