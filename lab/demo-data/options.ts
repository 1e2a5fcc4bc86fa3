import { PonteError } from '../../base/error.ts'

export interface DemoOptions {
  /** How many ERP branches, 1 to 10,000,000. */
  readonly branches: number
  /** Integer, 0 to 2^53-1. The same seed and `today` give the same bytes. */
  readonly seed: number
  /** ISO day that budgets, orders and histories are dated around. */
  readonly today: string
  /** Pairs of flagged, unlinked branches of two clients that carry one tax id. Default 0. At most 10 per hundred branches. */
  readonly ambiguous?: number
  /** Branches of each hundred that are flagged and unlinked (default 35), and that are linked to a lead (default 25). Together at most 70. */
  readonly eligiblePercent?: number
  readonly linkedPercent?: number
}

export interface Settings extends Required<DemoOptions> {
  /** `today` as days since 1970-01-01. */
  readonly todayNumber: number
}

const DAY = 86_400_000

const whole = (name: string, value: number, least: number, most: number): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new PonteError('demo.bad_option', `${name} must be an integer from ${least} to ${most}`, {
    hint: `give another value for ${name}`,
    exitCode: 2,
  })
}

/** Fills in defaults; throws PonteError `demo.bad_option` (exit 2) naming the option that is out of range. */
export function settingsOf(options: DemoOptions): Settings {
  const branches = whole('branches', options.branches, 1, 10_000_000)
  const eligiblePercent = whole('eligiblePercent', options.eligiblePercent ?? 35, 0, 70)
  const linkedPercent = whole('linkedPercent', options.linkedPercent ?? 25, 0, 70 - eligiblePercent)
  const pairsPerBlock = Math.min(PAIRS_PER_BLOCK, Math.floor(eligiblePercent / 2))
  const todayNumber = Date.parse(`${options.today}T00:00:00Z`) / DAY
  if (!/^\d{4}-\d\d-\d\d$/.test(options.today) || !Number.isInteger(todayNumber) || isoDay(todayNumber) !== options.today) {
    throw new PonteError('demo.bad_option', 'today must be a day like 2026-11-22', { hint: 'give another value for today', exitCode: 2 })
  }
  return {
    branches,
    seed: whole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER),
    today: options.today,
    todayNumber,
    ambiguous: whole('ambiguous', options.ambiguous ?? 0, 0, Math.floor(branches / BLOCK) * pairsPerBlock),
    eligiblePercent,
    linkedPercent,
  }
}

/** Branches are planned by the hundred, so that shares are exact and a branch never depends on how many there are. */
export const BLOCK = 100
export const PAIRS_PER_BLOCK = 10

/** Days since 1970-01-01 -> ISO day. */
export function isoDay(dayNumber: number): string {
  return new Date(dayNumber * DAY).toISOString().slice(0, 10)
}
