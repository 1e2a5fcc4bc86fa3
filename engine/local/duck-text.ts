/**
 * Text in and out of DuckDB chunks through the vectors' own memory.
 *
 * A varchar vector is an array of 16-byte entries: u32 length, then up to 12 bytes of text inline, or 4 bytes of prefix
 * and a 64-bit pointer. The layout belongs to the pinned version of the binding; `ingest.ts` tests it before trusting it.
 * Reading is done here too because the binding decodes with a TextDecoder that swallows a leading U+FEFF.
 */
import type { DuckDBDataChunk } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

export const ENTRY = 16
export const INLINE = 12

/** The columns of a chunk as strings and nulls. Every column must be of type varchar. */
export function readColumns(chunk: DuckDBDataChunk): (string | null)[][] {
  const rows = chunk.rowCount
  return Array.from({ length: chunk.columnCount }, (_, index) => readVector(duckdb.data_chunk_get_vector(chunk.chunk, index), rows))
}

function readVector(vector: duckdb.Vector, rows: number): (string | null)[] {
  const entries = duckdb.vector_get_data(vector, rows * ENTRY)
  const lengths = new DataView(entries.buffer, entries.byteOffset, entries.byteLength)
  const bytes = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength)
  // No bitmap means that every value is there.
  const validity = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null
  const values: (string | null)[] = new Array(rows)
  for (let row = 0; row < rows; row += 1) {
    if (validity && (validity[row >> 3]! & (1 << (row & 7))) === 0) values[row] = null
    else values[row] = readEntry(bytes, row * ENTRY, lengths.getUint32(row * ENTRY, true))
  }
  return values
}

function readEntry(bytes: Buffer, at: number, length: number): string {
  if (length <= INLINE) return bytes.toString('utf8', at + 4, at + 4 + length)
  const text = duckdb.get_data_from_pointer(bytes.buffer as ArrayBuffer, bytes.byteOffset + at + 8, length)
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('utf8')
}
