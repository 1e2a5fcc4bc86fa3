/** Jobs: their runs, what these delivered, what the last compare cost. The label is `job_name`: Prometheus keeps `job` for itself. */
import { jobs } from '../catalogue.ts'
import { budgetLeads } from '../deals/orca-leads.ts'
import { sellLeads } from '../deals/vende-leads.ts'
import type { Figures } from './figures.ts'
import { counter, gauge, type Metric, type Sample } from './metric.ts'

type Ends = Figures['ends']
type End = Ends[number]

const known = new Set(jobs.map(({ name }) => name))
/** A job of another version would be a label that nobody bounds. */
const ofJobs = <T extends { readonly job: string }>(rows: readonly T[]): T[] => rows.filter(({ job }) => known.has(job))

const statuses = ['success', 'skipped', 'failed', 'stopped'] as const
const commerce = new Set([budgetLeads.name, sellLeads.name])
const outcomes = {
  delivery: new Set(['delivered', 'dead', 'rejected', 'superseded', 'already', 'alreadySold', 'withdrawn']),
  inbound: new Set(['applied', 'unchanged', 'echo', 'ignored', 'removed']),
  compare: new Set(['changed', 'queued', 'suppressed', 'held', 'discarded', 'vanished']),
  conflict: new Set(['conflicts']),
} as const

/** Budgets and sales are refused by the CRM, events by the ERP. */
function kindOf(job: string, name: string): keyof typeof outcomes | null {
  if (name === 'refused') return commerce.has(job) ? 'delivery' : 'inbound'
  return (Object.keys(outcomes) as (keyof typeof outcomes)[]).find((kind) => outcomes[kind].has(name)) ?? null
}

const counted =
  (kind: keyof typeof outcomes) =>
  (counts: Figures['counts']): Sample[] =>
    ofJobs(counts)
      .filter(({ job, name }) => kindOf(job, name) === kind)
      .map(({ job, name, value }) => [[job, name], value])

const eachEnd =
  (value: (end: End) => number) =>
  (rows: Ends): Sample[] =>
    ofJobs(rows).map((end) => [[end.job, end.status], value(end)])

const eachStep =
  (value: (step: { wallMs: number; cpuMs: number }) => number) =>
  (detectors: Figures['detectors']): Sample[] =>
    detectors.flatMap(({ entity, steps = [] }) => {
      // A step may be listed more than once.
      const total = new Map<string, number>()
      for (const step of steps) total.set(step.step, (total.get(step.step) ?? 0) + value(step) / 1_000)
      return [...total].map(([step, seconds]): Sample => [[entity, step], seconds])
    })

export const jobMetrics: readonly Metric[] = [
  counter(
    'ends',
    'ponte_runs_total',
    ['job_name', 'status'],
    'runs that ended, by job and how',
    eachEnd((end) => end.runs),
  ),
  counter(
    'ends',
    'ponte_runs_busy_seconds_total',
    ['job_name', 'status'],
    'time that runs took together',
    eachEnd((end) => end.seconds),
  ),
  gauge(
    'ends',
    'ponte_run_last_seconds',
    ['job_name', 'status'],
    'how long the last run took that ended so',
    eachEnd((end) => end.lastSeconds),
  ),
  gauge(
    'ends',
    'ponte_run_last_end_timestamp_seconds',
    ['job_name', 'status'],
    'when a run last ended so',
    eachEnd((end) => end.lastEndedAt.getTime() / 1_000),
  ),
  gauge('ends', 'ponte_job_state', ['job_name', 'status'], '1 for how the last run of a job ended, 0 for the other ways', (rows) =>
    lastEnds(rows).flatMap((last) => statuses.map((status): Sample => [[last.job, status], last.status === status ? 1 : 0])),
  ),
  counter(
    'counts',
    'ponte_deliveries_total',
    ['job_name', 'outcome'],
    'lines and letters by job and how they ended; dead and rejected ones lie in falhas',
    counted('delivery'),
  ),
  counter(
    'counts',
    'ponte_inbound_events_total',
    ['job_name', 'outcome'],
    'events of the CRM by job and what became of them; echo: it said what the mirror held already',
    counted('inbound'),
  ),
  counter('counts', 'ponte_compare_changes_total', ['job_name', 'result'], 'rows that compares found to differ', counted('compare')),
  counter('counts', 'ponte_conflicts_total', ['job_name'], 'fields that both sides changed apart', (rows) =>
    counted('conflict')(rows).map(([[job], value]) => [[job!], value]),
  ),
  gauge(
    'detectors',
    'ponte_compare_step_seconds',
    ['entity', 'step'],
    'time that each step of the last compare took',
    eachStep((step) => step.wallMs),
  ),
  gauge(
    'detectors',
    'ponte_compare_step_cpu_seconds',
    ['entity', 'step'],
    'processor time of each step of the last compare',
    eachStep((step) => step.cpuMs),
  ),
  gauge('detectors', 'ponte_compare_rows', ['entity', 'side'], 'rows that the last compare read on each side', (detectors) =>
    detectors.flatMap(({ entity, rows }): Sample[] =>
      rows === undefined
        ? []
        : [
            [[entity, 'desired'], rows.desired],
            [[entity, 'known'], rows.known],
          ],
    ),
  ),
]

/** How the last run of each job ended. */
export function lastEnds(rows: Ends): End[] {
  const last = new Map<string, End>()
  for (const row of ofJobs(rows)) if ((last.get(row.job)?.lastEndedAt ?? 0) < row.lastEndedAt) last.set(row.job, row)
  return [...last.values()]
}
