/** Whether the schedules really tick: what the history of runs says against what the schedules promise. */
import type { Schedule } from '../run/schedule.ts'
import { nextTick } from '../run/schedule.ts'

export interface Ticking {
  /** By the state database's clock, as all times here. */
  readonly now: Date
  readonly schedules: readonly (Schedule & { readonly since: Date })[]
  /** Jobs that run for a person only; `*` is all of them. */
  readonly paused: readonly string[]
  /** When a schedule last made a job run; null: never. */
  readonly lastStart: Date | null
  /** Jobs that are running: their ticks are answered when they have ended. */
  readonly running: readonly string[]
}

/**
 * For how long a tick of any schedule has been unanswered, seconds; 0: all is well. A run may begin a little after its tick, so less than a
 * minute or so means nothing.
 * @returns null when nothing is to tick: no schedules stand, or all are paused or running
 */
export function lateness({ now, schedules, paused, lastStart, running }: Ticking): number | null {
  if (paused.includes('*')) return null
  const due = schedules
    .filter(({ job }) => !paused.includes(job) && !running.includes(job))
    .map((schedule) => nextTick(schedule, later(schedule.since, lastStart)))
    .filter((tick) => tick !== null)
  if (due.length === 0) return null
  const first = Math.min(...due.map((tick) => tick.getTime()))
  return Math.max(0, (now.getTime() - first) / 1_000)
}

const later = (one: Date, other: Date | null): Date => (other !== null && other > one ? other : one)
