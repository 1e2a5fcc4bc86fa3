/** The jobs and their last runs as squares: what Airflow showed, with what an operator does there. */
import type { Context, Hono } from 'hono'
import { audited } from '../../../connectors/state/people/audit.ts'
import { listRuns } from '../../../connectors/state/runs/run-history.ts'
import { requestRun } from '../../../connectors/state/runs/run-requests.ts'
import type { RunParameters } from '../../../connectors/state/runs/runs.ts'
import { ALL_JOBS, pauseJob, pauses, resumeJob, standingSchedules } from '../../../connectors/state/runs/schedules.ts'
import { jobs } from '../../../jobs/catalogue.ts'
import type { Job } from '../../../jobs/context.ts'
import type { ApiDeps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { formOf } from '../../http/input.ts'
import type { ApiEnv } from '../../http/types.ts'
import { said, say } from '../flash.ts'
import { page, type View } from '../layout.tsx'
import { Said } from '../parts.tsx'
import { personOf, requireOperator } from '../people/guard.ts'
import { type JobRow, JobsTable } from './jobs-table.tsx'
import { knownJob } from './known-job.ts'
import { registerRunList } from './run-list.tsx'

const SQUARES = 24

export function registerJobPages(pages: Hono<ApiEnv>, { state }: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  const audit = audited(state)
  const actor = (c: Context<ApiEnv>) => `user:${personOf(c).name}`

  pages.get('/ui/jobs', async (c) => {
    const view = viewOf(c)
    const [rows, paused] = await Promise.all([jobRows(state), pauses(state)])
    const all = paused.find(({ job }) => job === ALL_JOBS) ?? null
    return page(
      c,
      view,
      { title: 'Jobs', live: true },
      <>
        <h1>Jobs</h1>
        <Said notice={said(c)} />
        <JobsTable rows={rows} all={all} view={view} />
      </>,
    )
  })
  registerRunList(pages, state, viewOf)

  pages.post('/ui/jobs/:job/run', requireOperator(), async (c) => {
    const job = knownJob(c.req.param('job'))
    const parameters = parametersOf(job, await formOf(c))
    const by = personOf(c).name
    const id = await audit({ actor: actor(c), action: 'jobs.run', target: job.name, after: parameters }, () =>
      requestRun(state, { job: job.name, trigger: 'manual', by, parameters }),
    )
    return say(c, `/ui/runs/${id}`, 'ok', `${job.name} was asked for. A worker begins it within seconds.`)
  })

  for (const [verb, act, words] of [
    ['pause', (job: string, by: string) => pauseJob(state, job, by), 'is paused: it runs only when somebody asks for it'],
    ['resume', (job: string) => resumeJob(state, job), 'runs by its schedule again'],
  ] as const)
    pages.post(`/ui/jobs/:job/${verb}`, requireOperator(), async (c) => {
      const name = c.req.param('job')
      const target = name === 'all' ? ALL_JOBS : knownJob(name).name
      await audit({ actor: actor(c), action: `jobs.${verb}`, target }, () => act(target, personOf(c).name))
      return say(c, '/ui/jobs', 'ok', `${target === ALL_JOBS ? 'Every job' : target} ${words}.`)
    })
}

function parametersOf(job: Job, sent: Readonly<Record<string, unknown>>): RunParameters {
  const { dryRun, acceptGuard } = sent
  if (dryRun !== undefined && !job.canDryRun) throw new ApiError('INVALID_PAYLOAD', `${job.name} knows no dry run.`)
  return {
    ...(dryRun === undefined ? {} : { dryRun: true }),
    ...(typeof acceptGuard === 'string' && acceptGuard !== '' ? { acceptGuard } : {}),
  }
}

async function jobRows(state: ApiDeps['state']): Promise<JobRow[]> {
  const [schedules, paused, ...runs] = await Promise.all([
    standingSchedules(state),
    pauses(state),
    ...jobs.map(({ name }) => listRuns(state, { job: name, limit: SQUARES })),
  ])
  return jobs.map((job, index) => ({
    job,
    runs: runs[index]!.toReversed(),
    schedule: schedules.find((one) => one.job === job.name) ?? null,
    pause: paused.find((one) => one.job === job.name) ?? null,
  }))
}
