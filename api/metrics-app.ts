/** /metrics and the probes alone, for a process that is no API: a worker (METRICS_PORT). */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps, ApiSettings } from './deps.ts'
import { checkLength, limitStreams } from './http/body.ts'
import { notFound, onError } from './http/errors.ts'
import { identify, limitAddresses } from './http/identify.ts'
import { checkAddress, onInvalid } from './http/input.ts'
import { observe } from './http/observe.ts'
import { createRateLimit } from './http/rate.ts'
import { createTokenBook } from './http/tokens.ts'
import type { ApiEnv } from './http/types.ts'
import { registerHealth } from './operate/health.ts'
import { registerMetrics } from './operate/metrics.ts'

export type MetricsDeps = Pick<ApiDeps, 'erp' | 'state' | 'lanes' | 'log'> & {
  readonly settings: Pick<ApiSettings, 'tokens' | 'requestsPerMinute' | 'trustedProxies'>
  readonly metrics: NonNullable<ApiDeps['metrics']>
}

export function createMetricsApp(deps: MetricsDeps): OpenAPIHono<ApiEnv> {
  const { settings, state, log, metrics } = deps
  const limit = createRateLimit(settings.requestsPerMinute)
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: onInvalid })
  app.onError(onError(log))
  app.notFound(notFound)
  app.use(observe(log))
  app.use(limitAddresses(limit, settings.trustedProxies))
  app.use(checkAddress())
  app.use(checkLength())
  app.use(identify(createTokenBook(settings, state, log), limit))
  app.use(limitStreams())
  registerHealth(app, deps)
  registerMetrics(app, metrics, settings.trustedProxies)
  return app
}
