/** One run over the letters of a stream: its passes, its books, its outcome. Both directions use it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../base/error.ts'
import { consume, type Stream } from './consume.ts'
import type { Context, JobOutcome, JobRun } from './context.ts'
import { errorText } from './run/error-text.ts'
import { newTally, type Tally } from './tally.ts'

/** A line left open by a passing fault of the other side gets this many passes within the run. */
const passes = 3

/**
 * @param options.perRun most lines that may end in this run; the rest stays queued. Default: all
 * @param options.queued how many lines wait, for the progress bar
 * @param options.counts what the stream counted besides, added to the outcome
 */
export async function runLane<Line>(
  context: Context,
  run: JobRun,
  stream: Stream<Line>,
  options: { perRun?: number; queued?: () => Promise<number>; counts?: () => JobOutcome['counts'] } = {},
): Promise<JobOutcome> {
  const perRun = options.perRun || Number.POSITIVE_INFINITY
  const tally = newTally()
  for (let pass = 1; ; pass++) {
    const total = options.queued ? tally.settled + (await options.queued()) : undefined
    const limits = { lines: perRun - tally.settled, ...(total === undefined ? {} : { total }) }
    const { stoppedBy, lastFailure, unsettled } = await consume(context, run, stream, tally, limits)
    const failure = stoppedBy ?? (pass === passes ? lastFailure : null)
    const finished = lastFailure === null || tally.counts.open === 0 || tally.settled >= perRun
    if (failure === null && !finished && !run.signal.aborted) await sleep(200 * pass)
    else return outcome(tally, run, finished ? stoppedBy : failure, unsettled, options.counts?.() ?? {})
  }
}

const left = (files: number) =>
  `somebody may still write to what waits (${files} ${files === 1 ? 'file' : 'files'}): it is taken 2 s after its last change, or a minute when it ends in the middle of a line`

function outcome(tally: Tally, run: JobRun, failure: unknown, unsettled: number, further: JobOutcome['counts']): JobOutcome {
  const counts = { ...tally.counts, ...further }
  const fault = failure instanceof PonteError ? { exitCode: failure.exitCode, code: failure.code } : { exitCode: 1 }
  if (failure !== null) return { status: 'failed', counts, message: `${errorText(failure)} What was not delivered stays queued.`, ...fault }
  if (!tally.balanced())
    return { status: 'failed', counts, message: 'The lines of this run do not add up: a defect, keep the log and report it.' }
  if (run.signal.aborted) return { status: 'failed', counts, message: 'stopped before the end; the rest stays queued' }
  if (tally.counts.letters === 0) return { status: 'skipped', counts, message: unsettled === 0 ? 'no letters waiting' : left(unsettled) }
  const { dead, rejected } = tally.counts
  const refused = [...(dead > 0 ? [`${dead} lines`] : []), ...(rejected > 0 ? [`${rejected} unreadable letters`] : [])]
  return { status: 'success', counts, ...(refused.length > 0 ? { message: `${refused.join(' and ')} went to falhas` } : {}) }
}
