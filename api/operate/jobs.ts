/** GET /jobs and GET /jobs/{name}/runs: what runs, when, and how it went. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { lastRuns, recentRuns } from '../../connectors/state/runs/run-history.ts'
import { ALL_JOBS, pauses, standingSchedules } from '../../connectors/state/runs/schedules.ts'
import { jobs } from '../../jobs/catalogue.ts'
import { nextTick } from '../../jobs/run/schedule.ts'
import type { ApiDeps } from '../deps.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { json } from '../http/described.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { knownJob, limitOf } from './job-names.ts'
import { printedRun, runShape } from './run-shape.ts'

const schedule = z
  .object({
    cron: z.string(),
    zone: z.string(),
    next: z.iso.datetime().nullable().openapi({ description: 'Its next tick; a paused job lets it pass.' }),
  })
  .openapi('Schedule')
const job = z
  .object({
    name: z.string(),
    aliases: z.array(z.string()),
    summary: z.string(),
    manual: z.boolean().openapi({ description: 'Runs only when a person asks for it.' }),
    schedule: schedule.nullable().openapi({ description: 'As the workers last put it up; null: none.' }),
    paused: z.boolean(),
    lastRun: runShape.nullable(),
  })
  .openapi('Job')
const shared = { tags: ['Operate'], security: bearer, middleware: requireScope('read') }

const list = createRoute({
  ...shared,
  method: 'get',
  path: '/jobs',
  summary: 'The jobs, each with its schedule and its last run',
  responses: { 200: json(z.array(job), 'All of them.'), ...refusals(401, 403, 429, 503) },
})
const runs = createRoute({
  ...shared,
  method: 'get',
  path: '/jobs/{name}/runs',
  summary: 'The last runs of a job, newest first',
  request: {
    params: z.object({ name: z.string().max(100).openapi({ description: 'Either of its names.' }) }),
    query: z.object({ limit: limitOf(50) }),
  },
  responses: { 200: json(z.array(runShape), 'Newest first.'), ...refusals(400, 401, 403, 404, 429, 503) },
})

export function registerJobs(app: OpenAPIHono<ApiEnv>, { state }: ApiDeps): void {
  app.openapi(list, async (c) => {
    const [last, standing, paused] = await Promise.all([lastRuns(state), standingSchedules(state), pauses(state)])
    const described = jobs.map(({ name, aliases, summary, manual = false }) => {
      const ran = last.find((one) => one.job === name)
      const found = standing.find((one) => one.job === name)
      return {
        name,
        aliases: [...aliases],
        summary,
        manual,
        schedule: found ? { cron: found.cron, zone: found.zone, next: nextTick(found, new Date())?.toISOString() ?? null } : null,
        paused: paused.some((one) => one.job === name || one.job === ALL_JOBS),
        lastRun: ran ? printedRun(ran) : null,
      }
    })
    return c.json(described, 200)
  })
  app.openapi(runs, async (c) => {
    const { name } = knownJob(c.req.valid('param').name)
    return c.json((await recentRuns(state, name, c.req.valid('query').limit)).map(printedRun), 200)
  })
}
