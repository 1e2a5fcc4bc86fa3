/**
 * A worker: takes ticks, runs their jobs, keeps the schedules standing. Several may work side by side: a tick goes
 * to one of them, and the lease of the job says whether it may run.
 *
 *   scheduler or request → tick → [paused] → lease → run → done
 *                            ▲                 │
 *                            └─ again: busy, told to stop · retry: failed, later and later ─┘
 */
import { hostname } from 'node:os'
import { PonteError } from '../../base/error.ts'
import type { Handled, Handling, QueueBackend, Tick } from '../../connectors/queue-backend/queue-backend.ts'
import { findRun } from '../../connectors/state/runs/run-history.ts'
import { requestRun, withdrawRun } from '../../connectors/state/runs/run-requests.ts'
import { endRun, noteRetry, type Run } from '../../connectors/state/runs/runs.ts'
import { jobs } from '../catalogue.ts'
import type { Context, Job } from '../context.ts'
import { errorText } from './error-text.ts'
import { keepUp, putUp } from './keeper.ts'
import { type RunReport, runJob, wasBusy, wasPaused } from './run-job.ts'
import { retriesOf, type Schedule } from './schedule.ts'

export interface WorkerOptions {
  readonly schedules: readonly Schedule[]
  /** Pause before the first retry of a failed run, milliseconds; doubled each time. */
  readonly retryMs: number
}

export interface RunningWorker {
  /** Lets what runs come to its next line, then stops. What is left stays queued, and another worker goes on with it at once. */
  close(): Promise<void>
}

/** How soon a job is looked at again that another process holds, milliseconds. */
const BUSY_MS = 500
const MAX_RETRY_MS = 300_000

/** @throws PonteError what the state database and the queue backend throw */
export async function startWorker(context: Context, backend: QueueBackend, options: WorkerOptions): Promise<RunningWorker> {
  const stopping = new AbortController()
  const areUp = await putUp(context, backend, options.schedules)
  const handle = (tick: Tick, handling: Handling) =>
    handleTick({ context, retryMs: options.retryMs, signal: stopping.signal }, tick, handling)
  const worker = await backend.work(`${hostname()}:${process.pid}`, handle)
  const keeper = keepUp(context, backend, worker, { schedules: options.schedules, areUp })
  return {
    async close() {
      stopping.abort()
      await keeper.close()
      await worker.close()
    },
  }
}

interface Hands {
  readonly context: Context
  readonly retryMs: number
  readonly signal: AbortSignal
}

async function handleTick(hands: Hands, tick: Tick, handling: Handling): Promise<Handled> {
  const { context, signal } = hands
  const job = jobs.find(({ name }) => name === tick.job)
  // Put there by another version of Ponte.
  if (!job) return { kind: 'failed', reason: `there is no job called ${tick.job}` }
  if (signal.aborted) return { kind: 'again', afterMs: 0 }
  try {
    const request = tick.request === undefined ? null : await findRun(context.state, tick.request)
    if (tick.request !== undefined && request === null) return { kind: 'done', result: { withdrawn: true } }
    const report = await runTick(hands, job, request, handling)
    return await handled(hands, report, request, handling)
  } catch (error) {
    return unable(hands, tick, handling, error)
  }
}

function runTick({ context, signal }: Hands, job: Job, request: Run | null, { attempt }: Handling): Promise<RunReport> {
  if (request === null) return runJob(context, job, { trigger: 'schedule', attempt, signal })
  const { id, trigger, parameters, parent } = request
  return runJob(context, job, { trigger, ...parameters, ...(parent ? { parent } : {}), request: id, attempt, signal })
}

async function handled(hands: Hands, report: RunReport, request: Run | null, handling: Handling): Promise<Handled> {
  const { context, signal } = hands
  const { job, run, status, message = status } = report
  if (wasPaused(report)) {
    if (request) await withdrawRun(context.state, request.id)
    return { kind: 'done', result: { paused: true } }
  }
  if (wasBusy(report)) {
    // The next tick comes anyway. But somebody who asked is answered, and what a dead worker held is not left to its lease.
    const waits = request !== null || handling.takenOver || handling.attempt > 1
    return waits ? { kind: 'again', afterMs: BUSY_MS } : { kind: 'done', result: { busy: true } }
  }
  // The run that holds it may have passed the letters that this one made.
  for (const next of report.triggered ?? [])
    if (wasBusy(next)) await requestRun(context.state, { job: next.job, trigger: 'job', parent: run })
  if (status === 'failed' && signal.aborted) return { kind: 'again', afterMs: 0 }
  if (status === 'stopped') return { kind: 'failed', reason: `stopped by a guard: ${message}` }
  if (status !== 'failed') return { kind: 'done', result: { run, status } }
  // A wrong configuration does not mend itself.
  if (report.exitCode === 2 || handling.attempt > retriesOf(job)) return { kind: 'failed', reason: message }
  const afterMs = backOff(hands.retryMs, handling.attempt)
  await noteRetry(context.state, run, afterMs)
  return { kind: 'retry', afterMs, reason: message }
}

/** No run could begin: what was asked for is wrong, or the state database is away. */
async function unable({ context, retryMs }: Hands, tick: Tick, { attempt }: Handling, error: unknown): Promise<Handled> {
  context.log.error({ err: error, job: tick.job }, 'a run could not begin')
  const reason = errorText(error)
  if (!isAsked(error)) return { kind: 'retry', afterMs: backOff(retryMs, attempt), reason }
  if (tick.request !== undefined) await endRun(context.state, tick.request, 'failed', {}, reason, error.code)
  return { kind: 'failed', reason }
}

const isAsked = (error: unknown): error is PonteError => error instanceof PonteError && error.code.startsWith('run.')

/** Twice as long each time, up to five minutes, and never two at the same moment. */
const backOff = (retryMs: number, attempt: number): number =>
  Math.round(Math.min(retryMs * 2 ** (attempt - 1), MAX_RETRY_MS) * (0.8 + 0.4 * Math.random()))
