/** BullMQ as a queue backend; on which database is the caller's choice. */
import { DelayedError, type Job, type Queue, UnrecoverableError } from 'bullmq'
import type { Handled, Handling, QueueBackend, StandingScheduler, Tick, TickOptions } from './queue-backend.ts'

export interface BackendOptions {
  /** The first tick of a cron expression after a moment; null: none. One library decides, in settings and here. */
  readonly nextTick: (schedule: { readonly cron: string; readonly zone: string }, after: Date) => Date | null
  /** The connection failed, or a worker could not reach it; it goes on by itself. */
  readonly onError: (error: Error) => void
}

interface TickData {
  readonly request?: string
}
type TickJob = Job<TickData, unknown, string>
type Processor = (job: TickJob, token?: string) => Promise<unknown>

/** What is used of BullMQ's classes, whose types differ by database. */
export type TickQueue = Pick<
  Queue<TickData, unknown, string>,
  | 'add'
  | 'isPaused'
  | 'resume'
  | 'upsertJobScheduler'
  | 'getJobScheduler'
  | 'getJobSchedulers'
  | 'removeJobScheduler'
  | 'close'
  | 'disconnect'
>
export interface TickWorker {
  on(event: 'error', listener: (error: Error) => void): unknown
  waitUntilReady(): Promise<unknown>
  pause(doNotWaitActive: boolean): Promise<void>
  resume(): Promise<void>
  close(): Promise<void>
  disconnect(): Promise<void>
}

interface Bull extends BackendOptions {
  readonly kind: QueueBackend['kind']
  readonly queue: TickQueue
  readonly worker: (name: string, processor: Processor, settings: WorkerSettings) => TickWorker
  readonly close: () => Promise<void>
}

/** One queue for all jobs: its ticks are small, and one worker's sessions are few. A pause is not the queue's affair (state database). */
export const queueName = 'ponte'

/** A worker that was killed loses its ticks within six seconds; its lease ends within eight. */
const lockMs = 4_000
const checkMs = 2_000
const GOODBYE_MS = 3_000

export const workerOptions = {
  /** Whoever made it says when. */
  autorun: false,
  /** More than there are jobs: none waits for another. */
  concurrency: 32,
  lockDuration: lockMs,
  stalledInterval: checkMs,
  /** Whoever dies over a tick again and again is not given it for ever; the next tick of its schedule comes. */
  maxStalledCount: 5,
  drainDelay: 2,
  /** Finished and failed ticks per minute, for a week. */
  metrics: { maxDataPoints: 7 * 24 * 60 },
} as const

type WorkerSettings = ReturnType<typeof workerSettings>

/** Ours instead of BullMQ's cron library, and pauses that the handler chose. */
export function queueSettings({ nextTick }: BackendOptions) {
  return {
    repeatStrategy: (millis: number, { pattern, tz }: { pattern?: string; tz?: string }) =>
      nextTick({ cron: pattern!, zone: tz! }, new Date(millis))?.getTime(),
  }
}
export function workerSettings(options: BackendOptions) {
  return { ...queueSettings(options), backoffStrategy: (_: number, __?: string, error?: Error) => (error as RetryLater).afterMs }
}

class RetryLater extends Error {
  readonly afterMs: number
  constructor(reason: string, afterMs: number) {
    super(reason)
    this.afterMs = afterMs
  }
}

/** Kept for people who look into the queue. The history of runs is in the state database. */
const kept = { removeOnComplete: { count: 500 }, removeOnFail: { count: 500 } }
const attempts = (retries: number) => ({ attempts: retries + 1, backoff: { type: 'chosen' } })

export function bullBackend(bull: Bull): QueueBackend {
  const { kind, queue, onError } = bull
  return {
    kind,
    queue: queue as unknown as Queue,
    async put({ job, cron, zone }, retries) {
      const template = { name: job, data: {}, opts: { ...attempts(retries), ...kept } }
      try {
        await queue.upsertJobScheduler(job, { pattern: cron, tz: zone }, template)
      } catch (error) {
        // Of two that put it at once, one may be told that its next tick is there already.
        const found = await queue.getJobScheduler(job)
        if (found?.pattern !== cron || found.tz !== zone) throw error
      }
    },
    async remove(job) {
      await queue.removeJobScheduler(job)
    },
    async unpause() {
      const paused = await queue.isPaused()
      if (paused) await queue.resume()
      return paused
    },
    standing: async () => (await queue.getJobSchedulers(0, -1, true)).map(standingScheduler),
    async tick({ job, request }: Tick, { id, retries }: TickOptions) {
      // Gone as soon as it has ended: then the same request may be made again.
      const options = { jobId: id, ...attempts(retries), removeOnComplete: true, removeOnFail: true }
      await queue.add(job, request === undefined ? {} : { request }, options)
    },
    async work(name, handle) {
      const inHand = new Set<Promise<unknown>>()
      const worker = bull.worker(name, processorOf(tracked(handle, inHand)), workerSettings(bull))
      worker.on('error', onError)
      await worker.waitUntilReady()
      return {
        go: () => worker.resume(),
        rest: () => worker.pause(true),
        async close() {
          const closing = worker.close()
          await Promise.allSettled(inHand)
          await endSoon(closing, () => worker.disconnect())
        },
      }
    },
    async close() {
      await endSoon(queue.close(), () => queue.disconnect())
      await bull.close()
    },
  }
}

type Handle = (tick: Tick, handling: Handling) => Promise<Handled>

const tracked =
  (handle: Handle, inHand: Set<Promise<unknown>>): Handle =>
  async (tick, handling) => {
    const handled = handle(tick, handling)
    inHand.add(handled)
    return handled.finally(() => inHand.delete(handled))
  }

/** What is away cannot be told goodbye: after a while its connection is cut. What was not told is told again to somebody else. */
async function endSoon(closing: Promise<unknown>, cut: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), GOODBYE_MS)
  })
  const end = await Promise.race([closing.catch(() => {}), late])
  clearTimeout(timer)
  if (end === 'late') void cut().catch(() => {})
}

function standingScheduler(found: { key: string; pattern?: string; tz?: string; next?: number }): StandingScheduler {
  return { job: found.key, cron: found.pattern ?? '', zone: found.tz ?? '', next: found.next ? new Date(found.next) : null }
}

function processorOf(handle: Handle): Processor {
  return async (job, token) => {
    const { request } = job.data
    const handling = { attempt: job.attemptsMade + 1, takenOver: job.stalledCounter > 0 }
    const handled = await handle({ job: job.name, ...(request === undefined ? {} : { request }) }, handling)
    switch (handled.kind) {
      case 'done':
        return handled.result
      case 'again':
        await job.moveToDelayed(Date.now() + handled.afterMs, token)
        throw new DelayedError()
      case 'retry':
        throw new RetryLater(handled.reason, handled.afterMs)
      case 'failed':
        throw new UnrecoverableError(handled.reason)
    }
  }
}
