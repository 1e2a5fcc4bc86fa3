/** A whole source as rows, read in this thread. For tests and single looks; engines read ranges in threads of their own. */
import { type Frame, type ReadRange, toRecordBatch } from '../../engine/frame.ts'
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

/** The rows of a frame as records. */
export function rowsOf(frame: Frame, columns: readonly string[]): Row[] {
  const batch = toRecordBatch(frame, columns)
  const vectors = columns.map((_, index) => batch.getChildAt(index)!)
  return Array.from({ length: frame.rows }, (_, row) =>
    Object.fromEntries(columns.map((name, index) => [name, vectors[index]!.get(row) as Cell])),
  )
}
