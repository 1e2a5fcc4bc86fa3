/** Values to and from the wire, by type. */
import { readDate, writeDate } from './dates.ts'
import { readNumber, writeNumber } from './numbers.ts'
import { WireError, type WireReader } from './reader.ts'
import type { Bind, TypeName, Value } from './types.ts'
import type { WireWriter } from './writer.ts'

/**
 * Writes a value with its length; null and empty are length 0. Throws RangeError when the text is none of its type.
 */
export function writeValue(to: WireWriter, type: TypeName, value: Value, national = false): void {
  if (value === null || value.length === 0) {
    if (type === 'BOOLEAN') to.u8s(253, 1)
    else to.u8(0)
    return
  }
  switch (type) {
    case 'NUMBER':
    case 'BINARY_INTEGER':
      writeNumber(to, asText(value))
      return
    case 'DATE':
      writeDate(to, asText(value), false)
      return
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      writeDate(to, asText(value), true)
      return
    case 'BINARY_DOUBLE':
      to.u8(8).raw(doubleBytes(Number(asText(value))))
      return
    case 'BOOLEAN':
      if (asText(value) === '1') to.u8s(2, 1, 1)
      else to.u8s(1, 0)
      return
    default: {
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      to.bytes(national ? Buffer.from(bytes.toString('utf8'), 'utf16le').swap16() : bytes)
    }
  }
}

/**
 * The value of a bind. `shiftMinutes`: the session's offset from UTC, which makes instants (TIMESTAMP WITH LOCAL TIME
 * ZONE, the driver's default for a Date) wall-clock times.
 */
export function readValue(from: WireReader, { type, national }: Bind, shiftMinutes: number): Value {
  if (type === 'BOOLEAN') return readBoolean(from)
  if (type === 'CLOB' || type === 'BLOB') {
    if (from.ub() === 0) return null
    throw new WireError('a LOB locator as a bind')
  }
  const bytes = from.bytes()
  if (bytes === null) return null
  switch (type) {
    case 'NUMBER':
    case 'BINARY_INTEGER':
      return readNumber(bytes)
    case 'DATE':
    case 'TIMESTAMP':
      return readDate(bytes)
    case 'TIMESTAMP_LTZ':
    case 'TIMESTAMP_TZ':
      return readDate(bytes, shiftMinutes)
    case 'BINARY_DOUBLE':
      return String(doubleValue(bytes))
    case 'RAW':
    case 'LONG_RAW':
      return Buffer.from(bytes)
    default:
      return national ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('utf8')
  }
}

function readBoolean(from: WireReader): Value {
  const length = from.u8()
  if (length === 253) {
    from.u8()
    return null
  }
  return from.raw(length).at(-1) === 1 ? '1' : '0'
}

const asText = (value: string | Buffer): string => (typeof value === 'string' ? value : value.toString('latin1'))

/** IEEE 754, turned so that bytes sort as the numbers do. */
function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  if (bytes[0]! < 0x80) bytes[0]! |= 0x80
  else for (let at = 0; at < 8; at += 1) bytes[at]! ^= 0xff
  return bytes
}

function doubleValue(wire: Buffer): number {
  const bytes = Buffer.from(wire)
  if (bytes[0]! >= 0x80) bytes[0]! &= 0x7f
  else for (let at = 0; at < 8; at += 1) bytes[at]! ^= 0xff
  return bytes.readDoubleBE(0)
}
