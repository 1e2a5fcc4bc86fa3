export interface Backoff {
  /** Upper bound of the first wait, ms. */
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
}

/** Waits of up to 1 s, 4 s, 16 s. */
export const defaultBackoff: Backoff = { baseMs: 1_000, factor: 4, maxMs: 16_000 }

/**
 * @param failures failed attempts so far, from 1
 * @param random uniform in [0, 1)
 * @returns milliseconds, evenly spread between 0 and the bound ("full jitter"), so that clients that failed together do not
 *   come back together
 */
export function backoffMs(failures: number, backoff: Backoff, random: () => number): number {
  return Math.round(random() * Math.min(backoff.maxMs, backoff.baseMs * backoff.factor ** (failures - 1)))
}

/** No answer can hold us longer than this: afterwards one request asks again. */
export const longestRetryAfterMs = 10 * 60_000

/**
 * Reads `Retry-After` (RFC 9110 10.2.3): seconds or an HTTP date.
 *
 * @param now milliseconds since the epoch
 * @returns milliseconds in [0, longestRetryAfterMs], or null when the header is absent or says nothing
 */
export function retryAfterMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? ''
  if (text === '') return null
  const wait = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : httpDate(text) - now
  return Number.isNaN(wait) ? null : Math.min(longestRetryAfterMs, Math.max(0, Math.ceil(wait)))
}

/** Only the form that senders must use; `Date.parse` alone would take "-5" for a date. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : Number.NaN
}
