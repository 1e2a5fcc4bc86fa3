/** GET /health: the process answers. GET /ready: what it needs answers too. Both public, so they say no more than that. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { within } from '../../base/within.ts'
import { query } from '../../connectors/state/query.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/described.ts'
import type { ApiEnv } from '../http/types.ts'

const patienceMs = 3_000
const state = z.enum(['UP', 'DOWN'])
const readiness = z
  .object({ status: state, checks: z.object({ state, erp: state, queue: state }).openapi({ description: 'Each thing that is needed.' }) })
  .openapi('Readiness')

const health = createRoute({
  method: 'get',
  path: '/health',
  tags: ['Operate'],
  summary: 'Whether the process answers',
  responses: { 200: json(z.object({ status: z.literal('UP') }), 'It does.') },
})
const ready = createRoute({
  method: 'get',
  path: '/ready',
  tags: ['Operate'],
  summary: 'Whether it can do its work: state database, ERP, queue',
  responses: { 200: json(readiness, 'It can.'), 503: json(readiness, 'Something is away.') },
})

export function registerHealth(app: OpenAPIHono<ApiEnv>, deps: Pick<ApiDeps, 'erp' | 'state' | 'lanes' | 'log'>): void {
  const check = async (name: string, ask: () => Promise<unknown>): Promise<'UP' | 'DOWN'> => {
    try {
      await within(patienceMs, ask())
      return 'UP'
    } catch (err) {
      deps.log.warn({ err, check: name }, 'not ready')
      return 'DOWN'
    }
  }
  const look = async () => {
    const [state, erp, queue] = await Promise.all([
      check('state', () => query(deps.state, 'select 1')),
      check('erp', () => deps.erp.ping()),
      check('queue', () => Promise.all([deps.lanes.leads.probe(), deps.lanes.contacts.probe()])),
    ])
    return { state, erp, queue }
  }
  // Anybody may ask, as often as they like: those who ask at the same time share one look.
  let looking: ReturnType<typeof look> | null = null

  app.openapi(health, (c) => c.json({ status: 'UP' as const }, 200))
  app.openapi(ready, async (c) => {
    looking ??= look().finally(() => {
      looking = null
    })
    const checks = await looking
    const isUp = Object.values(checks).every((one) => one === 'UP')
    return isUp ? c.json({ status: 'UP' as const, checks }, 200) : c.json({ status: 'DOWN' as const, checks }, 503)
  })
}
