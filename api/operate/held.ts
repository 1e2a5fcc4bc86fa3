/** GET /held and POST /held/release: records that are not sent any more, and sending them after all. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { heldKeys, release } from '../../operations/held.ts'
import type { ApiDeps } from '../deps.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { json, jsonBody } from '../http/described.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { operatorOf } from './operator-of.ts'

const key = z.object({ entity: z.string().max(60), key: z.string().max(200) }).openapi('HeldKey')
const held = z
  .object({
    ...key.shape,
    status: z.enum(['delivered', 'failed']),
    code: z.string().nullable().openapi({ description: 'DISCARDED: an operator put it away.' }),
    sends: z.int(),
    letter: z.string(),
    since: z.iso.datetime(),
  })
  .openapi('Held')
const shared = { tags: ['Operate'], security: bearer }

const list = createRoute({
  ...shared,
  method: 'get',
  path: '/held',
  middleware: requireScope('read'),
  summary: 'Records whose values were sent three times, or that an operator put away: not sent again until they change',
  responses: { 200: json(z.array(held), 'The oldest first.'), ...refusals(401, 403, 429, 503) },
})
const free = createRoute({
  ...shared,
  method: 'post',
  path: '/held/release',
  middleware: requireScope('operate'),
  summary: 'The next compare sends these again, up to three times',
  request: { body: jsonBody(z.object({ keys: z.array(key).min(1).max(1_000) }).openapi('Release')) },
  responses: {
    200: json(z.object({ released: z.array(key) }).openapi('Released'), 'Those that were held.'),
    ...refusals(400, 401, 403, 413, 415, 429, 503),
  },
})

export function registerHeld(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const found = await heldKeys(deps.state)
    return c.json(
      found.map(({ since, ...rest }) => ({ ...rest, since: since.toISOString() })),
      200,
    )
  })
  app.openapi(free, async (c) => {
    const { keys } = c.req.valid('json')
    const found = await heldKeys(
      deps.state,
      keys.map((one) => one.key),
    )
    const meant = found.filter((one) => keys.some(({ entity, key }) => entity === one.entity && key === one.key))
    return c.json({ released: [...(await release(operatorOf(deps, c), meant))] }, 200)
  })
}
