/**
 * Text of Oracle's rows as the server's own bytes: no JavaScript string is made of it. The thin driver makes one of every cell, which for
 * rows that become columns of bytes anyway is a quarter of the work. While a connection has an arena, its short cells of text arrive
 * as numbers: places in the arena. Whatever the driver reads in another way (numbers, long or national text, a cell cut by the end of a
 * network packet) is a string as always, and so is all text of a driver of another version. (oracledb 26.0.0, thin: `processColumnData` of lib/thin/protocol/messages/withData.js.)
 */
import { isUtf8 } from 'node:buffer'
import { createRequire } from 'node:module'
import oracledb from 'oracledb'
import type { TextCell, TextCells } from '../../../../engine/frame-column.ts'

/** What of the driver lies behind its documentation; of this version, which is pinned. */
interface ReadBuffer {
  readonly buf: Uint8Array
  pos: number
  readonly size: number
  readonly caps: { readonly maxStringSize: number }
}
interface Variable {
  readonly type: { readonly _oraTypeNum: number; readonly _csfrm: number }
  readonly maxSize: number
  readonly outConverter?: unknown
}
interface Impl {
  [inArena]?: TextArena
}
interface Message {
  readonly connection: Impl
  readonly inFetch: boolean
}
type ReadCell = (this: Message, buf: ReadBuffer, variable: Variable) => unknown

/** The version whose rows were held against this way. */
const KNOWN = '26.0.0'
const inArena = Symbol('arena')
const VARCHAR = 1
const CHAR = 96
/** Text in the character set of the connection, which the thin driver has as UTF-8. */
const IMPLICIT = 1
/** A length byte above: null (255), or text in pieces (254). */
const LONGEST = 253

/** Cells of text in one piece of memory, in the order in which they came. */
export class TextArena implements TextCells {
  bytes = new Uint8Array(1 << 20)
  /** Cell n is `bytes[starts[n], starts[n + 1])`. */
  starts = new Int32Array(1 << 17)
  #cells = 0
  /** Bytes that were looked at. */
  #checked = 0
  #isUtf8 = true

  /** All cells are gone, the memory stays. */
  clear(): void {
    this.#cells = 0
    this.#checked = 0
    this.#isUtf8 = true
  }

  /** Whether all cells so far are, taken together: a database may hold what it never checked. */
  isUtf8(): boolean {
    const end = this.starts[this.#cells]!
    this.#isUtf8 &&= isUtf8(this.bytes.subarray(this.#checked, end))
    this.#checked = end
    return this.#isUtf8
  }

  /** Rows as the driver itself would give them: what is no UTF-8 becomes U+FFFD. */
  decoded(rows: readonly (readonly TextCell[])[]): TextCell[][] {
    const text = (cell: number) => Buffer.from(this.bytes.subarray(this.starts[cell], this.starts[cell + 1])).toString()
    return rows.map((row) => row.map((cell) => (typeof cell === 'number' ? text(cell) : cell)))
  }

  /** Copies `source[from, from + length)`. @returns the number of the cell */
  add(source: Uint8Array, from: number, length: number): number {
    const cell = this.#cells
    const start = this.starts[cell]!
    const end = start + length
    if (end > this.bytes.length) this.bytes = grown(this.bytes, new Uint8Array(this.bytes.length * 2))
    if (cell + 2 > this.starts.length) this.starts = grown(this.starts, new Int32Array(this.starts.length * 2))
    const { bytes } = this
    for (let at = start, next = from; at < end; at += 1, next += 1) bytes[at] = source[next]!
    this.starts[cell + 1] = end
    this.#cells = cell + 1
    return cell
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/**
 * From now on, text that queries on this connection read goes into `arena`; null: no more. An arena is cleared when no open query
 * has rows in it: a cell that repeats the one above is told as the same place.
 * @returns false where the driver is not the one that is known (thick mode, another `version`): its rows stay strings
 */
export function useArena(connection: oracledb.Connection, arena: TextArena | null, version = oracledb.versionString): boolean {
  const impl = (connection as unknown as { _impl?: Impl })._impl
  if (impl === undefined || version !== KNOWN) return false
  patch()
  if (arena === null) delete impl[inArena]
  else impl[inArena] = arena
  return true
}

let patched = false

/** Once per thread, which has its own copy of the driver. */
function patch(): void {
  if (patched) return
  patched = true
  const { prototype } = createRequire(import.meta.url)('oracledb/lib/thin/protocol/messages/withData.js') as {
    prototype: { processColumnData: ReadCell }
  }
  const whole = prototype.processColumnData
  prototype.processColumnData = function (buf, variable) {
    const arena = this.connection[inArena]
    const { type, maxSize } = variable
    if (arena === undefined || !this.inFetch || type._csfrm !== IMPLICIT || maxSize === 0) return whole.call(this, buf, variable)
    // Of a column that may be longer than the longest string each cell is followed by two indicators.
    if (maxSize > buf.caps.maxStringSize) return whole.call(this, buf, variable)
    if (type._oraTypeNum !== VARCHAR && type._oraTypeNum !== CHAR) return whole.call(this, buf, variable)
    const { pos } = buf
    const length = pos < buf.size ? buf.buf[pos]! : LONGEST + 1
    if (length > LONGEST || pos + 1 + length > buf.size || variable.outConverter !== undefined) return whole.call(this, buf, variable)
    buf.pos = pos + 1 + length
    return length === 0 ? null : arena.add(buf.buf, pos + 1, length)
  }
}
