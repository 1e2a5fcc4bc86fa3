/** /metrics and the probes alone, for a process that is no API: a worker (METRICS_PORT). */
import { OpenAPIHono } from '@hono/zod-openapi'
import { checkLength, limitStreams } from './body.ts'
import type { ApiDeps, ApiSettings } from './deps.ts'
import { notFound, onError } from './errors.ts'
import { identify, limitAddresses } from './identify.ts'
import { checkAddress, onInvalid } from './input.ts'
import { observe } from './observe.ts'
import { registerHealth } from './operate/health.ts'
import { registerMetrics } from './operate/metrics.ts'
import { createRateLimit } from './rate.ts'
import { createTokenBook } from './tokens.ts'
import type { ApiEnv } from './types.ts'

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
