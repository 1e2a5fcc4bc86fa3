/** Runs as rows: when, how, why, what came of them. */
import type { Run } from '../../../connectors/state/runs/runs.ts'
import { type Clock, took } from '../format.ts'
import { Empty, Scroll, Time } from '../parts.tsx'
import { RunBadge } from './run-badge.tsx'

export function RunTable({ runs, clock, withJob = false }: { runs: readonly Run[]; clock: Clock; withJob?: boolean }) {
  if (runs.length === 0) return <Empty>No such run. Runs that found nothing to do are forgotten after a while.</Empty>
  return (
    <Scroll label="Runs">
      <table class="stack">
        <thead>
          <tr>
            <th>began</th>
            {withJob ? <th>job</th> : null}
            <th>ended as</th>
            <th class="n">took</th>
            <th>because of</th>
            <th>what it found</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr>
              <td class="nowrap" data-label="began">
                <a href={`/ui/runs/${run.id}`}>
                  <Time at={run.startedAt} clock={clock} />
                </a>
              </td>
              {withJob ? <td data-label="job">{run.job}</td> : null}
              <td data-label="ended as">
                <RunBadge status={run.status} />
              </td>
              <td class="n" data-label="took">
                {run.endedAt === null ? '–' : took(run.endedAt.getTime() - run.startedAt.getTime())}
              </td>
              <td class="nowrap" data-label="because of">
                {cause(run)}
              </td>
              <td class="wrap" data-label="found">
                {run.message ?? summary(run)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const causes: Readonly<Record<Run['trigger'], string>> = {
  schedule: 'schedule',
  manual: 'a person',
  webhook: 'a webhook',
  job: 'another job',
}
export const cause = ({ trigger, requestedBy, attempt }: Run): string =>
  `${requestedBy ?? causes[trigger]}${attempt > 1 ? `, attempt ${attempt}` : ''}`

/** The figures that are not nothing. */
const summary = ({ counts }: Run): string =>
  Object.entries(counts)
    .filter(([, value]) => typeof value === 'number' && value > 0)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ') || 'nothing'
