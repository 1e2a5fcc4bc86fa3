/**
 * MySQL's row packets (mysql-raw-rows.ts) straight into frames: no JavaScript string is made. (MySQL documentation, Text Resultset Row:
 * per column 0xfb for null, or the length in 1, 3 or 4 bytes and the text.)
 */
import { PonteError } from '../../../base/error.ts'
import { type Frame, FrameBuilder } from '../../../engine/frame.ts'
import { shortRead } from '../dialects/postgres/copy-decoder.ts'

const HEADER = 4

export class RowPackets {
  /** Rows decoded so far. */
  rows = 0
  readonly #columns: number
  readonly #frames: FrameBuilder
  /** A packet that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0)
  #ended = false

  /** `columns`: how many each row has, 1 or more. */
  constructor(columns: number) {
    this.#columns = columns
    this.#frames = new FrameBuilder(columns)
  }

  /** Takes the next bytes, cut anywhere; returns the frames they filled. Throws `erp.row_format` on foreign bytes. */
  decode(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    const begun = this.#finish(chunk, frames)
    const end = this.#packets(chunk, begun, frames)
    // A copy, so that few bytes keep no chunk.
    if (end < chunk.length) this.#rest = Buffer.from(chunk.subarray(end))
    return frames
  }

  /** The last, unfilled frame. Throws `erp.short_read` when the data broke off before its end. */
  end(): Frame | undefined {
    if (!this.#ended || this.#rest.length > 0) throw shortRead(this.rows)
    return this.#frames.flush()
  }

  /** Completes the packet that was cut; returns where the next one begins in `chunk`. */
  #finish(chunk: Buffer, frames: Frame[]): number {
    let taken = 0
    while (this.#rest.length > 0 && taken < chunk.length) {
      const has = this.#rest.length
      const needs = has < HEADER ? HEADER : HEADER + lengthAt(this.#rest, 0)
      const part = chunk.subarray(taken, taken + needs - has)
      this.#rest = Buffer.concat([this.#rest, part])
      taken += part.length
      const whole = this.#rest
      if (whole.length < HEADER || whole.length < HEADER + lengthAt(whole, 0)) continue
      this.#rest = Buffer.alloc(0)
      this.#packets(whole, 0, frames)
    }
    return taken
  }

  /** Decodes whole packets from `at` on; returns where the first incomplete one begins. */
  #packets(bytes: Buffer, at: number, frames: Frame[]): number {
    let next = at
    while (next + HEADER <= bytes.length) {
      const start = next + HEADER
      const end = start + lengthAt(bytes, next)
      if (end > bytes.length) break
      if (bytes[start] === 0xfe && end - start < 9) this.#ended = true
      else this.#row(bytes, start, end, frames)
      next = end
    }
    return next
  }

  #row(bytes: Buffer, start: number, end: number, frames: Frame[]): void {
    let at = start
    for (let column = 0; column < this.#columns; column += 1) {
      let size = bytes[at]!
      at += 1
      if (size === 0xfb) size = 0
      else if (size === 0xfc) {
        size = bytes[at]! | (bytes[at + 1]! << 8)
        at += 2
      } else if (size === 0xfd) {
        size = lengthAt(bytes, at)
        at += 3
      }
      if (at + size > end) throw foreign()
      this.#frames.cell(bytes, at, at + size)
      at += size
    }
    if (at !== end) throw foreign()
    const frame = this.#frames.endRow()
    if (frame !== undefined) frames.push(frame)
    this.rows += 1
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
}

function foreign(): PonteError {
  return new PonteError('erp.row_format', 'the server sent something that is not a row of the query', {
    hint: 'a proxy between Ponte and MySQL, or a server version that changed the format: report it',
  })
}
