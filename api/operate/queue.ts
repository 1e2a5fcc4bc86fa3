/** GET /queue: what waits, is in hand and is dead. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { letterCounts } from '../../operations/queue-state.ts'
import { kindNames } from '../../records/kinds.ts'
import type { ApiDeps } from '../deps.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { json } from '../http/described.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'

const laneName = z.enum(kindNames)
const count = z
  .object({
    lane: laneName,
    folder: z.enum(['processar', 'processando', 'falhas']),
    prefix: z.string(),
    files: z.int(),
    oldestSeconds: z.int().nullable().openapi({ description: 'Age of the oldest by its arrival.' }),
  })
  .openapi('QueueCount')
const look = createRoute({
  method: 'get',
  path: '/queue',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('read'),
  summary: 'Letters by lane, folder and prefix, with the age of the oldest',
  responses: { 200: json(z.array(count), 'Only what is there.'), ...refusals(401, 403, 429, 503) },
})
export function registerQueue(app: OpenAPIHono<ApiEnv>, { lanes }: Pick<ApiDeps, 'lanes'>): void {
  app.openapi(look, async (c) => {
    const counts = await letterCounts(lanes)
    return c.json(
      counts.map(({ lane, folder, prefix, files, oldestSeconds }) => ({ lane, folder, prefix, files, oldestSeconds })),
      200,
    )
  })
}
