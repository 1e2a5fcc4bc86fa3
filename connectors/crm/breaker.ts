/**
 * A circuit breaker for one process.
 *
 * state      an attempt asks        a systemic failure               an answer     no verdict
 * closed     admitted               counted; at `failures`: open     count = 0     -
 * open       refused until the      (of an older attempt: ignored)   ignored       -
 *            pause is over, then
 *            half-open
 * half-open  the first is the       of the probe: open, new pause    closed        open, no pause left
 *            probe, others refused
 *
 * Only the network, 5xx and unreadable answers are systemic. A refused line and a 429 prove that the CRM is alive.
 */
export interface Breaker {
  /** Asks for permission. `waitMs`: milliseconds until asking again makes sense. */
  enter(): { readonly admitted: true; readonly verdict: Verdict } | { readonly admitted: false; readonly waitMs: number }
  readonly state: 'closed' | 'open' | 'half-open'
}

/** Exactly one of these is called once per admitted attempt. */
export interface Verdict {
  alive(): void
  failed(): void
  /** The attempt ended before it could show anything (aborted, quota unavailable). */
  unknown(): void
}

export interface BreakerOptions {
  /** Systemic failures in a row that open it. */
  readonly failures: number
  /** Pause before a probe, ms. */
  readonly pauseMs: number
  /** Monotonic milliseconds: the pause must not depend on the wall clock. */
  readonly monotonic: () => number
  readonly onChange?: (state: Breaker['state']) => void
}

export function createBreaker(options: BreakerOptions): Breaker {
  let state: Breaker['state'] = 'closed'
  let failures = 0
  let pauseEnds = 0
  // Attempts admitted before the last change of state have nothing to say about the new one.
  let epoch = 0

  function become(next: Breaker['state'], pauseMs = 0): void {
    state = next
    epoch += 1
    failures = 0
    pauseEnds = options.monotonic() + pauseMs
    options.onChange?.(next)
  }

  function verdictOf(admittedIn: number): Verdict {
    const current = (act: () => void) => () => {
      if (admittedIn === epoch) act()
    }
    return {
      alive: current(() => {
        failures = 0
        if (state === 'half-open') become('closed')
      }),
      failed: current(() => {
        failures += 1
        if (state === 'half-open' || failures >= options.failures) become('open', options.pauseMs)
      }),
      unknown: current(() => {
        if (state === 'half-open') become('open')
      }),
    }
  }

  return {
    enter() {
      const waitMs = Math.max(0, pauseEnds - options.monotonic())
      if (state === 'closed') return { admitted: true, verdict: verdictOf(epoch) }
      if (state === 'half-open' || waitMs > 0)
        return { admitted: false, waitMs: Math.ceil(Math.max(waitMs, state === 'half-open' ? options.pauseMs : 0)) }
      become('half-open')
      return { admitted: true, verdict: verdictOf(epoch) }
    },
    get state() {
      return state
    },
  }
}
