/**
 * Something that is read now and then: remembered for a while, never read twice at once, and nobody waits for it longer than they like.
 * The longer a reading takes, the rarer it becomes, so that a huge directory or a slow database costs a twentieth of the time at most.
 */

export interface Reading<T> {
  /** null: never read, or so long ago that it would mislead. */
  readonly value: T | null
  /** Since `value` was read; null: never. */
  readonly ageSeconds: number | null
  /** The last reading failed, or has not come back yet. */
  readonly stale: boolean
}

export interface Source<T> {
  /** @param patienceMs how long to wait for a reading that is due. Never throws */
  look(patienceMs: number): Promise<Reading<T>>
}

export interface SourceOptions {
  /** A reading younger than this is not made again, milliseconds. */
  readonly freshMs: number
  /** A value older than this is worth nothing. Default: five minutes, or ten readings. */
  readonly keepMs?: number
  readonly onError?: (error: unknown) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** A reading may take a twentieth of the time between two. */
const SHARE = 20

export function createSource<T>(read: () => Promise<T>, options: SourceOptions): Source<T> {
  const { freshMs, keepMs = 300_000, onError = () => {}, now = () => performance.now() } = options
  let last: { readonly value: T; readonly at: number } | null = null
  let failed = false
  let dueAt = Number.NEGATIVE_INFINITY
  let everyMs = freshMs
  let reading: Promise<void> | null = null

  const readNow = async () => {
    const startedAt = now()
    try {
      const value = await read()
      last = { value, at: now() }
      failed = false
    } catch (error) {
      failed = true
      onError(error)
    }
    everyMs = Math.max(freshMs, SHARE * (now() - startedAt))
    dueAt = now() + everyMs
    reading = null
  }
  return {
    async look(patienceMs) {
      if (reading === null && now() >= dueAt) reading = readNow()
      if (reading !== null) await atMost(patienceMs, reading)
      const ageMs = last === null ? null : now() - last.at
      const kept = ageMs !== null && ageMs <= Math.max(keepMs, 10 * everyMs) ? last : null
      return {
        value: kept?.value ?? null,
        ageSeconds: ageMs === null ? null : ageMs / 1_000,
        stale: failed || kept === null || reading !== null,
      }
    },
  }
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
