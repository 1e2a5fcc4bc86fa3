/** Time, handed in so that tests can hold it. `wall` only names things; every decision about leases uses `monotonic`. */
export interface Clock {
  /** Epoch milliseconds. */
  wall(): number
  /** Milliseconds that never jump and go on while the process is stopped (SIGSTOP). */
  monotonic(): number
  sleep(ms: number): Promise<void>
  /** Calls `act` every `ms` without keeping the process alive; the answer stops it. */
  every(ms: number, act: () => void): () => void
}

export function systemClock(now: () => number = Date.now): Clock {
  return {
    wall: now,
    monotonic: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    every(ms, act) {
      const timer = setInterval(act, ms)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
