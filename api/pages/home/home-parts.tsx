/** The parts of the home page that are words and tables. */
import type { QuotaUse } from '../../../connectors/state/changes/figures.ts'
import type { Run } from '../../../connectors/state/runs/runs.ts'
import { age, type Clock, number, plural } from '../format.ts'
import { Ago, Badge, Empty, Scroll, Time, type Tone } from '../parts.tsx'
import { RunBadge } from '../runs/run-badge.tsx'
import { Gauge } from './charts.tsx'
import { compareJob, type HomeData, type Kind, type Way, wayOfJob } from './home-data.ts'

/** Beyond this, somebody should know why. */
const LATE_MS = 30 * 60_000

interface Standing {
  readonly tone: Tone
  readonly words: string
}

export function Direction({ way, data, clock }: { way: Way; data: HomeData; clock: Clock }) {
  const kinds = data.kinds.filter((kind) => kind.way === way)
  const sum = (name: 'waiting' | 'inHand' | 'refused') => kinds.reduce((total, kind) => total + kind[name], 0)
  const refused = sum('refused')
  const waiting = way === 'out' ? data.waiting.count : sum('waiting') + sum('inHand')
  const oldest = way === 'out' ? data.waiting.oldest : eldest(kinds)
  const lag = oldest === null ? 0 : clock.now.getTime() - oldest.getTime()
  const broken = data.runs.filter((run) => wayOfJob(run.job) === way && (run.status === 'failed' || run.status === 'stopped'))
  const { tone, words } = standing(broken, refused, waiting, lag)
  const went = data.hours.reduce((total, hour) => total + (way === 'out' ? hour.delivered : hour.applied), 0)
  const compared = data.runs.find(({ job }) => job === compareJob)
  return (
    <section class={`card way ${tone}`}>
      <h2>{way === 'out' ? 'ERP → CRM' : 'CRM → ERP'}</h2>
      <p class="state">
        <Badge tone={tone}>{words}</Badge>
      </p>
      <dl class="figures">
        <Figure name="lag" value={waiting === 0 ? 'none' : age(lag)} hint="age of the oldest that waits" />
        <Figure name="waiting" value={number(waiting)} hint={way === 'out' ? 'changes' : 'letters'} />
        <Figure name="in 24 h" value={number(went)} hint={way === 'out' ? 'changes delivered' : 'events applied'} />
        <Figure name="refused" value={number(refused)} hint="letters in falhas" href="/ui/falhas" />
      </dl>
      {broken.slice(0, 3).map((run) => (
        <p class="trouble">
          <RunBadge status={run.status} /> <a href={`/ui/runs/${run.id}`}>{run.job}</a>
          {run.message === null ? '' : `: ${run.message.split('\n')[0]}`}
        </p>
      ))}
      {way === 'out' && compared ? (
        <p class="dim">
          Last compared <Time at={compared.startedAt} clock={clock} />
        </p>
      ) : null}
    </section>
  )
}

function standing(broken: readonly Run[], refused: number, waiting: number, lag: number): Standing {
  if (broken.some(({ status }) => status === 'failed')) return { tone: 'bad', words: 'A job failed' }
  if (broken.length > 0) return { tone: 'bad', words: 'Stopped by a guard' }
  if (refused > 0) return { tone: 'warn', words: `${plural(refused, 'letter')} refused` }
  if (waiting > 0 && lag > LATE_MS) return { tone: 'warn', words: 'Behind' }
  return waiting > 0 ? { tone: 'busy', words: 'Catching up' } : { tone: 'ok', words: 'In step' }
}

function eldest(kinds: readonly Kind[]): Date | null {
  const times = kinds.flatMap(({ oldest }) => (oldest === null ? [] : [oldest.getTime()]))
  return times.length === 0 ? null : new Date(Math.min(...times))
}

const Figure = ({ name, value, hint, href }: { name: string; value: string; hint: string; href?: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {href === undefined ? value : <a href={href}>{value}</a>}
      <small>{hint}</small>
    </dd>
  </div>
)

export function Kinds({ kinds, clock }: { kinds: readonly Kind[]; clock: Clock }) {
  if (kinds.length === 0) return <Empty>The queue is empty. That is normal between two changes.</Empty>
  return (
    <Scroll label="The queue by lane and kind of letter">
      <table class="stack">
        <thead>
          <tr>
            <th>lane</th>
            <th>letters</th>
            <th class="n">waiting</th>
            <th class="n">in hand</th>
            <th class="n">oldest</th>
            <th class="n">refused</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map(({ lane, prefix, waiting, inHand, refused, oldest }) => (
            <tr>
              <td data-label="lane">{lane}</td>
              <td data-label="letters">{prefix}</td>
              <td class="n" data-label="waiting">
                {number(waiting)}
              </td>
              <td class="n" data-label="in hand">
                {number(inHand)}
              </td>
              <td class="n" data-label="oldest">
                <Ago at={oldest} clock={clock} />
              </td>
              <td class="n" data-label="refused">
                {refused === 0 ? '0' : <a href={`/ui/falhas?lane=${lane}&prefix=${prefix}`}>{number(refused)}</a>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

export function Runs({ runs, clock }: { runs: readonly Run[]; clock: Clock }) {
  if (runs.length === 0) return <Empty>No job has run yet.</Empty>
  return (
    <ul class="rows">
      {runs.map(({ id, job, status, startedAt }) => (
        <li>
          <a href={`/ui/runs/${id}`}>{job}</a>
          <span>
            <RunBadge status={status} /> <Time at={startedAt} clock={clock} />
          </span>
        </li>
      ))}
    </ul>
  )
}

export function Quotas({ quotas, clock }: { quotas: readonly QuotaUse[]; clock: Clock }) {
  if (quotas.length === 0) return <Empty>Nothing was sent to the CRM yet, or no quota is set (CRM_RATE_LIMIT).</Empty>
  return (
    <>
      {quotas.map(({ resource, used, limit, windowMs, blockedUntil }) => (
        <div class="quota">
          <p class="figures">
            <b>{number(used)}</b> of {plural(limit, 'request')} in the last {age(windowMs)}
          </p>
          <Gauge value={used} max={limit} label={`${used} of ${limit} requests used`} />
          <p class="dim">
            {resource}
            {blockedUntil === null ? null : (
              <>
                {' '}
                <Badge tone="warn">the CRM said wait</Badge> until <Time at={blockedUntil} clock={clock} />
              </>
            )}
          </p>
        </div>
      ))}
      <p class="dim">A full quota is normal while a backlog is delivered.</p>
    </>
  )
}
