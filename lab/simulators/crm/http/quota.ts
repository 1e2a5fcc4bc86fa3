import type { QuotaSettings } from './settings.ts'

/** Whether a request may go on; when not, how many milliseconds until one would. */
export type Admission = { readonly ok: true } | { readonly ok: false; readonly waitMs: number }

export interface Quota {
  /** `now`: monotonic milliseconds, never falling. */
  admit(now: number): Admission
}

/**
 * A sliding log: a request is let in when fewer than `limit` were counted in the `windowMs` before it. Two requests exactly
 * `windowMs` apart are in different windows. Exact, unlike a token bucket, which lets twice the limit through a window.
 */
export function createQuota(settings: Pick<QuotaSettings, 'limit' | 'windowMs' | 'countRefused'>): Quota {
  /** Ring of the last `limit` counted arrivals; `next` is the oldest. */
  const counted = new Float64Array(settings.limit).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  return {
    admit(now) {
      const ok = now - counted[next]! >= settings.windowMs
      if (ok || settings.countRefused) {
        counted[next] = now
        next = (next + 1) % settings.limit
      }
      return ok ? { ok } : { ok, waitMs: settings.windowMs - (now - counted[next]!) }
    },
  }
}

/** The most arrivals that any half-open window of `windowMs` holds. `arrivals` must not fall. */
export function maxInWindow(arrivals: readonly number[], windowMs: number): number {
  let most = 0
  let first = 0
  for (let last = 0; last < arrivals.length; last += 1) {
    while (arrivals[last]! - arrivals[first]! >= windowMs) first += 1
    most = Math.max(most, last - first + 1)
  }
  return most
}
