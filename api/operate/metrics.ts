/** GET /metrics: for Prometheus and its like. With a token of scope read, or from an address of METRICS_ADDRESSES. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { createMiddleware } from 'hono/factory'
import type { ApiDeps } from '../deps.ts'
import { clientAddress, networks } from '../http/address.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'

export function registerMetrics(
  app: OpenAPIHono<ApiEnv>,
  { figures, addresses }: NonNullable<ApiDeps['metrics']>,
  trustedProxies: readonly string[],
): void {
  const isListed = networks(addresses)
  const addressOf = clientAddress(networks(trustedProxies))
  const byToken = requireScope('read')
  const may = createMiddleware<ApiEnv>(async (c, next) => {
    const address = addressOf(c)
    return address !== null && isListed(address) ? await next() : byToken(c, next)
  })
  const route = createRoute({
    method: 'get',
    path: '/metrics',
    tags: ['Operate'],
    security: bearer,
    middleware: may,
    summary: 'Figures for Prometheus, in the OpenMetrics format',
    description: 'A source that is slow or away is told by ponte_source_stale; the others are there all the same.',
    responses: {
      200: { description: 'All figures.', content: { 'application/openmetrics-text': { schema: z.string() } } },
      ...refusals(401, 403, 429),
    },
  })
  app.openapi(route, async (c) => {
    c.header('content-type', figures.contentType)
    return c.body(await figures.text()) as never
  })
}
