/** GET /runs and GET /runs/{id}: the history, and one run with its balance. POST /jobs/{name}/runs: asks the workers for a run. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { audited } from '../../connectors/state/people/audit.ts'
import { findRun, listRuns, type RunFilter } from '../../connectors/state/runs/run-history.ts'
import type { Run } from '../../connectors/state/runs/runs.ts'
import { askRun } from '../../jobs/run/ask-run.ts'
import { balanceOf } from '../../jobs/run/balance.ts'
import type { ApiDeps } from '../deps.ts'
import { actorOf, bearer, requireScope } from '../http/auth.ts'
import { json } from '../http/described.ts'
import { ApiError, refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { knownJob, limitOf } from './job-names.ts'
import { printedRun, runParameters, runShape, runStatus, runTrigger } from './run-shape.ts'

const balance = z
  .object({
    changed: z.int(),
    delivered: z.int(),
    pending: z.int(),
    failed: z.int(),
    suppressed: z.int(),
    superseded: z.int(),
    balanced: z.boolean().openapi({ description: 'changed is the sum of the others.' }),
  })
  .openapi('Balance')
const whole = runShape
  .extend({
    balance: balance.nullable().openapi({ description: 'null before it has begun.' }),
    followed: z.array(runShape).openapi({ description: 'Runs that it made work for, and its retries.' }),
  })
  .openapi('RunInDetail')

const list = createRoute({
  method: 'get',
  path: '/runs',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('read'),
  summary: 'The history of runs, newest first',
  request: {
    query: z.object({
      job: z.string().max(100).optional().openapi({ description: 'Either of its names.' }),
      status: runStatus.optional(),
      trigger: runTrigger.optional(),
      since: z.iso.datetime().optional().openapi({ description: 'Started then or later.' }),
      before: z.string().max(40).optional().openapi({ description: 'The last run of the page before.' }),
      limit: limitOf(50),
    }),
  },
  responses: { 200: json(z.array(runShape), 'Newest first.'), ...refusals(400, 401, 403, 404, 429, 503) },
})
const one = createRoute({
  method: 'get',
  path: '/runs/{id}',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('read'),
  summary: 'One run: what it counted, how that stands now, what it triggered',
  request: { params: z.object({ id: z.string().max(40) }) },
  responses: { 200: json(whole, 'The run.'), ...refusals(400, 401, 403, 404, 429, 503) },
})
const ask = createRoute({
  method: 'post',
  path: '/jobs/{name}/runs',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('operate'),
  summary: 'Asks the workers for a run; also of a job that is paused',
  request: {
    params: z.object({ name: z.string().max(100).openapi({ description: 'Either of its names.' }) }),
    body: { required: false, content: { 'application/json': { schema: runParameters } } },
  },
  responses: {
    202: json(z.object({ run: z.string(), job: z.string() }).openapi('Asked'), 'A worker begins it within seconds: GET /runs/{run}.'),
    ...refusals(400, 401, 403, 404, 409, 429, 503),
  },
})

export function registerRuns(app: OpenAPIHono<ApiEnv>, { state, log }: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { job, status, trigger, since, before, limit } = c.req.valid('query')
    const filter: RunFilter = {
      ...(job === undefined ? {} : { job: knownJob(job).name }),
      ...(status === undefined ? {} : { statuses: [status] }),
      ...(trigger === undefined ? {} : { trigger }),
      ...(since === undefined ? {} : { since: new Date(since) }),
      ...(before === undefined ? {} : { before }),
      limit,
    }
    return c.json((await listRuns(state, filter)).map(printedRun), 200)
  })
  app.openapi(one, async (c) => {
    const run = await findRun(state, c.req.valid('param').id)
    if (run === null) throw new ApiError('NOT_FOUND', 'There is no such run.', { hint: 'GET /runs lists them' })
    const followed = await listRuns(state, { parent: run.id, limit: 100 })
    return c.json({ ...printedRun(run), balance: await balanceOfRun(run), followed: followed.map(printedRun) }, 200)
  })
  app.openapi(ask, async (c) => {
    const { name } = knownJob(c.req.valid('param').name)
    const by = c.get('caller')?.name ?? ''
    // The body may be left out.
    const { dryRun = false, acceptGuard } = c.req.header('content-type') === undefined ? {} : c.req.valid('json')
    const parameters = { ...(dryRun ? { dryRun } : {}), ...(acceptGuard === undefined ? {} : { acceptGuard }) }
    const action = { actor: actorOf(c), action: 'jobs.run', target: name, after: parameters }
    const asked = await audited(state)(action, () => askRun(state, name, parameters, by))
    log.info({ caller: by, ...asked }, 'a run was asked for')
    return c.json(asked, 202)
  })

  async function balanceOfRun({ id, status }: Run) {
    if (status === 'queued') return null
    const { run: _, ...columns } = await balanceOf(state, id)
    return columns
  }
}
