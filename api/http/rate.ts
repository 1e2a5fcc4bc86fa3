/**
 * Requests per minute and key, over a sliding minute: what the previous minute counted weighs as much as it still overlaps.
 * Memory is fixed: beyond `maxKeys` keys in one minute all newcomers share one count.
 */
export interface RateLimit {
  /** Counts one request. @returns 0 when it may pass, else the seconds to wait */
  take(key: string): number
}

const MINUTE = 60_000
const CROWD = '\0the crowd'

/**
 * @param perMinute 0: no limit
 * @param now monotonic milliseconds
 */
export function createRateLimit(perMinute: number, now: () => number = () => performance.now(), maxKeys = 10_000): RateLimit {
  let minute = Math.floor(now() / MINUTE)
  let current = new Map<string, number>()
  let previous = new Map<string, number>()

  return {
    take(key) {
      if (perMinute === 0) return 0
      const at = now() / MINUTE
      if (Math.floor(at) !== minute) {
        previous = Math.floor(at) === minute + 1 ? current : new Map()
        current = new Map()
        minute = Math.floor(at)
      }
      const counted = current.has(key) || current.size < maxKeys ? key : CROWD
      const count = current.get(counted) ?? 0
      const before = previous.get(counted) ?? 0
      const passed = at - minute
      if (count + before * (1 - passed) < perMinute) {
        current.set(counted, count + 1)
        return 0
      }
      const room = perMinute - count
      // Room comes when enough of the previous minute has slid out; with none in this one, only in the next.
      const wait = room > 0 ? 1 - room / before - passed : 1 - passed
      return Math.max(1, Math.ceil(wait * 60 - 1e-6))
    },
  }
}
