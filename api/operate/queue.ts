/** GET /queue: what waits, is in hand and is dead. POST /queue/falhas/{file}/requeue: a dead letter goes round again (mission C.2 rule 9). */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { PonteError } from '../../base/error.ts'
import { requeueLetter } from '../../jobs/requeue.ts'
import type { Lane } from '../../queue-dirs/lane.types.ts'
import { bearer, requireScope } from '../auth.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../described.ts'
import { ApiError, refusals } from '../errors.ts'
import type { ApiEnv } from '../types.ts'
import { events } from '../webhooks/events.ts'

const laneName = z.enum(['leads', 'contacts'])
const count = z
  .object({
    lane: laneName,
    folder: z.enum(['processar', 'processando', 'falhas']),
    prefix: z.string(),
    files: z.int(),
    oldestSeconds: z.int().nullable().openapi({ description: 'Age of the oldest by its arrival.' }),
  })
  .openapi('QueueCount')
const requeued = z
  .object({
    lane: laneName,
    letter: z.string().openapi({ description: 'Its new name.' }),
    queued: z.int().openapi({ description: 'Changes that are waiting again.' }),
    superseded: z.int().openapi({ description: 'Changes that a newer one has replaced: they end without a call.' }),
  })
  .openapi('Requeued')

const look = createRoute({
  method: 'get',
  path: '/queue',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('read'),
  summary: 'Letters by lane, folder and prefix, with the age of the oldest',
  responses: { 200: json(z.array(count), 'Only what is there.'), ...refusals(401, 403, 429, 503) },
})
const requeue = createRoute({
  method: 'post',
  path: '/queue/falhas/{file}/requeue',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('operate'),
  summary: 'Puts a dead letter back on the queue',
  request: { params: z.object({ file: z.string().min(1).max(255) }) },
  responses: { 200: json(requeued, 'It waits again, as the newest.'), ...refusals(400, 401, 403, 404, 429, 503) },
})

export function registerQueue(app: OpenAPIHono<ApiEnv>, { lanes, state, wake, log }: ApiDeps): void {
  app.openapi(look, async (c) => {
    const now = Date.now()
    const counts = await Promise.all(
      Object.values(lanes).map(async (lane) =>
        (await lane.counts()).map(({ oldest, ...rest }) => ({
          lane: lane.name,
          ...rest,
          oldestSeconds: oldest === null ? null : Math.max(0, Math.round((now - oldest) / 1_000)),
        })),
      ),
    )
    return c.json(counts.flat(), 200)
  })

  app.openapi(requeue, async (c) => {
    const { file } = c.req.valid('param')
    for (const lane of Object.values(lanes)) {
      if (!(await isDead(lane, file))) continue
      const result = await requeueLetter(state, lane, file)
      log.info({ caller: c.get('caller')?.name, lane: lane.name }, 'a dead letter was requeued')
      // Others wait for their schedule.
      const job = events.find(({ prefix }) => file.startsWith(`${prefix}_`))?.job
      if (job) wake(job)
      return c.json({ lane: lane.name, ...result }, 200)
    }
    throw new ApiError('NOT_FOUND', 'There is no such letter in falhas.', { hint: 'ponte falhas ls lists them' })
  })
}

async function isDead(lane: Lane, file: string): Promise<boolean> {
  try {
    await lane.showDead(file)
    return true
  } catch (error) {
    if (error instanceof PonteError && error.code === 'queue.no_such_letter') return false
    throw error
  }
}
