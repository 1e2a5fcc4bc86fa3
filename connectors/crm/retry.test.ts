import { describe, expect, it } from 'vitest'
import { backoffMs, defaultBackoff, longestRetryAfterMs, retryAfterMs } from './retry.ts'

const now = Date.parse('2026-11-22T02:30:00Z')

describe('Retry-After', () => {
  it.each([
    ['seconds', '7', 7_000],
    ['zero', '0', 0],
    ['a fraction of seconds', '0.25', 250],
    ['blanks around', ' 3 ', 3_000],
    ['a date ahead', 'Sun, 22 Nov 2026 02:30:05 GMT', 5_000],
    ['a date gone by', 'Sun, 22 Nov 2026 02:29:00 GMT', 0],
    ['a date years ahead', 'Mon, 22 Nov 2066 02:30:05 GMT', longestRetryAfterMs],
    ['an absurd number', '99999999999999999999', longestRetryAfterMs],
  ])('reads %s', (_name, header, wait) => expect(retryAfterMs(header, now)).toBe(wait))

  it.each([null, '', ' ', 'soon', '-5', '1e9', 'NaN', '12;34', 'Sun, 99 Xxx 2026 02:30:05 GMT'])('makes nothing of %j', (header) =>
    expect(retryAfterMs(header, now)).toBeNull(),
  )
})

describe('the back-off', () => {
  it('spreads over 0 to 1 s, 4 s, 16 s, and not beyond', () => {
    const bounds = [1, 2, 3, 4, 50].map((failures) => backoffMs(failures, defaultBackoff, () => 0.999999))
    expect(bounds).toEqual([1_000, 4_000, 16_000, 16_000, 16_000])
    expect(backoffMs(3, defaultBackoff, () => 0)).toBe(0)
    expect(backoffMs(2, defaultBackoff, () => 0.5)).toBe(2_000)
  })
})
