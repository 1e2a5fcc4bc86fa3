/** The runs of one job, and one run with its books. */
import type { Context, Hono } from 'hono'
import { findRun, listRuns } from '../../../connectors/state/runs/run-history.ts'
import type { RunStatus } from '../../../connectors/state/runs/runs.ts'
import { balanceOf } from '../../../jobs/run/balance.ts'
import type { ApiDeps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import type { ApiEnv } from '../../http/types.ts'
import { said } from '../flash.ts'
import { page, type View } from '../layout.tsx'
import { Said } from '../parts.tsx'
import { knownJob } from './known-job.ts'
import { runWords } from './run-badge.tsx'
import { RunPage } from './run-page.tsx'
import { RunTable } from './run-table.tsx'

const PAGE = 50
const statuses = Object.keys(runWords) as RunStatus[]

export function registerRunList(pages: Hono<ApiEnv>, state: ApiDeps['state'], viewOf: (c: Context<ApiEnv>) => View): void {
  pages.get('/ui/jobs/:job', async (c) => {
    const job = knownJob(c.req.param('job'))
    const status = statuses.find((one) => one === c.req.query('status'))
    const before = c.req.query('before')
    const runs = await listRuns(state, {
      job: job.name,
      ...(status ? { statuses: [status] } : {}),
      ...(before ? { before } : {}),
      limit: PAGE,
    })
    const view = viewOf(c)
    return page(
      c,
      view,
      { title: job.name, live: before === undefined },
      <>
        <h1>{job.name}</h1>
        <p>
          {job.summary}
          {job.aliases.length > 0 ? <span class="dim"> · also called {job.aliases.join(', ')}</span> : null}
        </p>
        <form class="filters" method="get">
          <label>
            Ended as
            <select name="status">
              <option value="">anything</option>
              {statuses.map((one) => (
                <option value={one} selected={one === status}>
                  {runWords[one]}
                </option>
              ))}
            </select>
          </label>
          <button type="submit" class="second">
            Filter
          </button>
        </form>
        <div class="card" data-live="runs">
          <RunTable runs={runs} clock={view.clock} />
        </div>
        {runs.length === PAGE ? (
          <p>
            <a href={`?before=${runs.at(-1)!.id}${status ? `&status=${status}` : ''}`}>Older runs</a>
          </p>
        ) : null}
      </>,
    )
  })

  pages.get('/ui/runs/:id', async (c) => {
    const run = await findRun(state, c.req.param('id'))
    if (!run)
      throw new ApiError('NOT_FOUND', 'There is no such run.', { hint: 'Runs that found nothing to do are forgotten after a while.' })
    const [balance, children] = await Promise.all([
      run.status === 'queued' ? null : balanceOf(state, run.id),
      listRuns(state, { parent: run.id, limit: PAGE }),
    ])
    const view = viewOf(c)
    const body = (
      <>
        <Said notice={said(c)} />
        <RunPage run={run} balance={balance} view={view} job={knownJob(run.job)} />
        <div data-live="children">
          {children.length === 0 ? null : (
            <section class="card">
              <h2>Runs that came of it</h2>
              <RunTable runs={children} clock={view.clock} withJob />
            </section>
          )}
        </div>
      </>
    )
    return page(c, view, { title: `Run of ${run.job}`, live: true }, body)
  })
}
