/** DATE and TIMESTAMP as wall-clock texts, `YYYY-MM-DD HH:MM:SS[.fffffffff]`: no time zone is ever applied to them here. */
import type { WireWriter } from './writer.ts'

const TEXT = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?$/

/** Writes 7 bytes, or 11 when `fraction` is asked for and there is one. Throws RangeError for another text. */
export function writeDate(to: WireWriter, text: string, fraction: boolean): void {
  const parts = TEXT.exec(text)
  if (!parts) throw new RangeError('not a date')
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const nanoseconds = fraction ? Number((parts[7] ?? '').padEnd(9, '0')) : 0
  to.u8(nanoseconds === 0 ? 7 : 11)
  to.u8s(Math.floor(year / 100) + 100, (year % 100) + 100, month, day, hour + 1, minute + 1, second + 1)
  if (nanoseconds !== 0) to.u16(Math.floor(nanoseconds / 65_536)).u16(nanoseconds % 65_536)
}

/** `shiftMinutes` is added: what turns an instant in UTC into the wall clock of a session's time zone. */
export function readDate(bytes: Buffer, shiftMinutes = 0): string {
  const at = (index: number) => bytes[index]!
  const year = (at(0) - 100) * 100 + at(1) - 100
  const instant = new Date(0)
  instant.setUTCFullYear(year, at(2) - 1, at(3))
  instant.setUTCHours(at(4) - 1, at(5) - 1 + shiftMinutes, at(6) - 1)
  const nanoseconds = bytes.length >= 11 ? bytes.readUInt32BE(7) : 0
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`
  return instant.toISOString().slice(0, 19).replace('T', ' ') + fraction
}
