/** Frames as Arrow. Apart from frame.ts, because loading Arrow costs a reader thread half a second that it need not spend. */
import { type Data, Field, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow'
import { type Frame, frameShape } from './frame.ts'

/** The frame as an Arrow RecordBatch of nullable utf8 columns over the same memory: nothing is copied. `names`: one per column. */
export function toRecordBatch(frame: Frame, names: readonly string[]): RecordBatch {
  if (names.length !== frame.columns.length) throw frameShape(`${names.length} names for ${frame.columns.length} columns`)
  const type = new Utf8()
  const children: Data<Utf8>[] = frame.columns.map((column) =>
    makeData({
      type,
      length: frame.rows,
      nullCount: column.nulls,
      nullBitmap: new Uint8Array(frame.buffer, column.validity, Math.ceil(frame.rows / 64) * 8),
      valueOffsets: new Int32Array(frame.buffer, column.offsets, frame.rows + 1),
      data: new Uint8Array(frame.buffer, column.data, column.bytes),
    }),
  )
  const fields = names.map((name) => new Field(name, type, true))
  return new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length: frame.rows, nullCount: 0, children }))
}
