/** Those who watch, against real processes: the same figures from API and worker, alerts once, the heartbeat, traces. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addLeads, type House, openHouse } from '../testing/house.ts'
import type { Started } from '../testing/ponte.ts'
import { openReceiver, type Receiver } from '../testing/receiver.ts'

const reader = 'token-of-prometheus-to-read'
const crm = 'token-of-the-crm-for-webhooks'
const secret = `whsec_${randomBytes(32).toString('base64')}`

let house: House
let receiver: Receiver
let api: { process: Started; url: string }
let worker: { process: Started; metrics: string }

async function start(
  args: string[],
  env: Record<string, string>,
): Promise<{ process: Started; document: { url: string; metrics: string } }> {
  const process = house.ponte.start([...args, '--json'], { ...house.env, ...env })
  return { process, document: JSON.parse(await process.shows('\n')) as { url: string; metrics: string } }
}

beforeAll(async () => {
  house = await openHouse()
  receiver = await openReceiver()
  await addLeads(house.erp, 1, 3)
  const env = {
    PONTE_TOKENS: `prometheus:read:${reader},crm:webhook:${crm}`,
    PORT: '0',
    METRICS_PORT: '0',
    ALERT_WEBHOOK_URL: `${receiver.url}/alerts/key-in-the-path`,
    ALERT_WEBHOOK_SECRET: secret,
    ALERT_DISK_FREE_PERCENT: '100',
    ALERT_DEAD_PER_HOUR: '1',
    HEARTBEAT_URL: `${receiver.url}/heartbeat`,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=ponte',
    SCHEDULE_JOB_EXECUTE_SPARK: '*/2 * * * * *',
    SCHEDULE_JOB_INSERT_LEADS_IN_SPOTTER: '*/2 * * * * *',
  }
  const one = await start(['api'], env)
  api = { process: one.process, url: one.document.url }
  const other = await start(['worker'], env)
  worker = { process: other.process, metrics: other.document.metrics }
})
afterAll(async () => {
  for (const process of [api?.process, worker?.process]) process?.child.kill('SIGTERM')
  await Promise.all([api?.process.ended, worker?.process.ended])
  await receiver?.close()
  await house?.close()
})

const scrape = (url: string, token: string | null = reader) =>
  fetch(url, { headers: token === null ? {} : { authorization: `Bearer ${token}` } })
/** `name{labels}` to value. */
const series = async (url: string) => {
  const text = await (await scrape(url)).text()
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const),
  )
}
/** Until the metrics of a process say so. */
async function until(url: string, says: (all: Map<string, number>) => boolean): Promise<Map<string, number>> {
  const end = performance.now() + 90_000
  for (;;) {
    const all = await series(url)
    if (says(all)) return all
    const runs = () => [...all].filter(([name]) => /^ponte_(runs|deliveries)_total/.test(name)).map(([name, value]) => `${name} ${value}`)
    if (performance.now() > end) throw new Error(`${url} does not come to say it:\n${runs().join('\n')}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
/** Who was asked and noted: the ERP by whoever watches, the CRM by whoever delivers. */
const reached = (all: Map<string, number>) => [...all.keys()].filter((name) => name.startsWith('ponte_reachable{')).length
const metrics = () => [`${api.url}/metrics`, worker.metrics]
const succeeded = 'ponte_runs_total{job_name="job_insert_leads_in_spotter",status="success"}'
const delivered = 'ponte_deliveries_total{job_name="job_insert_leads_in_spotter",outcome="delivered"}'

describe('/metrics', () => {
  test('needs a token that may read', async () => {
    for (const url of metrics()) {
      expect((await scrape(url, null)).status).toBe(401)
      expect((await scrape(url, crm)).status).toBe(403)
      const answer = await scrape(url)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
      expect((await answer.text()).endsWith('# EOF\n')).toBe(true)
    }
  })

  test('tells the same from the API and from the worker: what runs delivered, waited, cost', { timeout: 120_000 }, async () => {
    for (const url of metrics()) {
      // A compare that looked before the first delivery and decided after it queues the three again; they are found, not made again.
      const all = await until(url, (now) => (now.get(delivered) ?? 0) >= 3 && (now.get(succeeded) ?? 0) > 0 && reached(now) === 2)
      expect(all.get('ponte_compare_changes_total{job_name="job_execute_spark",result="queued"}')).toBeGreaterThanOrEqual(3)
      expect([...all.keys()]).toContainEqual(expect.stringMatching(/^ponte_compare_step_seconds\{entity="leads.insert",step="pull"\}/))
      expect(all.get('ponte_lag_seconds')).toBeGreaterThanOrEqual(0)
      expect([...all.keys()]).toContainEqual(expect.stringMatching(/^ponte_disk_free_bytes\{machine=".+",place="queue"\}/))
      expect([...all].filter(([name]) => name.startsWith('ponte_reachable{')).map(([, value]) => value)).toEqual([1, 1])
      expect(all.get('ponte_schedule_late_seconds')).toBeLessThan(60)
      expect([...all].filter(([name, value]) => name.startsWith('ponte_source_stale') && value !== 0)).toEqual([])
    }
    const [ofApi, ofWorker] = await Promise.all(metrics().map(series))
    expect([...ofApi!.keys()]).toContainEqual(expect.stringMatching(/^ponte_build\{version=".+",process="api"\}/))
    expect([...ofWorker!.keys()].some((name) => /^ponte_crm_requests_total\{call="POST LeadsAdd",outcome="done"\}/.test(name))).toBe(true)
  })

  test('names nobody: no tax id, no name, no path with a value', async () => {
    // No number that a fraction of seconds could end in.
    await fetch(`${api.url}/leadid/11222333000181`, { headers: { authorization: `Bearer ${reader}` } })
    const text = await (await scrape(`${api.url}/metrics`)).text()
    expect(text).toContain('route="/leadid/:cnpj"')
    expect(text).not.toContain('11222333000181')
    const { rows } = await house.erp.query<{ name: string }>('select company_name as name from clients')
    expect(rows.length).toBeGreaterThan(2)
    expect(rows.filter(({ name }) => text.includes(name))).toEqual([])
  })
})

test('the log is one file of JSON lines with msg, and dag_id in those of a run', () => {
  const lines = readFileSync(join(house.folder, 'state', 'ponte.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.filter(({ msg }) => typeof msg !== 'string')).toEqual([])
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'run ended', dag_id: 'job_insert_leads_in_crm', job: 'job_insert_leads_in_spotter', status: 'success' }),
  )
  expect(new Set(lines.map(({ pid }) => pid)).size).toBeGreaterThan(1)
})

describe('alerts', () => {
  test('are told once by several processes, signed, with what to do', { timeout: 120_000 }, async () => {
    // Every disk has less than 100 % free.
    const { body, headers } = await receiver.find(({ path, body: text }) => path.startsWith('/alerts') && text.includes('disk_low'))
    const message = JSON.parse(body) as Record<string, string>
    expect(message).toMatchObject({
      type: 'alert.firing',
      code: 'disk_low',
      severity: 'critical',
      runbook: 'deploy/RUNBOOK.md#disk_low',
      endedAt: null,
    })
    expect(message.text).toMatch(/^ALERT disk_low: \d+\.\d % free on the (queue|state) disk of /)
    expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow()
    // Both places of this machine, and none of them twice: two more looks of each process pass.
    const { rows } = await house.state.query('select extract(epoch from max(seen_at)) as at from alerts')
    while (
      Number((await house.state.query('select extract(epoch from max(seen_at)) as at from alerts')).rows[0].at) <
      Number(rows[0].at) + 30
    )
      await new Promise((resolve) => setTimeout(resolve, 500))
    const ids = receiver.received.filter(({ body: text }) => text.includes('disk_low')).map(({ headers: { 'webhook-id': id } }) => id)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(2)
  })
})

test('the heartbeat is heard while the schedules tick', { timeout: 120_000 }, async () => {
  expect(await receiver.find(({ path }) => path === '/heartbeat')).toMatchObject({ method: 'GET', body: '' })
})

test('traces of runs, calls and requests arrive at a collector, the calls inside their run, and hold no value', {
  timeout: 120_000,
}, async () => {
  interface Span {
    readonly name: string
    readonly traceId: string
    readonly spanId: string
    readonly parentSpanId?: string
  }
  const spans = () =>
    receiver.received
      .filter(({ path }) => path === '/v1/traces')
      .flatMap(({ body }) =>
        (JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap((scope) => scope.spans),
        ),
      )
  const { headers } = await receiver.find(({ path, body }) => path === '/v1/traces' && body.includes('POST LeadsAdd'))
  expect(headers['x-team']).toBe('ponte')
  const call = spans().find(({ name }) => name === 'POST LeadsAdd')!
  const isRun = ({ name, spanId, traceId }: Span) =>
    name === 'run job_insert_leads_in_spotter' && spanId === call.parentSpanId && traceId === call.traceId
  await receiver.find(() => spans().some(isRun))
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await fetch(`${api.url}/leadid/11222333000181`, { headers: { authorization: `Bearer ${reader}`, traceparent } })
  await receiver.find(({ body }) => body.includes('0af7651916cd43dd8448eb211c80319c') && body.includes('/leadid/:cnpj'))
  expect(receiver.received.filter(({ path, body }) => path === '/v1/traces' && body.includes('10000000000001'))).toEqual([])
})

test('alerts pass to another process when the leader is killed', { timeout: 120_000 }, async () => {
  const holder = async () =>
    (await house.state.query("select holder from leases where name = 'watching' and expires_at > clock_timestamp()")).rows[0]?.holder as
      | string
      | undefined
  const first = (await holder())!
  const leader = first.endsWith(`:${api.process.child.pid}`) ? 'api' : 'worker'
  const env = { PONTE_TOKENS: `prometheus:read:${reader}`, PORT: '0' }
  const other = await start(['api'], { ...env, ALERT_DISK_FREE_PERCENT: '0' })
  if (leader === 'api') {
    api.process.child.kill('SIGKILL')
    api = { process: other.process, url: other.document.url }
  } else worker.process.child.kill('SIGKILL')
  for (let now = await holder(); now === undefined || now === first; now = await holder())
    await new Promise((resolve) => setTimeout(resolve, 200))
  if (leader === 'worker') {
    other.process.child.kill('SIGTERM')
    await other.process.ended
  }
})
