/** POST /sync: starts a sync or joins the running one, and answers when it has ended, also when customers failed. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { json } from '../http/described.ts'
import type { ApiEnv } from '../http/types.ts'
import type { CoreIntegratorDeps } from './deps.ts'

const count = z.int().min(0)

const sync = createRoute({
  method: 'post',
  path: '/sync',
  responses: {
    200: json(z.object({ message: z.string(), total: count, success: count, failed: count }), 'It ended.'),
    500: json(z.object({ error: z.string() }), 'The database went away, or another process kept it.'),
  },
})

export function registerSync(app: OpenAPIHono<ApiEnv>, { syncer, log }: CoreIntegratorDeps): void {
  app.openapi(sync, async (c) => {
    try {
      const { total, success, failed } = await syncer.sync()
      return c.json({ message: 'Manual sync completed', total, success, failed }, 200)
    } catch (err) {
      log.error({ err, requestId: c.get('requestId') }, 'manual sync failed')
      return c.json({ error: 'Sync failed' }, 500)
    }
  })
}
