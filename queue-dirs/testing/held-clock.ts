import type { Clock } from '../claim/clock.ts'

export interface HeldClock extends Clock {
  /** Moves time on and fires what is due, letting each beat reach the disk before the next. */
  advance(ms: number): Promise<void>
  /** The same time as another process sees it, whose timers can be stopped (SIGSTOP, or for good) alone. */
  process(): Clock & { stop(): void; go(): void; runs(): boolean }
}

/** A clock that only moves when told. A process that is to look dead gets one of its own that nobody advances. */
export function heldClock(start = Date.parse('2026-03-04T05:06:07Z')): HeldClock {
  let elapsed = 0
  const timers = new Set<{ every: number; due: number; act: () => void }>()
  const clock: HeldClock = {
    wall: () => start + elapsed,
    monotonic: () => elapsed,
    sleep: (ms) => clock.advance(ms),
    every(ms, act) {
      const timer = { every: ms, due: elapsed + ms, act }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = elapsed + ms
      for (;;) {
        const next = [...timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0]
        if (next === undefined) break
        elapsed = Math.max(elapsed, next.due)
        next.due += next.every
        next.act()
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      elapsed = end
    },
    process() {
      let runs = true
      return {
        ...clock,
        every: (ms, act) => clock.every(ms, () => runs && act()),
        runs: () => runs,
        stop: () => {
          runs = false
        },
        go: () => {
          runs = true
        },
      }
    },
  }
  return clock
}
