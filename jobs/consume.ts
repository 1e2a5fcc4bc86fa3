/**
 * The one loop that empties a lane, in both directions: letters in order of arrival, records side by side, the lines
 * of one record one after another, each line ending exactly once. Several letters are in hand at a time, because most hold one line.
 */
import pLimit from 'p-limit'
import { PonteError } from '../base/error.ts'
import { leaseLost } from '../connectors/state/runs/leases.ts'
import type { Claim } from '../queue-dirs/lane.types.ts'
import type { LaneName } from '../records/kinds.ts'
import type { Context, JobRun } from './context.ts'
import { isFinal, isSystemic } from './faults.ts'
import { errorText } from './run/error-text.ts'
import type { LineEnd, Tally } from './tally.ts'

/** What makes the letters of one prefix into work. */
export interface Stream<Line> {
  readonly lane: LaneName
  readonly prefix: string
  /** @param id letter and index of the line, for good @throws PonteError: the line's own fault, it goes to falhas */
  read(id: string, text: string): Line
  /** Lines that must not overtake each other have one record. */
  recordOf(line: Line): string
  /** For the log. */
  keyOf(line: Line): string
  /** Brings one line to its end, its outcome recorded in the claim. @throws what is systemic; the line stays in the queue */
  end(claim: Claim, index: number, line: Line): Promise<LineEnd>
}

/** After this many systemic failures in a row the other system is considered away and the run ends. */
export const systemicLimit = 5

/** Letters that cannot be read at all are judged whole (contract of Claim.lines). */
const unreadable = new Set(['queue.not_utf8', 'queue.letter_too_large', 'queue.empty_letter'])

/** stoppedBy: no further line makes sense. lastFailure: a line was left open, another pass may help. unsettled: files that somebody may still write to. */
export interface Pass {
  readonly stoppedBy: unknown
  readonly lastFailure: unknown
  readonly unsettled: number
}

/**
 * One pass over the letters of `stream` that are waiting.
 * @param limits.lines most lines to take; the rest stays queued
 * @param limits.total lines that are expected in all, for the progress bar
 */
export async function consume<Line>(
  context: Context,
  run: JobRun,
  stream: Stream<Line>,
  tally: Tally,
  limits: { lines?: number; total?: number } = {},
): Promise<Pass> {
  const lane = context.lanes[stream.lane]
  const { concurrency } = context.options
  let budget = limits.lines ?? Number.POSITIVE_INFINITY
  let failuresInARow = 0
  let stoppedBy: unknown = null
  let lastFailure: unknown = null
  const unsettled = new Set<string>()
  const stop = (error: unknown) => {
    stoppedBy ??= error
  }
  const stopped = () => stoppedBy !== null || run.signal.aborted || budget <= 0
  const atOnce = pLimit(concurrency)
  const perRecord = inOrder()
  /** Taking a letter and queueing its lines is one step, so that lines of one record queue up in order of arrival. */
  const taking = pLimit(1)
  const letters = lane
    .claims({
      prefixes: [stream.prefix],
      worker: `${run.job}-${process.pid}-${run.lease.epoch}`,
      foreign: true,
      hands: concurrency,
      signal: run.signal,
      passBy: (file) => unsettled.add(file),
    })
    [Symbol.asyncIterator]()

  const handle = async (claim: Claim, index: number, line: Line): Promise<LineEnd> => {
    if (stopped()) return 'open'
    budget--
    try {
      const end = await stream.end(claim, index, line)
      if (end !== 'open') failuresInARow = 0
      return end
    } catch (error) {
      // The line's own fault, found where nobody answers for lines: a value that the state database cannot keep.
      if (error instanceof PonteError && !isSystemic(error)) return bury(claim, index, error)
      lastFailure = error
      if (++failuresInARow >= systemicLimit || isFinal(error) || !isSystemic(error)) stop(error)
      context.log.warn(
        { prefix: stream.prefix, key: stream.keyOf(line), code: (error as { code?: string }).code },
        'line left in the queue',
      )
      return 'open'
    }
  }

  /** Reads a letter; its lines are under way when this resolves. */
  const start = async (claim: Claim): Promise<Promise<void>[]> => {
    const running: Promise<void>[] = []
    for await (const { index, text } of claim.lines()) {
      const id = `${claim.name.file}:${index}`
      tally.took(id)
      const end = (how: LineEnd) => {
        tally.ended(id, how)
        run.progress({ kind: 'deliver', done: tally.settled, total: limits.total ?? tally.counts.lines })
      }
      const line = read(stream, id, text)
      const task =
        line instanceof PonteError
          ? bury(claim, index, line)
          : perRecord(stream.recordOf(line), () => atOnce(() => handle(claim, index, line)))
      running.push(task.then(end))
    }
    return running
  }
  const bury = async (claim: Claim, index: number, { code, message, hint }: PonteError): Promise<LineEnd> => {
    if (stopped()) return 'open'
    try {
      await claim.record(index, { kind: 'dead', code, reason: `${message} ${hint}`, attempts: 1 })
      return 'dead'
    } catch (error) {
      stop(error)
      return 'open'
    }
  }

  const carry = async (claim: Claim): Promise<readonly Promise<void>[] | null> => {
    tally.letter(claim.name.file)
    try {
      return await start(claim)
    } catch (error) {
      if (!(error instanceof PonteError) || !unreadable.has(error.code)) throw error
      await claim.reject(error.code, errorText(error))
      tally.rejected()
      tally.letterEnded(claim.name.file)
      return null
    }
  }

  const worker = async (): Promise<void> => {
    try {
      for (;;) {
        const taken = await taking(async () => {
          const next = stopped() ? null : await letters.next()
          return next === null || next.done ? null : { claim: next.value, lines: await carry(next.value) }
        })
        if (taken === null) return
        if (taken.lines === null) continue
        await Promise.all(taken.lines)
        const { to } = await taken.claim.finish()
        if (to !== 'processar') tally.letterEnded(taken.claim.name.file)
        if (to === 'lost') stop(leaseLost(run.job))
      }
    } catch (error) {
      stop(error)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  await letters.return?.().catch(stop)
  return { stoppedBy, lastFailure, unsettled: unsettled.size }
}

function read<Line>(stream: Stream<Line>, id: string, text: string): Line | PonteError {
  try {
    return stream.read(id, text)
  } catch (error) {
    if (error instanceof PonteError) return error
    // A defect that this line triggers must not hold up its neighbours.
    return new PonteError('line.unreadable', 'The line cannot be read.', {
      hint: 'This is a defect: report it with the line.',
      cause: error,
    })
  }
}

/** Tasks of one key run one after another, in the order in which they came; keys run side by side. */
export function inOrder(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (key, task) => {
    const before = last.get(key) ?? Promise.resolve()
    // The next one goes on whatever became of this one.
    const mine = before.then(task, task)
    last.set(key, mine)
    const forget = () => {
      if (last.get(key) === mine) last.delete(key)
    }
    mine.then(forget, forget)
    return mine
  }
}
