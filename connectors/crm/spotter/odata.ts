import { badArgument } from '../errors.ts'

/** Most rows that the CRM gives per answer. */
export const pageSize = 500

/** @returns an OData text literal: in single quotes, inner quotes doubled (OData 4.01 ABNF `string`) */
export function textLiteral(text: string): string {
  if (/\p{Cc}/u.test(text)) throw badArgument('a text with control characters cannot be put into a filter')
  return `'${text.replaceAll("'", "''")}'`
}

/** @returns the id as digits. @throws PonteError `crm.bad_argument` for anything that is no id */
export function idLiteral(id: number): string {
  if (Number.isSafeInteger(id) && id >= 0) return String(id)
  throw badArgument('an id for the CRM is not a whole number')
}

/**
 * @param time an ISO date and time; without an offset it is UTC
 * @returns an OData `dateTimeOffset` literal, unquoted, with all digits of the seconds kept
 */
export function timeLiteral(time: string): string {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?)(Z|[+-]\d{2}:\d{2})?$/.exec(time)
  if (match === null || Number.isNaN(instant(time))) throw badArgument('a time for the CRM is not an ISO date and time')
  return `${match[1]}${match[2] ?? 'Z'}`
}

/** @returns milliseconds since the epoch, NaN for no time; a missing offset means UTC, as in the CRM */
export function instant(time: string): number {
  return Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(time) ? time : `${time}Z`)
}

/** @returns negative, 0 or positive as `a` is before, at or after `b`, to the last digit (`Date` stops at milliseconds); NaN for no time */
export function compareTimes(a: string, b: string): number {
  const apart = instant(a) - instant(b)
  if (apart !== 0) return apart
  const fraction = (time: string) => (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(12, '0')
  const [left, right] = [fraction(a), fraction(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

export interface Query {
  readonly filter?: string
  readonly orderby?: string
  readonly top?: number
  readonly skip?: number
}

/** @returns the query with its `?`, percent-encoded; empty for an empty query */
export function queryString(query: Query): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== 0)
    .map(([name, value]) => `$${name}=${encodeURIComponent(String(value))}`)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}
