import { type Quota, type QuotaOptions, quotaSettings, type Urgency } from './quota.ts'
import { type Look, turnstile } from './turnstile.ts'

export interface MemoryQuotaOptions extends QuotaOptions {
  /** Monotonic milliseconds. */
  readonly monotonic?: () => number
  readonly random?: () => number
}

/** The quota of a single process: a sliding log in memory. Two of them do not know of each other. */
export function memoryQuota(options: MemoryQuotaOptions = {}): Quota {
  const settings = quotaSettings(options)
  const monotonic = options.monotonic ?? (() => performance.now())
  const span = settings.windowMs + settings.marginMs
  const taken: number[] = []
  let blockedUntil = 0

  async function look(_urgency: Urgency): Promise<Look> {
    const now = monotonic()
    if (now < blockedUntil) return { kind: 'blocked', waitMs: blockedUntil - now }
    while (taken[0] !== undefined && taken[0] + span <= now) taken.shift()
    const oldest = taken[0]
    if (oldest !== undefined && taken.length >= settings.limit) return { kind: 'full', waitMs: oldest + span - now }
    taken.push(now)
    return { kind: 'taken' }
  }

  return turnstile(
    {
      look,
      async block(delayMs) {
        blockedUntil = Math.max(blockedUntil, monotonic() + delayMs)
      },
    },
    settings,
    options.random ?? Math.random,
  )
}
