/** The conservation report: by key, what a run found or took has ended in exactly one column. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { tallyRun } from '../../connectors/state/changes/changes.ts'
import { findRun } from '../../connectors/state/runs/run-history.ts'
import type { Run } from '../../connectors/state/runs/runs.ts'
import type { CommerceCounts } from '../deals/commerce-books.ts'
import type { TallyCounts } from '../tally.ts'

export interface Balance {
  readonly run: string
  /** Compare: keys that differed. Delivery: lines taken from the queue. Budgets and sales: leads taken up. */
  readonly changed: number
  /** Delivery: those that an earlier run had delivered are here too. */
  readonly delivered: number
  readonly pending: number
  /** Refused, in falhas or until their next try; and those held after three sends. */
  readonly failed: number
  /** The same row was already waiting, or an older one was under way, when the compare looked; leads whose next try is not due; what an operator discarded. */
  readonly suppressed: number
  readonly superseded: number
  readonly balanced: boolean
}

/**
 * How the changes of a compare stand now, or how the lines of a delivery run, or the leads of budgets and sales, ended.
 * @throws PonteError `run.unknown`, exit code 2
 */
export async function balanceOf(state: pg.Pool, runId: string): Promise<Balance> {
  const run = await findRun(state, runId)
  if (!run) throw new PonteError('run.unknown', `There is no run ${runId}.`, { hint: 'Use the run id that the run printed.', exitCode: 2 })
  const columns = await columnsOf(state, run)
  const ended = columns.delivered + columns.pending + columns.failed + columns.suppressed + columns.superseded
  return { run: runId, ...columns, balanced: ended === columns.changed }
}

type Columns = Omit<Balance, 'run' | 'balanced'>

async function columnsOf(state: pg.Pool, run: Run): Promise<Columns> {
  if ('lines' in run.counts) return ofDelivery(run.counts as unknown as TallyCounts)
  if ('alreadySold' in run.counts) return ofCommerce(run.counts as unknown as CommerceCounts)
  return ofCompare(state, run)
}

const ofDelivery = ({ lines, delivered, already, open, dead, superseded }: TallyCounts): Columns => ({
  changed: lines,
  delivered: delivered + already,
  pending: open,
  failed: dead,
  suppressed: 0,
  superseded,
})

const ofCommerce = ({ leads, delivered, alreadySold, refused, withdrawn, waiting, held, open }: CommerceCounts): Columns => ({
  changed: leads,
  delivered: delivered + alreadySold,
  pending: open,
  failed: refused + held,
  suppressed: waiting,
  superseded: withdrawn,
})

async function ofCompare(state: pg.Pool, run: Run): Promise<Columns> {
  const { changed = 0, suppressed = 0, discarded = 0, held = 0 } = run.counts as Readonly<Record<string, number | undefined>>
  const byEntity = Object.values(await tallyRun(state, run.id))
  const total = (status: string) => byEntity.reduce((sum, tally) => sum + (tally[status] ?? 0), 0)
  const columns = {
    delivered: total('delivered'),
    pending: total('queued'),
    failed: total('failed') + held,
    suppressed: suppressed + discarded,
    superseded: total('superseded'),
  }
  // A run that was cut short did not write down what it found; what it queued is on record, and nothing else was promised.
  const cutShort = run.status === 'running' || run.status === 'failed'
  const recorded = Object.values(columns).reduce((sum, n) => sum + n, 0)
  return { changed: cutShort ? Math.max(changed, recorded) : changed, ...columns }
}
