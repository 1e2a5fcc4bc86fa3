/** The conservation report: by key, what a compare found is delivered, pending, failed, suppressed or superseded; nothing else (architecture 6). */
import type pg from 'pg'
import { PonteError } from '../base/error.ts'
import { tallyRun } from '../connectors/state/changes.ts'
import { findRun } from '../connectors/state/runs.ts'

export interface Balance {
  readonly run: string
  readonly changed: number
  readonly delivered: number
  readonly pending: number
  /** Refused, in falhas; and those held after three sends. */
  readonly failed: number
  /** The same row was already waiting when the compare looked. */
  readonly suppressed: number
  readonly superseded: number
  readonly balanced: boolean
}

/** How the changes of a compare stand now. */
export async function balanceOf(state: pg.Pool, runId: string): Promise<Balance> {
  const run = await findRun(state, runId)
  if (!run)
    throw new PonteError('run.unknown', `There is no run ${runId}.`, { hint: 'Use the run id that the compare printed.', exitCode: 2 })
  const counts = run.counts as { changed?: number; suppressed?: number; held?: number }
  const byEntity = await tallyRun(state, runId)
  const total = (status: string) => Object.values(byEntity).reduce((sum, tally) => sum + (tally[status] ?? 0), 0)
  const balance = {
    changed: counts.changed ?? 0,
    delivered: total('delivered'),
    pending: total('queued'),
    failed: total('failed') + (counts.held ?? 0),
    suppressed: counts.suppressed ?? 0,
    superseded: total('superseded'),
  }
  const ended = balance.delivered + balance.pending + balance.failed + balance.suppressed + balance.superseded
  return { run: runId, ...balance, balanced: ended === balance.changed }
}
