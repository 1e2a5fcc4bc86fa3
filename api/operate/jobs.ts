/** GET /jobs and GET /jobs/{name}/runs: what runs, and how it went (mission C.17). */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { lastRuns, recentRuns } from '../../connectors/state/run-history.ts'
import { jobs } from '../../jobs/catalogue.ts'
import { bearer, requireScope } from '../auth.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../described.ts'
import { ApiError, refusals } from '../errors.ts'
import type { ApiEnv } from '../types.ts'
import { printedRun, runShape } from './run-shape.ts'

const job = z
  .object({
    name: z.string(),
    aliases: z.array(z.string()),
    summary: z.string(),
    manual: z.boolean().openapi({ description: 'Runs only when a person asks for it.' }),
    lastRun: runShape.nullable(),
  })
  .openapi('Job')
const shared = { tags: ['Operate'], security: bearer, middleware: requireScope('read') }

const list = createRoute({
  ...shared,
  method: 'get',
  path: '/jobs',
  summary: 'The jobs, each with its last run',
  responses: { 200: json(z.array(job), 'All of them.'), ...refusals(401, 403, 429, 503) },
})
const runs = createRoute({
  ...shared,
  method: 'get',
  path: '/jobs/{name}/runs',
  summary: 'The last runs of a job, newest first',
  request: {
    params: z.object({ name: z.string().max(100).openapi({ description: 'Either of its names.' }) }),
    query: z.object({
      limit: z
        .string()
        .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 999')
        .transform(Number)
        .optional()
        .openapi({ type: 'integer', minimum: 1, maximum: 999, description: 'Default 50.' }),
    }),
  },
  responses: { 200: json(z.array(runShape), 'Newest first.'), ...refusals(400, 401, 403, 404, 429, 503) },
})

export function registerJobs(app: OpenAPIHono<ApiEnv>, { state }: ApiDeps): void {
  app.openapi(list, async (c) => {
    const last = await lastRuns(state)
    const described = jobs.map(({ name, aliases, summary, manual = false }) => {
      const found = last.find((one) => one.job === name)
      return { name, aliases: [...aliases], summary, manual, lastRun: found ? printedRun(found) : null }
    })
    return c.json(described, 200)
  })
  app.openapi(runs, async (c) => {
    const { name } = c.req.valid('param')
    const known = jobs.find((one) => one.name === name || one.aliases.includes(name))
    if (!known) throw new ApiError('NOT_FOUND', 'There is no such job.', { hint: 'GET /jobs lists them' })
    return c.json((await recentRuns(state, known.name, c.req.valid('query').limit ?? 50)).map(printedRun), 200)
  })
}
