/**
 * frame: about 8k rows as columns of text in Arrow's layout, all inside one ArrayBuffer, so that a whole frame crosses
 *        a thread by moving one pointer, becomes an Arrow RecordBatch without a copy, and enters DuckDB column by column.
 *
 * Per column, each part at a multiple of 8 bytes: a validity bitmap (1 = a value is there, least significant bit first,
 * whole 64-bit words), `rows + 1` int32 offsets into the data, and the UTF-8 data.
 */
import { PonteError } from '../base/error.ts'
import { ColumnBuilder, type TextCell, type TextCells } from './frame-column.ts'

/** Byte positions in the frame's buffer. */
export interface FrameColumn {
  /** Bitmap of `ceil(rows / 64)` 64-bit words. */
  readonly validity: number
  /** `rows + 1` int32, relative to `data`. */
  readonly offsets: number
  readonly data: number
  /** Length of the data in bytes. */
  readonly bytes: number
  readonly nulls: number
}

export interface Frame {
  readonly rows: number
  readonly buffer: ArrayBuffer
  readonly columns: readonly FrameColumn[]
}

/**
 * What a source module exports as `read`: the rows of one range, as frames whose columns follow the compare's columns in
 * order. Called in a reader thread. Must stop soon after `signal` aborts, and release its connection in every case.
 */
export type ReadRange = (task: { settings: unknown; range: unknown }, signal: AbortSignal) => AsyncIterable<Frame>

/** A frame is closed early when its text grows beyond this, so that long texts cannot make it huge. */
const FRAME_BYTES = 8 * 1024 * 1024

/**
 * Builds frames cell by cell: `columns` calls of `cell` or `text`, then `endRow`, and again. The empty cell is null, because in
 * every ERP the empty string is null. Control characters but tab and line feed are dropped: no name or address means them, and some
 * databases and the CRM refuse them.
 */
export class FrameBuilder {
  readonly #columns: readonly ColumnBuilder[]
  readonly #rowsPerFrame: number
  #column = 0
  #rows = 0
  #bytes = 0

  /** `columns`: 1 or more; `rowsPerFrame`: 1 to 65,536. Throws `engine.frame_shape` when outside. */
  constructor(columns: number, rowsPerFrame = 8192) {
    if (!(columns >= 1 && rowsPerFrame >= 1 && rowsPerFrame <= 65_536)) throw frameShape(`${columns} columns of ${rowsPerFrame} rows`)
    this.#columns = Array.from({ length: columns }, () => new ColumnBuilder(rowsPerFrame))
    this.#rowsPerFrame = rowsPerFrame
  }

  /** Takes `bytes[start, end)`, UTF-8, as the next cell; `start === end` is null. The bytes are copied. */
  cell(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes += this.#next().bytes(this.#rows, bytes, start, end)
  }

  /** Takes a string as the next cell; null and '' are null. Lone surrogates are dropped. */
  text(value: string | null): void {
    this.#bytes += this.#next().text(this.#rows, value)
  }

  /** Takes whole rows at once, some of whose cells are numbers of `cells`. Returns the frames that they filled. */
  cellRows(rows: readonly (readonly TextCell[])[], cells: TextCells): Frame[] {
    if (this.#column !== 0) throw frameShape('whole rows in the middle of a row')
    const frames: Frame[] = []
    for (let from = 0; from < rows.length; ) {
      const to = Math.min(rows.length, from + this.#rowsPerFrame - this.#rows)
      for (const [index, column] of this.#columns.entries()) this.#bytes += column.cells(this.#rows, rows, index, from, to, cells)
      this.#rows += to - from
      from = to
      const full = this.#rows === this.#rowsPerFrame || this.#bytes >= FRAME_BYTES ? this.flush() : undefined
      if (full !== undefined) frames.push(full)
    }
    return frames
  }

  /** Ends a row. Returns a full frame when this row filled it. Throws `engine.frame_shape` when cells are missing. */
  endRow(): Frame | undefined {
    if (this.#column !== this.#columns.length) throw frameShape(`a row of ${this.#column} cells, ${this.#columns.length} expected`)
    this.#column = 0
    this.#rows += 1
    return this.#rows === this.#rowsPerFrame || this.#bytes >= FRAME_BYTES ? this.flush() : undefined
  }

  /** The rows gathered so far, or undefined when there are none. Throws `engine.bad_text` when a cell is not UTF-8. */
  flush(): Frame | undefined {
    if (this.#column !== 0) throw frameShape('flush in the middle of a row')
    if (this.#rows === 0) return undefined
    const rows = this.#rows
    for (const [index, column] of this.#columns.entries()) {
      if (!column.isUtf8(rows)) throw badText(index)
      column.dropControls(rows)
    }
    let size = 0
    const columns = this.#columns.map((column): FrameColumn => {
      const validity = size
      const offsets = validity + Math.ceil(rows / 64) * 8
      const data = offsets + align((rows + 1) * 4)
      size = data + align(column.used)
      return { validity, offsets, data, bytes: column.used, nulls: column.nulls }
    })
    const buffer = new ArrayBuffer(size)
    for (const [index, column] of this.#columns.entries()) column.moveTo(buffer, columns[index]!, rows)
    this.#rows = 0
    this.#bytes = 0
    return { rows, buffer, columns }
  }

  #next(): ColumnBuilder {
    const column = this.#columns[this.#column]
    if (column === undefined) throw frameShape(`more than ${this.#columns.length} cells in a row`)
    this.#column += 1
    return column
  }
}

function align(bytes: number): number {
  return (bytes + 7) & ~7
}

/** A frame that was built or used wrongly: `engine.frame_shape`. */
function frameShape(what: string): PonteError {
  return new PonteError('engine.frame_shape', `a frame was built wrongly: ${what}`, {
    hint: 'this is a fault of the source module, report it',
  })
}

function badText(column: number): PonteError {
  return new PonteError('engine.bad_text', `column ${column + 1} of the source holds bytes that are not UTF-8`, {
    hint: 'check the encoding of the database and of the connection',
  })
}
