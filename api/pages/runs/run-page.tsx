/** One run: how it went, its balance, its figures, and what may be done about it. */
import type { Run } from '../../../connectors/state/runs/runs.ts'
import type { Job } from '../../../jobs/context.ts'
import type { Detected } from '../../../jobs/detect/detect.ts'
import type { Balance } from '../../../jobs/run/balance.ts'
import { age, number, took } from '../format.ts'
import { Csrf, type View } from '../layout.tsx'
import { Badge, Empty, Scroll, Time } from '../parts.tsx'
import { RunBadge, runWords } from './run-badge.tsx'
import { cause } from './run-table.tsx'

export function RunPage({ run, balance, job, view }: { run: Run; balance: Balance | null; job: Job; view: View }) {
  const { clock } = view
  const ms = (run.endedAt ?? clock.now).getTime() - run.startedAt.getTime()
  return (
    <>
      <h1>
        Run of <a href={`/ui/jobs/${run.job}`}>{run.job}</a>
      </h1>
      <section class="card" data-live="run">
        <p class="state">
          <RunBadge status={run.status} /> {run.code === null ? null : <code>{run.code}</code>}
        </p>
        {run.message === null || run.message === runWords[run.status] ? null : <p class="message">{run.message}</p>}
        <dl class="facts">
          <dt>{run.status === 'queued' ? 'asked for' : 'began'}</dt>
          <dd>
            <Time at={run.status === 'queued' ? run.requestedAt : run.startedAt} clock={clock} />
          </dd>
          <dt>took</dt>
          <dd>{run.status === 'queued' ? 'not begun yet' : `${took(ms)}${run.endedAt === null ? ' so far' : ''}`}</dd>
          <dt>because of</dt>
          <dd>{cause(run)}</dd>
          {run.parent === null ? null : (
            <>
              <dt>came of</dt>
              <dd>
                <a href={`/ui/runs/${run.parent}`}>the run before</a>
              </dd>
            </>
          )}
          {run.retryAt === null || run.retryAt <= clock.now ? null : (
            <>
              <dt>tried again</dt>
              <dd>in {age(run.retryAt.getTime() - clock.now.getTime())}</dd>
            </>
          )}
          {Object.keys(run.parameters).length === 0 ? null : (
            <>
              <dt>with</dt>
              <dd>{parameters(run)}</dd>
            </>
          )}
          <dt>worker</dt>
          <dd>{run.worker ?? '–'}</dd>
          <dt>id</dt>
          <dd class="mono">{run.id}</dd>
        </dl>
        {view.person.role === 'operator' && run.endedAt !== null ? <Again run={run} job={job} view={view} /> : null}
      </section>
      <div data-live="outcome">
        {balance === null ? null : (
          <section class="card">
            <h2>Balance</h2>
            <Books balance={balance} />
          </section>
        )}
        <Detectors run={run} />
        <section class="card">
          <h2>All figures</h2>
          <Counts run={run} />
        </section>
      </div>
    </>
  )
}

const parameters = ({ parameters: { dryRun, acceptGuard } }: Run): string =>
  [dryRun ? 'dry run: nothing is changed' : '', acceptGuard ? `the guards of run ${acceptGuard} accepted` : ''].filter(Boolean).join(', ')

const Again = ({ run, job, view }: { run: Run; job: Job; view: View }) => (
  <form class="acts" method="post" action={`/ui/jobs/${job.name}/run`}>
    <Csrf person={view.person} />
    {run.status === 'stopped' ? (
      <button type="submit" class="danger" name="acceptGuard" value={run.id}>
        It is right: go on past the guard
      </button>
    ) : null}
    <button type="submit">Run again</button>
    {job.canDryRun ? (
      <button type="submit" class="second" name="dryRun" value="1">
        Dry run
      </button>
    ) : null}
  </form>
)

const columns = ['delivered', 'pending', 'failed', 'suppressed', 'superseded'] as const

/** The conservation report: nothing is found without ending in exactly one column. */
function Books({ balance }: { balance: Balance }) {
  if (balance.changed === 0 && columns.every((name) => balance[name] === 0))
    return <Empty>It found nothing to do, so nothing is owed.</Empty>
  return (
    <>
      <p class="sum">
        <span>
          <b>{number(balance.changed)}</b> found
        </span>
        {columns.map((name, index) => (
          <span>
            {index === 0 ? '=' : '+'}{' '}
            <b class={name === 'failed' && balance.failed > 0 ? 'bad tone' : undefined}>{number(balance[name])}</b> {name}
          </span>
        ))}
      </p>
      <p>
        {balance.balanced ? <Badge tone="ok">balanced</Badge> : <Badge tone="bad">does not balance</Badge>}{' '}
        <span class="dim">
          {balance.balanced
            ? 'Everything it found is accounted for, by key.'
            : 'A defect: keep the log and report it. What is in the queue is delivered all the same.'}
        </span>
      </p>
    </>
  )
}

const figures = ['ERP rows', 'known rows', 'differ', 'queued', 'suppressed', 'held', 'discarded', 'vanished'] as const

function Detectors({ run }: { run: Run }) {
  const detectors = run.counts.detectors as readonly Detected[] | undefined
  if (!Array.isArray(detectors) || detectors.length === 0) return null
  return (
    <section class="card">
      <h2>Detectors</h2>
      <Scroll label="Detectors">
        <table class="stack">
          <thead>
            <tr>
              <th>entity</th>
              <th>ended as</th>
              {figures.map((name) => (
                <th class="n">{name}</th>
              ))}
              <th class="n">took</th>
            </tr>
          </thead>
          <tbody>
            {detectors.map((one: Detected) => (
              <tr>
                <td data-label="entity">{one.entity}</td>
                <td data-label="ended as">
                  <RunBadge status={one.status} />
                </td>
                {[
                  one.rows?.desired,
                  one.rows?.known,
                  one.changed,
                  one.queued,
                  one.suppressed,
                  one.held.length,
                  one.discarded,
                  one.vanished,
                ].map((value, index) => (
                  <td class="n" data-label={figures[index]}>
                    {value === undefined ? '–' : number(value)}
                  </td>
                ))}
                <td class="n" data-label="took" title={one.steps?.map(({ step, wallMs }) => `${step} ${took(wallMs)}`).join(', ')}>
                  {one.steps ? took(one.steps.reduce((sum, { wallMs }) => sum + wallMs, 0)) : '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
}

function Counts({ run: { counts } }: { run: Run }) {
  const figures = Object.entries(counts).filter((entry): entry is [string, number | string] =>
    ['number', 'string'].includes(typeof entry[1]),
  )
  if (figures.length === 0) return <Empty>None yet.</Empty>
  return (
    <dl class="facts">
      {figures.map(([name, value]) => (
        <>
          <dt>{name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)}</dt>
          <dd>{typeof value === 'number' ? number(value) : value}</dd>
        </>
      ))}
    </dl>
  )
}
