import { type Data, Field, makeData, RecordBatch, Schema, Struct, Table, tableFromIPC, tableToIPC, Utf8 } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import fc from '../base/testing/fast-check.ts'
import { cleanText } from '../base/text.ts'
import { type Frame, FrameBuilder } from './frame.ts'
import { hostileCell } from './testing/hostile.ts'

type Cell = string | null

/** As a text that has become bytes. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd')

/** The frame as an Arrow RecordBatch of nullable utf8 columns over the same memory: nothing is copied. `names`: one per column. */
function toRecordBatch(frame: Frame, names: readonly string[]): RecordBatch {
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

/** Even columns through `text`, odd ones through `cell`. */
function build(rows: readonly (readonly Cell[])[], columns: number, rowsPerFrame: number): Frame[] {
  const builder = new FrameBuilder(columns, rowsPerFrame)
  const frames: Frame[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      const bytes = Buffer.from(`<${cell ?? ''}>`)
      if (i % 2 === 0) builder.text(cell)
      else builder.cell(bytes, 1, bytes.length - 1)
    }
    const frame = builder.endRow()
    if (frame) frames.push(frame)
  }
  const rest = builder.flush()
  return rest ? [...frames, rest] : frames
}

const names = ['A', 'B', 'C']
const valuesOf = (frame: Frame): Cell[][] =>
  toRecordBatch(frame, names)
    .toArray()
    .map((row) => names.map((name) => row?.[name] as Cell))

describe('frames', () => {
  it('hold what was put in, however they are cut, as Arrow sees them', () => {
    const row = fc.tuple(hostileCell, hostileCell, hostileCell)
    fc.assert(
      fc.property(fc.array(row, { maxLength: 150 }), fc.integer({ min: 1, max: 130 }), (rows, rowsPerFrame) => {
        const frames = build(rows, 3, rowsPerFrame)
        // Arrow's JavaScript reader drops a leading byte order mark; the bytes in the frame keep it.
        const clean = (cell: Cell) => (cell && cleanText(cell).replace(/^\ufeff/, '')) || null
        const given = rows.map((cells) => cells.map((cell, i) => (i % 2 === 0 ? cell : cell && wellFormed(cell))))
        expect(frames.flatMap(valuesOf)).toEqual(given.map((cells) => cells.map(clean)))
        expect(frames.every((frame) => frame.rows <= rowsPerFrame)).toBe(true)
      }),
    )
  })

  it('are the same, byte by byte, when whole rows are put in at once, their text as strings or as cells of one piece of memory', () => {
    const cell = fc.oneof(
      fc.constant(null),
      hostileCell.map((text) => text && wellFormed(text)),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 150 }), fc.integer({ min: 1, max: 130 }), (rows, rowsPerFrame) => {
        const texts = rows.flat().map((text) => Buffer.from(text ?? ''))
        let end = 0
        const cells = { bytes: Buffer.concat(texts), starts: Int32Array.from([0, ...texts.map(({ length }) => (end += length))]) }
        const mixed = rows.map((row, at) => row.map((text, column) => (text && (at + column) % 3 ? at * 3 + column : text)))
        const builder = new FrameBuilder(3, rowsPerFrame)
        const frames = [...builder.cellRows(mixed.slice(0, 70), cells), ...builder.cellRows(mixed.slice(70), cells)]
        const rest = builder.flush()
        expect(rest ? [...frames, rest] : frames).toEqual(build(rows, 3, rowsPerFrame))
      }),
    )
  })

  it('become a RecordBatch over the same memory, and survive Arrow IPC', () => {
    const [frame] = build(
      [
        ['a', null, 'ção'],
        [null, 'b', '😀'],
      ],
      3,
      8,
    )
    const batch = toRecordBatch(frame!, names)
    expect(batch.data.children[0]?.values.buffer).toBe(frame!.buffer)
    const back = tableFromIPC(tableToIPC(new Table([batch])))
    expect(back.toArray().map((row) => row.toJSON())).toEqual([
      { A: 'a', B: null, C: 'ção' },
      { A: null, B: 'b', C: '😀' },
    ])
  })

  it('drop control characters but tab and line feed, and lone surrogates; a cell of nothing else is null', () => {
    const [frame] = build([['Jo\0ao\r\n', 'a\tb\x1b[2J', '\0'], ['x\ud800', '\0\x01', 'ção'], ['a', 'b', 'c']], 3, 8) // biome-ignore format: a table
    expect(valuesOf(frame!)).toEqual([['Joao\n', 'a\tb[2J', null], ['x', null, 'ção'], ['a', 'b', 'c']]) // biome-ignore format: a table
    expect(frame?.columns.map(({ nulls }) => nulls)).toEqual([0, 1, 1])
  })

  it('turn the empty text into null', () => {
    const [frame] = build([['', '', '']], 3, 8)
    expect(frame?.columns.map(({ nulls }) => nulls)).toEqual([1, 1, 1])
  })

  it('are closed early when their texts are long', () => {
    const frames = build(
      Array.from({ length: 30 }, () => ['x'.repeat(1_000_000), null, null]),
      3,
      8192,
    )
    expect(frames.length).toBeGreaterThan(2)
    expect(frames.reduce((sum, { rows }) => sum + rows, 0)).toBe(30)
  })

  it('refuse bytes that are not UTF-8, also when two cells are broken halves of one character', () => {
    const put = (...cells: number[][]) => {
      const builder = new FrameBuilder(1, 8)
      for (const cell of cells) {
        builder.cell(Uint8Array.from(cell), 0, cell.length)
        builder.endRow()
      }
      return () => builder.flush()
    }
    expect(put([0xff])).toThrow(expect.objectContaining({ code: 'engine.bad_text' }))
    expect(put([0x61, 0xc3], [0xa9])).toThrow(expect.objectContaining({ code: 'engine.bad_text' }))
    expect(put([0xc3, 0xa9])()?.rows).toBe(1)
  })

  it('refuse rows with too few or too many cells', () => {
    const builder = new FrameBuilder(2)
    builder.text('a')
    expect(() => builder.endRow()).toThrow(expect.objectContaining({ code: 'engine.frame_shape' }))
    builder.text('b')
    expect(() => builder.text('c')).toThrow(expect.objectContaining({ code: 'engine.frame_shape' }))
  })
})
