/** Oracle's NUMBER: an exponent byte and up to 20 digits of base 100, so up to 40 decimal digits, exact. */
import type { WireWriter } from './writer.ts'

const DIGITS = 40

/**
 * Writes a decimal text ("-12.50", "1e-7") as a NUMBER with its length. Zero in any spelling is zero. Digits beyond the
 * 40th are cut. Throws RangeError for what is no number, or lies outside 1e-130 to 1e126.
 */
export function writeNumber(to: WireWriter, text: string): void {
  const parts = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text)
  if (!parts || (parts[2] === '' && parts[3] === '')) throw new RangeError('not a number')
  const whole = parts[2]!
  const all = whole + parts[3]!
  const leading = /^0*/.exec(all)![0].length
  if (leading === all.length) {
    to.u8s(1, 0x80)
    return
  }
  // The value is 0.DIGITS * 10^point; pairs of base 100 want an even point.
  let point = whole.length - leading + Number(parts[4] ?? 0)
  let digits = all.slice(leading)
  if (point % 2 !== 0) {
    digits = `0${digits}`
    point += 1
  }
  digits = digits.slice(0, DIGITS).replace(/0+$/, '')
  if (digits.length % 2 !== 0) digits += '0'
  if (point > 126 || point < -128) throw new RangeError('a number outside of NUMBER')
  writePairs(to, digits, point / 2 - 1, parts[1] === '-')
}

function writePairs(to: WireWriter, digits: string, exponent: number, negative: boolean): void {
  const pairs = digits.length / 2
  // Negative ones end with 102, so that they sort below their own beginnings.
  const sentinel = negative && pairs < 20
  to.u8(pairs + 1 + (sentinel ? 1 : 0)).u8(negative ? 62 - exponent : 193 + exponent)
  for (let at = 0; at < digits.length; at += 2) {
    const digit = (digits.charCodeAt(at) - 48) * 10 + digits.charCodeAt(at + 1) - 48
    to.u8(negative ? 101 - digit : digit + 1)
  }
  if (sentinel) to.u8(102)
}

/** The decimal text of a NUMBER, without an exponent and without zeros that say nothing. */
export function readNumber(bytes: Buffer): string {
  const first = bytes[0] ?? 0x80
  if (bytes.length === 1) return first === 0x80 ? '0' : '-1e126'
  const negative = first < 0x80
  const exponent = negative ? 62 - first : first - 193
  const pairs = negative && bytes.at(-1) === 102 ? bytes.subarray(1, -1) : bytes.subarray(1)
  const digits = Array.from(pairs, (byte) => String(negative ? 101 - byte : byte - 1).padStart(2, '0')).join('')
  const point = (exponent + 1) * 2
  const whole =
    point <= 0
      ? '0'
      : digits
          .slice(0, point)
          .padEnd(point, '0')
          .replace(/^0+(?=\d)/, '')
  const part = (point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${part === '' ? '' : `.${part}`}`
}
