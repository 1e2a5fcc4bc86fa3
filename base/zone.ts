/** Times as people read and write them, in a time zone. Machines are given ISO, of UTC. */

/** `2026-11-27 06:26:17 -03`: with its offset, so that nobody has to know where it was written. @param zone IANA name */
export function zonedTime(at: Date, zone: string): string {
  const offset = offsetOf(at, zone)
  return `${new Date(at.getTime() + offset).toISOString().slice(0, 19).replace('T', ' ')} ${signed(offset)}`
}

/**
 * @param text `2026-11-27` or `2026-11-27T14:00:00`, of that zone; with an offset or Z, as it says
 * @returns null for anything else
 */
export function timeIn(text: string, zone: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return null
  const hasOffset = /T.*(Z|[+-]\d{2}:?\d{2})$/i.test(text)
  const at = new Date(hasOffset ? text : `${text.length === 10 ? `${text}T00:00` : text}Z`)
  if (Number.isNaN(at.getTime())) return null
  if (hasOffset) return at
  // Twice: the first offset is that of another moment, and clocks may have been set in between.
  const near = new Date(at.getTime() - offsetOf(at, zone))
  return new Date(at.getTime() - offsetOf(near, zone))
}

/** By how much the zone's clocks are ahead of UTC at a moment, ms. */
function offsetOf(at: Date, zone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

function signed(offset: number): string {
  const minutes = Math.abs(offset) / 60_000
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${two(minutes / 60)}${minutes % 60 === 0 ? '' : `:${two(minutes % 60)}`}`
}
