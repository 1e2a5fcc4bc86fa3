/** The first two answers of a session: the protocol, and the data types. */
import { WireWriter } from '../wire/writer.ts'

/** Field version of 12.2 to 19c: the newest without the extra fields of 20c and 23ai. */
const FIELD_VERSION = 12
const UTF8 = 873
const UTF16 = 2000
const BANNER = 'ponte-oracle-wire, a simulator'

export function protocolAnswer(): Buffer {
  const formats = Buffer.alloc(11)
  formats.writeUInt16BE(UTF16, 9)
  const compile = Buffer.alloc(46)
  compile[7] = FIELD_VERSION
  // Without bit 4 of byte 6 strings end at 4000 bytes, as they do in a 19c with default settings.
  const runtime = Buffer.from([0, 1, 0, 0, 0, 0, 0])
  return new WireWriter()
    .u8s(1, 6, 0)
    .raw(Buffer.from(`${BANNER}\0`))
    .u16le(UTF8)
    .u8(0)
    .u16le(0)
    .u16(formats.length)
    .raw(formats)
    .bytes(compile)
    .bytes(runtime)
    .take()
}

/** The database's time zone is +00:00; the list of types is empty, because the driver reads none of it. */
export function dataTypesAnswer(): Buffer {
  const timeZone = Buffer.from([0x80, 0, 0, 0, 60, 60, 60, 0x80, 0, 0, 0])
  return new WireWriter().u8(2).raw(timeZone).u16(0).take()
}
