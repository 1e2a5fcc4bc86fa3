/** One column of a frame while it is being filled. Its memory is reused from frame to frame. */
import { isUtf8 } from 'node:buffer'
import { cleanText } from '../base/text.ts'

/** Below this a byte loop beats the fixed price of a bulk copy. */
const SHORT = 48

/** Half of a pair, perhaps with its other half. */
const surrogate = /[\ud800-\udfff]/

/** Text of many cells in one piece of memory, UTF-8: cell n is `bytes[starts[n], starts[n + 1])`. */
export interface TextCells {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
}

/** A cell of a row: text, the number of a cell of `TextCells`, or null. */
export type TextCell = string | number | null

export class ColumnBuilder {
  /** Bytes of text so far. */
  used = 0
  nulls = 0
  /** Bytes came that nobody has looked at; what came as a string is UTF-8 by itself. */
  #unchecked = false
  #data = Buffer.allocUnsafeSlow(4096)
  readonly #offsets: Int32Array
  readonly #validity: Uint8Array

  constructor(rowsPerFrame: number) {
    this.#offsets = new Int32Array(rowsPerFrame + 1)
    this.#validity = new Uint8Array(Math.ceil(rowsPerFrame / 64) * 8)
  }

  /** Sets row `row` to `source[start, end)`, or to null when that is empty. Returns the bytes added. */
  bytes(row: number, source: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (length <= 0) return this.#close(row, 0)
    this.#unchecked = true
    if (this.used + length > this.#data.length) this.#grow(length)
    if (length <= SHORT) {
      const data = this.#data
      for (let from = start, to = this.used; from < end; from += 1, to += 1) data[to] = source[from]!
    } else {
      this.#data.set(source.subarray(start, end), this.used)
    }
    return this.#close(row, length)
  }

  /** Sets row `row` to `value` in UTF-8, without lone surrogates; null and '' are null. Returns the bytes added. */
  text(row: number, value: string | null): number {
    if (value === null || value === '') return this.#close(row, 0)
    const text = surrogate.test(value) ? cleanText(value) : value
    // A UTF-16 unit takes at most 3 bytes in UTF-8.
    if (this.used + text.length * 3 > this.#data.length) this.#grow(text.length * 3)
    return this.#close(row, this.#data.write(text, this.used, 'utf8'))
  }

  /** Sets rows from `row` on to one column of `rows[from, to)`, some of whose cells are numbers of `cells`. Returns the bytes added. */
  cells(row: number, rows: readonly (readonly TextCell[])[], column: number, from: number, to: number, cells: TextCells): number {
    const before = this.used
    for (let at = from, next = row; at < to; at += 1, next += 1) {
      const cell = rows[at]![column] ?? null
      if (typeof cell === 'number') this.bytes(next, cells.bytes, cells.starts[cell]!, cells.starts[cell + 1]!)
      else this.text(next, cell)
    }
    return this.used - before
  }

  /** Takes control characters out of the first `rows` cells, all but tab and line feed, as `cleanText` does; an emptied cell is null. */
  dropControls(rows: number): void {
    if (!this.#holdsControls()) return
    const data = this.#data
    let from = 0
    let to = 0
    for (let row = 0; row < rows; row += 1) {
      const [start, end] = [to, this.#offsets[row + 1]!]
      for (; from < end; from += 1) {
        const byte = data[from]!
        if (byte >= 0x20 || byte === 0x09 || byte === 0x0a) data[to++] = byte
      }
      const wasThere = (this.#validity[row >> 3]! & (1 << (row & 7))) !== 0
      if (wasThere && to === start) {
        this.#validity[row >> 3]! &= ~(1 << (row & 7))
        this.nulls += 1
      }
      this.#offsets[row + 1] = to
    }
    this.used = to
  }

  /** Four bytes at a time: subtracting 0x20 from each sets the top bit of those below it that had none. May say yes for nothing. */
  #holdsControls(): boolean {
    const words = this.used >> 2
    const view = new Int32Array(this.#data.buffer, 0, words)
    for (let at = 0; at < words; at += 1) {
      const word = view[at]!
      if ((word - 0x20202020) & ~word & 0x80808080) return true
    }
    for (let at = words * 4; at < this.used; at += 1) if (this.#data[at]! < 0x20) return true
    return false
  }

  /** Whether each of the first `rows` cells is UTF-8 by itself: the whole is, and no cell starts inside a character. */
  isUtf8(rows: number): boolean {
    if (!this.#unchecked) return true
    if (!isUtf8(this.#data.subarray(0, this.used))) return false
    const data = this.#data
    for (let row = 0; row < rows; row += 1) {
      const start = this.#offsets[row]!
      if (start < this.used && (data[start]! & 0xc0) === 0x80) return false
    }
    return true
  }

  /** Copies the first `rows` rows to their places in `buffer` and starts anew. */
  moveTo(buffer: ArrayBuffer, at: { validity: number; offsets: number; data: number }, rows: number): void {
    const words = Math.ceil(rows / 64) * 8
    new Uint8Array(buffer, at.validity, words).set(this.#validity.subarray(0, words))
    new Int32Array(buffer, at.offsets, rows + 1).set(this.#offsets.subarray(0, rows + 1))
    new Uint8Array(buffer, at.data, this.used).set(this.#data.subarray(0, this.used))
    this.#validity.fill(0, 0, words)
    this.used = 0
    this.nulls = 0
    this.#unchecked = false
  }

  #close(row: number, length: number): number {
    if (length === 0) this.nulls += 1
    else this.#validity[row >> 3]! |= 1 << (row & 7)
    this.used += length
    this.#offsets[row + 1] = this.used
    return length
  }

  #grow(length: number): void {
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#data.length * 2, this.used + length))
    this.#data.copy(bigger, 0, 0, this.used)
    this.#data = bigger
  }
}
