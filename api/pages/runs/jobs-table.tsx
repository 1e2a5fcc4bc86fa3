/** One row per job: its last runs as squares, its next time, what may be done with it. */
import type { Run } from '../../../connectors/state/runs/runs.ts'
import type { Pause, ScheduleRow } from '../../../connectors/state/runs/schedules.ts'
import type { Job } from '../../../jobs/context.ts'
import { nextTick } from '../../../jobs/run/schedule.ts'
import { age, type Clock, fullTime, took } from '../format.ts'
import { Csrf, type View } from '../layout.tsx'
import { Badge, Empty, Time } from '../parts.tsx'
import { runTone, runWords } from './run-badge.tsx'

export interface JobRow {
  readonly job: Job
  /** Oldest first. */
  readonly runs: readonly Run[]
  /** null: it runs by hand only, or no worker has put its schedule up. */
  readonly schedule: ScheduleRow | null
  readonly pause: Pause | null
}

export function JobsTable({ rows, all, view }: { rows: readonly JobRow[]; all: Pause | null; view: View }) {
  const { clock, person } = view
  const isOperator = person.role === 'operator'
  return (
    <>
      <div class="bar" data-live="bar">
        <ul class="key">
          {(['success', 'skipped', 'failed', 'stopped', 'running', 'queued'] as const).map((status) => (
            <li>
              <span class={`square ${runTone[status]} ${status}`} aria-hidden="true" /> {runWords[status]}
            </li>
          ))}
        </ul>
        {isOperator ? (
          <Act job="all" verb={all ? 'resume' : 'pause'} view={view}>
            {all ? 'Resume all jobs' : 'Pause all jobs'}
          </Act>
        ) : null}
      </div>
      <div data-live="all">
        {all ? (
          <p class="said warn">
            Every job is paused by {all.pausedBy} since <Time at={all.pausedAt} clock={clock} />. Webhooks are still taken in.
          </p>
        ) : null}
      </div>
      {rows.every(({ schedule }) => schedule === null) ? (
        <Empty>
          No schedule stands: no worker has run yet. Start one with <code>ponte worker</code> (or <code>ponte up</code>).
        </Empty>
      ) : null}
      <div class="jobs" data-live="jobs">
        {rows.map((row) => (
          <section class="card job" id={row.job.name}>
            <div class="about">
              <h2>
                <a href={`/ui/jobs/${row.job.name}`}>{row.job.name}</a>
              </h2>
              <p class="dim">{row.job.summary}</p>
            </div>
            <Squares row={row} clock={clock} />
            <Next row={row} clock={clock} />
            {isOperator ? (
              <div class="acts">
                <Act job={row.job.name} verb="run" view={view}>
                  Run now
                </Act>
                {row.schedule || row.pause ? (
                  <Act job={row.job.name} verb={row.pause ? 'resume' : 'pause'} view={view}>
                    {row.pause ? 'Resume' : 'Pause'}
                  </Act>
                ) : null}
              </div>
            ) : null}
          </section>
        ))}
      </div>
    </>
  )
}

function Squares({ row: { job, runs }, clock }: { row: JobRow; clock: Clock }) {
  if (runs.length === 0) return <p class="squares dim">has never run</p>
  return (
    <ol class="squares" aria-label={`Last runs of ${job.name}, oldest first`}>
      {runs.map((run) => {
        const ms = run.endedAt === null ? null : run.endedAt.getTime() - run.startedAt.getTime()
        const words = `${fullTime(run.startedAt, clock.zone)}: ${runWords[run.status]}${ms === null ? '' : `, ${took(ms)}`}`
        return (
          <li>
            <a class={`square ${runTone[run.status]} ${run.status}`} href={`/ui/runs/${run.id}`} title={words}>
              <span class="unseen">{words}</span>
            </a>
          </li>
        )
      })}
    </ol>
  )
}

function Next({ row: { schedule, pause, job }, clock }: { row: JobRow; clock: Clock }) {
  const next = schedule === null ? null : nextTick(schedule, clock.now)
  return (
    <div class="next">
      {pause ? (
        <p>
          <Badge tone="warn">paused</Badge> by {pause.pausedBy}, <Time at={pause.pausedAt} clock={clock} />
        </p>
      ) : next ? (
        <p>
          next in {age(next.getTime() - clock.now.getTime())}, <Time at={next} clock={clock} />
        </p>
      ) : (
        <p class="dim">{job.manual ? 'only when somebody asks' : 'no schedule'}</p>
      )}
      {schedule ? (
        <p class="dim">
          <code>{schedule.cron}</code>
        </p>
      ) : null}
    </div>
  )
}

/** A button that acts at once; what it did can be undone, or is only asked for. */
export const Act = ({ job, verb, view, children }: { job: string; verb: string; view: View; children: string }) => (
  <form method="post" action={`/ui/jobs/${job}/${verb}`}>
    <Csrf person={view.person} />
    <button type="submit" class="second">
      {children}
      {job === 'all' ? null : <span class="unseen"> {job}</span>}
    </button>
  </form>
)
