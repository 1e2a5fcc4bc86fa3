import { maxInWindow } from './quota.ts'

export interface TrafficReport {
  /** Requests with the right token, and those of them that the quota let through. */
  readonly authenticated: number
  readonly admitted: number
  /** The most that arrived in any window of `windowMs`, of each. */
  readonly windowMs: number
  readonly maxInWindow: { readonly authenticated: number; readonly admitted: number }
  /** `GET leads 200` -> how often; status 0: the connection was cut. */
  readonly counts: Readonly<Record<string, number>>
}

export interface Traffic {
  /** A request with the right token came in at this monotonic time. */
  arrived(now: number, admitted: boolean): void
  answered(method: string, name: string, status: number): void
  report(windowMs: number): TrafficReport
  clear(): void
}

/** Remembers when every request arrived, so that a checker can hold a client to its quota. */
export function createTraffic(): Traffic {
  let all: number[] = []
  let admittedOnly: number[] = []
  let counts = new Map<string, number>()
  return {
    arrived(now, admitted) {
      all.push(now)
      if (admitted) admittedOnly.push(now)
    },
    answered(method, name, status) {
      const key = `${method} ${name} ${status}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    report(windowMs) {
      return {
        authenticated: all.length,
        admitted: admittedOnly.length,
        windowMs,
        maxInWindow: { authenticated: maxInWindow(all, windowMs), admitted: maxInWindow(admittedOnly, windowMs) },
        counts: Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      }
    },
    clear() {
      all = []
      admittedOnly = []
      counts = new Map()
    },
  }
}
