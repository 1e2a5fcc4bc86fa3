/** POST /passagemdebastao/{lead_id}: a task of some thirty seconds, started here and watched at GET /tasks/{id}. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type pg from 'pg'
import { findTask, hasEnded, type Task } from '../../connectors/state/runs/tasks.ts'
import { openHandovers } from '../../jobs/deals/handover.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/described.ts'
import { ApiError, type ErrorCode, errorStatus } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { codes } from './accepted.ts'
import { pathId } from './bodies.ts'
import { acted, acting, crmRefusals, leadNamed, reading } from './route.ts'

const errorCode = z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]])
const taskShape = z
  .object({
    id: z.string(),
    kind: z.string(),
    leadId: z.int(),
    status: z.enum(['waiting', 'running', 'done', 'failed']),
    step: z.int().openapi({ description: 'Steps that are done.' }),
    of: z.int(),
    error: z.object({ code: errorCode, message: z.string() }).optional(),
  })
  .openapi('Task')
const oldFailure = z
  .object({ erro: z.string(), etapa: z.int(), code: errorCode, message: z.string() })
  .openapi('HandoverFailure', { description: '`etapa` is the step that failed, from 0; earlier steps stay done.' })

const start = createRoute({
  ...acting,
  method: 'post',
  path: '/passagemdebastao/{lead_id}',
  summary: 'Hands a lead over from pre-sales to sales; a second request for the same lead joins the first',
  request: { params: z.object({ lead_id: pathId }), query: z.object({ sync: z.enum(['true', 'false']).optional() }) },
  responses: {
    202: {
      ...json(z.object({ status: z.string() }), 'Under way; `status` and Location say where to look.'),
      headers: z.object({ location: z.string() }),
    },
    201: json(z.object({ message: z.string() }), 'With ?sync=true: done.'),
    ...crmRefusals,
    400: json(z.union([oldFailure, crmRefusals[400].content['application/json'].schema]), 'Wrong request; with ?sync=true: a step failed.'),
  },
})
const look = createRoute({
  ...reading,
  method: 'get',
  path: '/tasks/{id}',
  summary: 'How a task stands',
  request: { params: z.object({ id: z.string().regex(/^[0-9A-Z]{26}$/, 'must be the id of a task') }) },
  responses: { 200: json(taskShape, 'As it stands now.'), ...crmRefusals },
})

export function registerHandover(app: OpenAPIHono<ApiEnv>, { crm, erp, state, log, settings, stopping }: ApiDeps): void {
  const { qualification: answers, qualificationPauseMs: pauseMs } = settings
  const handovers = openHandovers({ crm, erp, state, log, answers, pauseMs, stopping })
  // What the last process left open goes on.
  void handovers.resume()

  const act = acted(state)
  app.openapi(start, async (c) => {
    const { lead_id } = c.req.valid('param')
    const task = await act(c, 'leads.handover', leadNamed(lead_id), {}, () => handovers.start(lead_id))
    if (c.req.valid('query').sync !== 'true') {
      const status = `/tasks/${task.id}`
      return c.json({ status }, 202, { location: status })
    }
    const ended = await waitFor(state, task, [c.req.raw.signal, ...(stopping ? [stopping] : [])])
    const failed = errorOf(ended)
    if (failed === null) return c.json({ message: 'Lead handed over successfully' }, 201)
    return c.json({ erro: failed.message, etapa: ended.done, ...failed }, 400)
  })
  app.openapi(look, async (c) => {
    const task = await findTask(state, c.req.valid('param').id)
    if (task === null) throw new ApiError('NOT_FOUND', 'There is no such task.')
    const { id, kind, leadId, status, done: step, steps } = task
    const error = errorOf(task)
    return c.json({ id, kind, leadId, status, step, of: steps.length, ...(error === null ? {} : { error }) }, 200)
  })
}

/** By looking at the task: whoever works on it may be another process. */
async function waitFor(state: pg.Pool, task: Task, ends: readonly AbortSignal[]): Promise<Task> {
  const signal = AbortSignal.any([...ends])
  for (let current = task; ; current = (await findTask(state, task.id)) ?? current) {
    if (hasEnded(current)) return current
    await sleep(100, undefined, { signal }).catch(() => {
      throw new ApiError('BUSY', 'The hand-over goes on, but nobody waits for it any more.', { hint: `look at /tasks/${task.id}` })
    })
  }
}

function errorOf({ status, code, message }: Task): { code: ErrorCode; message: string } | null {
  if (status !== 'failed') return null
  return { code: code !== null && code in codes ? codes[code as keyof typeof codes] : 'CRM_UNAVAILABLE', message: message ?? '' }
}
