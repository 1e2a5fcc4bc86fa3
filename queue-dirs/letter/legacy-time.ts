/** The old system's names: four ways to write a date, seconds at best, some with no time at all. */

/** Epoch milliseconds of a UTC time, null when there is no such moment (31 February, hour 25). */
export function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, ms = 0): number | null {
  const at = Date.UTC(year, month - 1, day, hour, minute, second, ms)
  // In every month and every day there is such a moment.
  if (month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour < 24 && minute < 60 && second < 60 && year >= 100) return at
  const date = new Date(at)
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  return same ? at : null
}

type Order = 'ymd' | 'dmy'
interface Pattern {
  readonly pattern: RegExp
  /** Group numbers: the slug, and where the date begins; 0 when absent. */
  readonly slug: number
  readonly date: number
  readonly order: Order
}

const HASH = '([0-9a-f]{32})'
const timed = (text: string, slug: number, date: number, order: Order): Pattern => ({
  pattern: new RegExp(`^${text}$`, 'su'),
  slug,
  date,
  order,
})
const SPARK = [
  timed(`${HASH}_(\\d{4})_(\\d{2})_(\\d{2})_(\\d{2})_(\\d{2})_(\\d{2})`, 1, 2, 'ymd'),
  timed(`${HASH}_(\\d{2})_(\\d{2})_(\\d{4})_(\\d{2})_(\\d{2})_(\\d{2})`, 1, 2, 'dmy'),
]
const WEBHOOK = [timed('(.*)_(\\d{2})-(\\d{2})-(\\d{4})_(\\d{2})-(\\d{2})-(\\d{2})', 1, 2, 'dmy')]

const PATTERNS: Readonly<Record<string, readonly Pattern[]>> = {
  insert_leads_in_crm: SPARK,
  update_leads_in_crm: SPARK,
  update_contacts_in_crm: SPARK,
  insert_contact_crm: [timed('(\\d{4})(\\d{2})(\\d{2})(\\d{2})(\\d{2})(\\d{2})_(.+)', 7, 1, 'ymd')],
  update_leads_in_erp: WEBHOOK,
  converted_lead: WEBHOOK,
  lead_descartada: [timed('(.+)', 1, 0, 'ymd')],
  contato_update_erp: [timed('(\\d+_\\d+)', 1, 0, 'ymd')],
  full_sync_leads: [timed('(\\d{2})_(\\d{2})_(\\d{4})', 0, 1, 'dmy')],
  validade_full: [timed('(\\d{4})(\\d{2})(\\d{2})(?:_(diferencas))?', 4, 1, 'ymd')],
  inserted_timeline: [timed('(\\d{2})-(\\d{2})-(\\d{4})_(\\d{2})-(\\d{2})-(\\d{2})', 0, 1, 'dmy')],
}

/**
 * @param prefix canonical prefix
 * @param middle the name after `<prefix>_`, without `.json`
 * @returns null when it is none of the prefix's patterns; `at` (epoch ms) is null when the pattern has no time or the
 *          digits name no moment. Times are read as UTC: the old writers' zone is not on record (README, 2026-11-22).
 */
export function legacyTime(prefix: string, middle: string): { at: number | null; slug: string } | null {
  for (const { pattern, slug, date, order } of PATTERNS[prefix] ?? []) {
    const match = pattern.exec(middle)
    if (match === null) continue
    const part = (offset: number) => {
      const text = match[date + offset] ?? ''
      return /^\d+$/.test(text) ? Number(text) : 0
    }
    const day = order === 'ymd' ? ([part(0), part(1), part(2)] as const) : ([part(2), part(1), part(0)] as const)
    const hasClock = date > 0 && match.length > date + 5
    const at = date === 0 ? null : hasClock ? utc(...day, part(3), part(4), part(5)) : utc(...day)
    return { at, slug: (slug === 0 ? '' : match[slug]) ?? '' }
  }
  return null
}
