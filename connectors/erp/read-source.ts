/** A whole source as rows, read in this thread. For tests and single looks; engines read ranges in threads of their own. */
import type { Frame, ReadRange } from '../../engine/frame.ts'
import type { Cell, Row, SourceRef } from '../../engine/model.ts'

/** Every row of every range, in the order read. `columns`: those the source was opened with. */
export async function readSource(source: SourceRef, columns: readonly string[]): Promise<Row[]> {
  const { read } = (await import(source.module)) as { read: ReadRange }
  const rows: Row[] = []
  for (const range of source.ranges) {
    for await (const frame of read({ settings: source.settings, range }, new AbortController().signal)) rows.push(...rowsOf(frame, columns))
  }
  return rows
}

/** The rows of a frame as records. Not by Arrow's own `get`: its decoder drops a byte order mark at the start of a cell. */
export function rowsOf(frame: Frame, columns: readonly string[]): Row[] {
  const cells = frame.columns.map((column) => {
    const offsets = new Int32Array(frame.buffer, column.offsets, frame.rows + 1)
    const validity = new Uint8Array(frame.buffer, column.validity, Math.ceil(frame.rows / 8))
    const data = Buffer.from(frame.buffer, column.data, column.bytes)
    return (row: number): Cell => ((validity[row >> 3]! >> (row & 7)) & 1 ? data.toString('utf8', offsets[row], offsets[row + 1]) : null)
  })
  return Array.from({ length: frame.rows }, (_, row) => Object.fromEntries(columns.map((name, index) => [name, cells[index]!(row)])))
}
