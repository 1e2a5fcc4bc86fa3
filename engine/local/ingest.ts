/**
 * Frames into DuckDB tables. Two ways to fill a chunk: `direct` writes the vectors' memory (see duck-text.ts), `plain`
 * goes through the public API and is several times slower. `direct` is used only on the pinned version of the library
 * and only after it gave, on this machine and at this start, the same rows as the row appender.
 */
import { type DuckDBAppender, type DuckDBConnection, DuckDBDataChunk, VARCHAR } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'
import { type Frame, FrameBuilder } from '../frame.ts'
import { ENTRY, INLINE } from './duck-text.ts'
import { explained } from './session.ts'

/** DuckDB's fixed number of rows in a chunk. A multiple of 64, so that validity words are cut at their borders. */
const CHUNK_ROWS = 2048
const DIRECT_VERSION = 'v1.5.6'

export type Fill = (chunk: DuckDBDataChunk, frame: Frame, from: number, count: number) => void

/** Appends frames to one table of varchar columns. Memory is bounded: DuckDB flushes by itself. */
export class Ingest {
  readonly #appender: DuckDBAppender
  readonly #chunk: DuckDBDataChunk
  readonly #fill: Fill

  private constructor(appender: DuckDBAppender, columns: number, fill: Fill) {
    this.#appender = appender
    this.#chunk = DuckDBDataChunk.create(Array.from({ length: columns }, () => VARCHAR))
    this.#fill = fill
  }

  static async open(connection: DuckDBConnection, at: { schema: string; table: string; columns: number }, fill: Fill): Promise<Ingest> {
    return new Ingest(await connection.createAppender(at.table, at.schema), at.columns, fill)
  }

  /** Throws `engine.out_of_memory`, `engine.disk_full` or `engine.query_failed`. */
  append(frame: Frame): void {
    for (let from = 0; from < frame.rows; from += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, frame.rows - from)
      this.#chunk.reset()
      this.#chunk.rowCount = count
      this.#fill(this.#chunk, frame, from, count)
      try {
        this.#appender.appendDataChunk(this.#chunk)
      } catch (cause) {
        throw explained(cause)
      }
    }
  }

  /** Flushes; the rows are visible afterwards. Throws as `append` does. */
  close(): void {
    try {
      this.#appender.closeSync()
    } catch (cause) {
      throw explained(cause)
    }
  }

  /** Forgets what was not flushed. */
  discard(): void {
    this.#appender.clear()
    this.#appender.closeSync()
  }
}

const scratch = new ArrayBuffer(CHUNK_ROWS * ENTRY)
const scratchBytes = new Uint8Array(scratch)
/** DuckDB's entries are in the machine's own byte order, and so is this view; the self-test would notice otherwise. */
const scratchWords = new Uint32Array(scratch)

/**
 * Fills the vectors' memory. The text of a column goes in as one string, which DuckDB copies to the vector's heap (and
 * checks as UTF-8); the entries of its rows then point into that copy. So a column costs three calls, not one per row.
 */
export const fillDirect: Fill = (chunk, frame, from, count) => {
  for (const [index, column] of frame.columns.entries()) {
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, index)
    const offsets = new Int32Array(frame.buffer, column.offsets + from * 4, count + 1)
    const first = offsets[0]!
    const text = new Uint8Array(frame.buffer, column.data + first, offsets[count]! - first)
    writeEntries(text, offsets, count, vector)
    duckdb.copy_data_to_vector(vector, 0, scratch, 0, count * ENTRY)
    if (column.nulls > 0) {
      // Without this the bitmap has no memory to copy to.
      duckdb.vector_ensure_validity_writable(vector)
      duckdb.copy_data_to_vector_validity(vector, 0, frame.buffer, column.validity + from / 8, Math.ceil(count / 64) * 8)
    }
  }
}

function writeEntries(text: Uint8Array, offsets: Int32Array, count: number, vector: duckdb.Vector): void {
  const first = offsets[0]!
  /** Where `text` lies on the vector's heap; it is put there when the first value needs it. */
  let heap = -1
  let start = 0
  for (let row = 0, word = 0; row < count; row += 1, word += 4) {
    const end = offsets[row + 1]! - first
    const length = end - start
    scratchWords[word] = length
    if (length <= INLINE) {
      // What follows the text must be zero: entries are compared as a whole.
      scratchWords[word + 1] = 0
      scratchWords[word + 2] = 0
      scratchWords[word + 3] = 0
      for (let to = word * 4 + 4; start < end; to += 1, start += 1) scratchBytes[to] = text[start]!
    } else {
      if (heap < 0) heap = putOnHeap(vector, text)
      const prefix = word * 4 + 4
      for (let byte = 0; byte < 4; byte += 1) scratchBytes[prefix + byte] = text[start + byte]!
      const address = heap + start
      // Stored modulo 2^32.
      scratchWords[word + 2] = address
      scratchWords[word + 3] = address / 2 ** 32
      start = end
    }
  }
}

/** Copies `text` (longer than an entry holds) to the vector's heap. Returns its address, below 2^53 on every 64-bit system in use. */
function putOnHeap(vector: duckdb.Vector, text: Uint8Array): number {
  duckdb.vector_assign_string_element_len(vector, 0, text)
  const entry = duckdb.vector_get_data(vector, ENTRY)
  const view = new DataView(entry.buffer, entry.byteOffset, ENTRY)
  if (view.getUint32(0, true) !== text.length) throw new Error('unexpected layout of a varchar entry')
  return view.getUint32(8, true) + view.getUint32(12, true) * 2 ** 32
}

/** Fills a chunk through the public API. */
export const fillPlain: Fill = (chunk, frame, from, count) => {
  chunk.setColumns(frame.columns.map((_, column) => cells(frame, column, from, count)))
}

function cells(frame: Frame, index: number, from: number, count: number): (string | null)[] {
  const column = frame.columns[index]!
  const offsets = new Int32Array(frame.buffer, column.offsets, frame.rows + 1)
  const validity = new Uint8Array(frame.buffer, column.validity, Math.ceil(frame.rows / 64) * 8)
  const data = Buffer.from(frame.buffer, column.data, column.bytes)
  return Array.from({ length: count }, (_, row) => {
    const at = from + row
    return (validity[at >> 3]! & (1 << (at & 7))) === 0 ? null : data.toString('utf8', offsets[at]!, offsets[at + 1]!)
  })
}

/** `direct` when it can be trusted here, else `plain`. */
export async function chooseFill(connection: DuckDBConnection): Promise<Fill> {
  if (duckdb.library_version() !== DIRECT_VERSION) return fillPlain
  try {
    return (await sameAsRowAppender(connection, fillDirect)) ? fillDirect : fillPlain
  } catch {
    return fillPlain
  }
}

/** Puts rows of every awkward size into two tables, by `fill` and by the row appender, and compares them in the database. */
export async function sameAsRowAppender(connection: DuckDBConnection, fill: Fill): Promise<boolean> {
  const rows = Array.from({ length: CHUNK_ROWS * 2 + 71 }, (_, row): [string, string | null, string | null] => [
    String(row),
    row % 5 === 0 ? null : 'x'.repeat(row % 30) || null,
    row % 64 < 3 ? null : row % 1000 === 7 ? 'ção\t😀'.repeat(9000) : 'çã😀'.repeat(row % 4) || null,
  ])
  await connection.run('create schema self_test')
  try {
    for (const table of ['filled', 'appended']) await connection.run(`create table self_test.${table} (id varchar, a varchar, b varchar)`)
    const ingest = await Ingest.open(connection, { schema: 'self_test', table: 'filled', columns: 3 }, fill)
    ingest.append(frameOf(rows))
    ingest.close()
    const appender = await connection.createAppender('appended', 'self_test')
    for (const row of rows) {
      for (const cell of row) cell === null ? appender.appendNull() : appender.appendVarchar(cell)
      appender.endRow()
    }
    appender.closeSync()
    const same = 'f.a is not distinct from p.a and f.b is not distinct from p.b and md5(f.a) is not distinct from md5(p.a)'
    const result = await connection.runAndReadAll(
      `select count(*)::integer from self_test.filled f join self_test.appended p on f.id = p.id where ${same}`,
    )
    return result.getRows()[0]![0] === rows.length
  } finally {
    await connection.run('drop schema self_test cascade')
  }
}

function frameOf(rows: readonly (readonly (string | null)[])[]): Frame {
  const builder = new FrameBuilder(rows[0]!.length, rows.length)
  let frame: Frame | undefined
  for (const row of rows) {
    for (const cell of row) builder.text(cell)
    frame = builder.endRow() ?? frame
  }
  return frame ?? builder.flush()!
}
