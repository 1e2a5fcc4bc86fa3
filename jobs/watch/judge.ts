/** From what was seen to what is wrong. Pure: the same look always gives the same alerts. */
import type { Condition } from '../../connectors/state/watch/alerts.ts'
import type { AlertLimits } from '../../deploy/env/watch.ts'
import type { OwnAlertCode } from './alert-catalogue.ts'
import type { FigureName, Figures, Looked } from './figures.ts'
import { lastEnds } from './job-metrics.ts'
import { inboundLag, outboundLag } from './place-metrics.ts'

/** Told from the book; when the book itself is away, see state-away.ts. */
export type JudgedCode = Exclude<OwnAlertCode, 'state_unreachable'>

export interface Judgement {
  readonly found: readonly (Condition & { readonly code: JudgedCode })[]
  /** What they would be judged by could not be seen. */
  readonly unjudged: readonly JudgedCode[]
}

/** A run that fails once and succeeds a minute later wakes nobody. */
const FAILED_SECONDS = 90
const CRM_SECONDS = 120
const ERP_SECONDS = 60
const LATE_SECONDS = 300
export const BACKUP_SECONDS = 7 * 86_400

/** Codes of a failed run that an alert of their own tells better; a run that was told to stop has not failed. */
const toldByOthers: Readonly<Record<string, JudgedCode | null>> = {
  'crm.unavailable': 'crm_unreachable',
  'erp.unreachable': 'erp_unreachable',
  'state.unreachable': null,
  'run.interrupted': null,
}

interface Finding {
  readonly subject: string
  readonly summary: string
  readonly holdSeconds?: number
}

type Rule = {
  readonly [N in FigureName]: readonly [figure: N, find: (value: NonNullable<Figures[N]>, limits: AlertLimits) => Finding[]]
}[FigureName]

const rule = <N extends FigureName>(figure: N, find: (value: NonNullable<Figures[N]>, limits: AlertLimits) => Finding[]): Rule =>
  [figure, find] as unknown as Rule

const rules: readonly (readonly [JudgedCode, Rule])[] = [
  ['crm_unreachable', rule('reachable', (rows) => unreachable(rows, 'crm', CRM_SECONDS))],
  ['erp_unreachable', rule('reachable', (rows) => unreachable(rows, 'erp', ERP_SECONDS))],
  [
    'job_failed',
    rule('ends', (rows) =>
      lastEnds(rows)
        .filter(({ status }) => status === 'failed')
        .map(({ job, lastCode }) => ({
          subject: job,
          summary: `${job} failed${lastCode === null ? '' : ` (${lastCode})`}; its runs say why`,
          holdSeconds: FAILED_SECONDS,
        })),
    ),
  ],
  [
    'guard_stopped',
    rule('ends', (rows) =>
      lastEnds(rows)
        .filter(({ status }) => status === 'stopped')
        .map(({ job, lastRun }) => ({ subject: job, summary: `a guard stopped ${job}, run ${lastRun}` })),
    ),
  ],
  [
    'records_held',
    rule('held', (held) =>
      held === 0
        ? []
        : [{ subject: '', summary: `${held === 1 ? '1 record is' : `${held} records are`} not sent any more; ponte held ls names them` }],
    ),
  ],
  ['lag_over_limit', rule('waiting', (rows, limits) => lag('ERP to CRM', outboundLag(rows), limits))],
  ['lag_over_limit', rule('queue', (rows, limits) => lag('CRM to ERP', inboundLag(rows), limits))],
  [
    'falhas_growing',
    rule('hour', ({ dead }, { deadPerHour }) =>
      dead < deadPerHour ? [] : [{ subject: '', summary: `${dead} lines went to falhas within an hour (limit ${deadPerHour})` }],
    ),
  ],
  [
    'conflicts_many',
    rule('hour', ({ conflicts }, { conflictsPerHour }) =>
      conflicts < conflictsPerHour ? [] : [{ subject: '', summary: `${conflicts} conflicts within an hour (limit ${conflictsPerHour})` }],
    ),
  ],
  [
    'disk_low',
    rule('disks', (rows, { diskFreePercent }) =>
      rows
        .filter(({ freeBytes, sizeBytes }) => sizeBytes > 0 && (freeBytes / sizeBytes) * 100 < diskFreePercent)
        .map(({ machine, place, freeBytes, sizeBytes }) => ({
          subject: `${machine} ${place}`,
          summary: `${((freeBytes / sizeBytes) * 100).toFixed(1)} % free on the ${place} disk of ${machine} (limit ${diskFreePercent} %)`,
        })),
    ),
  ],
  [
    'backup_missing',
    rule('backupSeconds', (seconds) =>
      seconds < BACKUP_SECONDS ? [] : [{ subject: '', summary: `no backup has been made for ${Math.floor(seconds / 86_400)} days` }],
    ),
  ],
  [
    'schedules_stalled',
    rule('lateSeconds', (seconds) =>
      seconds < LATE_SECONDS ? [] : [{ subject: '', summary: `a tick has been unanswered for ${minutes(seconds)}` }],
    ),
  ],
]

export function judge(looked: Looked, limits: AlertLimits): Judgement {
  const found: Judgement['found'][number][] = []
  const unjudged = new Set<JudgedCode>()
  for (const [code, [figure, find]] of rules) {
    const { value, stale } = looked[figure]
    // No value that was seen means something: nothing is to tick.
    if (stale) unjudged.add(code)
    else if (value !== null)
      for (const { subject, summary, holdSeconds = 0 } of find(value as never, limits)) found.push({ code, subject, summary, holdSeconds })
  }
  const others = new Set(found.map(({ code }) => code))
  return { found: found.filter((one) => !isToldByAnother(one, looked, others)), unjudged: [...unjudged] }
}

/** The CRM is away: one alert, not one for each job. */
function isToldByAnother({ code, subject }: Condition, { ends }: Looked, others: ReadonlySet<string>): boolean {
  if (code !== 'job_failed') return false
  const lastCode = lastEnds(ends.value ?? []).find(({ job }) => job === subject)?.lastCode ?? ''
  const other = toldByOthers[lastCode]
  return other === null || (other !== undefined && others.has(other))
}

const unreachable = (rows: Figures['reachable'], what: 'crm' | 'erp', longest: number): Finding[] =>
  rows
    .filter((row) => row.what === what && !row.up && row.seconds >= longest)
    .map(({ machine, seconds }) => ({
      subject: machine,
      summary: `the ${what.toUpperCase()} has not answered ${machine} for ${minutes(seconds)}`,
    }))

const lag = (direction: string, seconds: number, { lagMinutes }: AlertLimits): Finding[] =>
  seconds < lagMinutes * 60
    ? []
    : [{ subject: direction, summary: `the oldest waits for ${minutes(seconds)}, ${direction} (limit ${lagMinutes} min)` }]

const minutes = (seconds: number): string => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`)
