/** How the pages write times, ages and numbers. */

/** In the zone that schedules run in. */
export interface Clock {
  readonly now: Date
  readonly zone: string
}

const day = (date: Date, zone: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(date)

/** `09:31` today, `26 Nov 09:31` this year, `26 Nov 2025` before. */
export function shortTime(date: Date, { now, zone }: Clock): string {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }).format(date)
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' }
  if (day(date, zone) === day(now, zone)) return format(time)
  const isThisYear = day(date, zone).slice(0, 4) === day(now, zone).slice(0, 4)
  const calendar = format({ day: 'numeric', month: 'short', ...(isThisYear ? {} : { year: 'numeric' }) })
  return isThisYear ? `${calendar} ${format(time)}` : calendar
}

/** `27 Nov 2026, 09:31:05`; the page says once in which zone. */
export function fullTime(date: Date, zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'medium' }).format(date)
}

/** `12 s`, `3 min`, `2 h 05 min`, `3 days`: as much as one wants to know. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 100) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} days`
}

/** How long a run took: `820 ms`, `4.2 s`, then as ages. */
export function took(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : age(ms)
}

const grouped = new Intl.NumberFormat('en-GB')
export const number = (value: number): string => grouped.format(value)
export const plural = (value: number, one: string, many = `${one}s`): string => `${number(value)} ${value === 1 ? one : many}`
