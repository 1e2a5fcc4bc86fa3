/** GET /health: whether the database answers. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { within } from '../../base/within.ts'
import { ping } from '../../connectors/coreintegrator/database.ts'
import { json } from '../http/described.ts'
import type { ApiEnv } from '../http/types.ts'
import type { CoreIntegratorDeps } from './deps.ts'

const patienceMs = 3_000

const health = createRoute({
  method: 'get',
  path: '/health',
  responses: {
    200: json(z.object({ status: z.literal('UP') }), 'The database answers.'),
    500: json(z.object({ status: z.literal('DOWN') }), 'It does not.'),
  },
})

export function registerCustomerHealth(app: OpenAPIHono<ApiEnv>, { database, log }: CoreIntegratorDeps): void {
  app.openapi(health, async (c) => {
    try {
      await within(patienceMs, ping(database))
      return c.json({ status: 'UP' as const }, 200)
    } catch (err) {
      log.warn({ err }, 'the database is away')
      return c.json({ status: 'DOWN' as const }, 500)
    }
  })
}
