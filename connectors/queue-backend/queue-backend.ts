/**
 * What makes jobs tick. It only says when to look: who runs is decided by the lease in the state database, what remains
 * by the queue directories. So it may be wiped at any time, and a tick may come twice.
 *
 * tick: "go and look at this job" · scheduler: makes the ticks of one job by its cron expression
 */
import type { Queue } from 'bullmq'

export interface Tick {
  readonly job: string
  /** A queued run that somebody asked for; absent: the schedule. */
  readonly request?: string
}

export interface Scheduler {
  readonly job: string
  readonly cron: string
  readonly zone: string
}

export interface StandingScheduler extends Scheduler {
  /** Of its next tick; null when it has none, which should not be. */
  readonly next: Date | null
}

/** How a tick ended. `again` spends no attempt; `retry` does, and ends as a failure when none is left. */
export type Handled =
  | { readonly kind: 'done'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }

export interface Handling {
  /** From 1; rises with `retry`. */
  readonly attempt: number
  /** This tick was in the hands of a worker that died, or lost it. */
  readonly takenOver: boolean
}

export interface TickOptions {
  /** Given once only as long as a tick of this id waits or is in hand. Letters, digits and hyphens. */
  readonly id: string
  readonly retries: number
}

export interface Worker {
  /** Takes ticks from now on; to one that does already it means nothing, as `rest` to one that rests. */
  go(): Promise<void>
  /** Takes none until `go`; what is in hand goes on. */
  rest(): Promise<void>
  /** Waits for what is in hand, then takes nothing more. */
  close(): Promise<void>
}

export interface QueueBackend {
  readonly kind: 'redis' | 'postgres'
  /** For Bull Board and counters; nothing of Ponte depends on what it holds. */
  readonly queue: Queue
  /** Makes a scheduler stand as given: a new one ticks from its next time on; one that stands already keeps a tick that is due. */
  put(scheduler: Scheduler, retries: number): Promise<void>
  remove(job: string): Promise<void>
  /** Lets ticks reach workers again. Ponte never pauses them (that is a row of the state database), but BullMQ's other tools can. @returns false when nothing held them */
  unpause(): Promise<boolean>
  standing(): Promise<StandingScheduler[]>
  tick(tick: Tick, options: TickOptions): Promise<void>
  /** Hands each tick to `handle`, from `go` on; many at once. @param name for people who look into the queue */
  work(name: string, handle: (tick: Tick, handling: Handling) => Promise<Handled>): Promise<Worker>
  close(): Promise<void>
}
