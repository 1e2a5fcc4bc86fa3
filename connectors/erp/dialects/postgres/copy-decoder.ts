/**
 * PostgreSQL's binary COPY format, straight into frames: no JavaScript string is made.
 * (PostgreSQL documentation, COPY, "Binary Format": signature, flags, extension; tuples of int16 count and int32-prefixed
 * fields, -1 for null; int16 -1 ends the data. All big-endian.)
 */
import { PonteError } from '../../../../base/error.ts'
import { type Frame, FrameBuilder } from '../../../../engine/frame.ts'

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** Flags that change the layout; none is known. */
const CRITICAL_FLAGS = 0xffff0000
const END = 0xffff

export class CopyDecoder {
  /** Rows decoded so far. */
  rows = 0
  readonly #columns: number
  readonly #frames: FrameBuilder
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  #rest: Buffer = Buffer.alloc(0)
  #state: 'header' | 'tuples' | 'ended' = 'header'

  /** `columns`: how many each row has, 1 or more. */
  constructor(columns: number) {
    this.#columns = columns
    this.#frames = new FrameBuilder(columns)
    this.#starts = new Int32Array(columns)
    this.#ends = new Int32Array(columns)
  }

  /** Takes the next bytes, cut anywhere; returns the frames they filled. Throws `erp.copy_format` on foreign bytes. */
  decode(chunk: Buffer): Frame[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    let at = this.#state === 'header' ? this.#header(bytes) : 0
    if (this.#state === 'tuples') at = this.#tuples(bytes, at, frames)
    this.#rest = bytes.subarray(at)
    return frames
  }

  /** The last, unfilled frame. Throws `erp.short_read` when the data broke off before its end mark. */
  end(): Frame | undefined {
    if (this.#state !== 'ended') throw shortRead(this.rows)
    return this.#frames.flush()
  }

  #header(bytes: Buffer): number {
    if (bytes.length < 19) return 0
    const length = 19 + bytes.readUInt32BE(15)
    if (!bytes.subarray(0, 11).equals(SIGNATURE) || (bytes.readUInt32BE(11) & CRITICAL_FLAGS) !== 0) throw foreign('header')
    if (bytes.length < length) return 0
    this.#state = 'tuples'
    return length
  }

  /** Decodes whole tuples from `at` on; returns where the first incomplete one begins. */
  #tuples(bytes: Buffer, at: number, frames: Frame[]): number {
    const columns = this.#columns
    const starts = this.#starts
    const ends = this.#ends
    const length = bytes.length
    while (at + 2 <= length) {
      const count = (bytes[at]! << 8) | bytes[at + 1]!
      if (count === END) {
        this.#state = 'ended'
        return at + 2
      }
      if (count !== columns) throw foreign(`tuple of ${count} fields, ${columns} expected`)
      let next = at + 2
      for (let column = 0; column < columns; column += 1) {
        if (next + 4 > length) return at
        const size = (bytes[next]! << 24) | (bytes[next + 1]! << 16) | (bytes[next + 2]! << 8) | bytes[next + 3]!
        next += 4
        starts[column] = next
        if (size > 0) next += size
        if (next > length) return at
        ends[column] = next
      }
      for (let column = 0; column < columns; column += 1) this.#frames.cell(bytes, starts[column]!, ends[column]!)
      const frame = this.#frames.endRow()
      if (frame !== undefined) frames.push(frame)
      this.rows += 1
      at = next
    }
    return at
  }
}

/** What was read ended in the middle: `erp.short_read`. */
export function shortRead(rows: number): PonteError {
  return new PonteError('erp.short_read', `a range broke off after ${rows} rows`, {
    hint: 'the connection to the ERP was lost in the middle: run again',
  })
}

function foreign(what: string): PonteError {
  return new PonteError('erp.copy_format', `the server sent something that is not COPY data: ${what}`, {
    hint: 'a proxy between Ponte and PostgreSQL, or a server version that changed the format: report it',
  })
}
