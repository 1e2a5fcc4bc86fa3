/** POST /jobs/{name}/pause and /resume, and for all jobs POST /pause and /resume. A paused job runs only when a person asks for it. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { audited } from '../../connectors/state/people/audit.ts'
import { ALL_JOBS, pauseJob, resumeJob } from '../../connectors/state/runs/schedules.ts'
import type { ApiDeps } from '../deps.ts'
import { actorOf, bearer, requireScope } from '../http/auth.ts'
import { json } from '../http/described.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { knownJob } from './job-names.ts'

const answer = z
  .object({
    job: z.string().openapi({ description: '* stands for all jobs.' }),
    paused: z.boolean(),
    changed: z.boolean().openapi({ description: 'false: it was so already.' }),
  })
  .openapi('PauseAnswer')
const shared = { method: 'post' as const, tags: ['Operate'], security: bearer, middleware: requireScope('operate') }
const ofJob = { params: z.object({ name: z.string().max(100).openapi({ description: 'Either of its names.' }) }) }
const answers = { 200: json(answer, 'It is so now.') }

const pauseOne = createRoute({
  ...shared,
  path: '/jobs/{name}/pause',
  summary: 'The job runs no more by itself; what is running goes on',
  request: ofJob,
  responses: { ...answers, ...refusals(400, 401, 403, 404, 429, 503) },
})
const resumeOne = createRoute({
  ...shared,
  path: '/jobs/{name}/resume',
  summary: 'The job runs again, from its next tick',
  request: ofJob,
  responses: { ...answers, ...refusals(400, 401, 403, 404, 429, 503) },
})
const pauseAll = createRoute({
  ...shared,
  path: '/pause',
  summary: 'No job runs any more by itself',
  responses: { ...answers, ...refusals(401, 403, 429, 503) },
})
const resumeAll = createRoute({
  ...shared,
  path: '/resume',
  summary: 'Jobs run again, except those that are paused by their own name',
  responses: { ...answers, ...refusals(401, 403, 429, 503) },
})

export function registerPauses(app: OpenAPIHono<ApiEnv>, { state, log }: ApiDeps): void {
  const audit = audited(state)
  const set = async (c: Context<ApiEnv>, job: string, paused: boolean) => {
    const action = { actor: actorOf(c), action: paused ? 'jobs.pause' : 'jobs.resume', target: job }
    const caller = c.get('caller')!.name
    const changed = await audit(action, () => (paused ? pauseJob(state, job, caller) : resumeJob(state, job)))
    if (changed) log.warn({ caller, job }, paused ? 'paused' : 'resumed')
    return c.json({ job, paused, changed }, 200)
  }
  app.openapi(pauseOne, (c) => set(c, knownJob(c.req.valid('param').name).name, true))
  app.openapi(resumeOne, (c) => set(c, knownJob(c.req.valid('param').name).name, false))
  app.openapi(pauseAll, (c) => set(c, ALL_JOBS, true))
  app.openapi(resumeAll, (c) => set(c, ALL_JOBS, false))
}
