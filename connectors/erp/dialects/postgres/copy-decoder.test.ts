import { describe, expect, test } from 'vitest'
import fc from '../../../../base/testing/fast-check.ts'
import type { Row } from '../../../../engine/model.ts'
import { rowsOf } from '../../read-source.ts'
import { CopyDecoder } from './copy-decoder.ts'

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)])
const TRAILER = Buffer.from([0xff, 0xff])

function tuple(cells: readonly (string | null)[]): Buffer {
  const parts = [Buffer.from([0, cells.length])]
  for (const cell of cells) {
    const size = Buffer.alloc(4)
    size.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell))
    parts.push(size, Buffer.from(cell ?? ''))
  }
  return Buffer.concat(parts)
}

function decodeAll(decoder: CopyDecoder, chunks: readonly Buffer[]): Row[] {
  const frames = chunks.flatMap((chunk) => decoder.decode(chunk))
  const last = decoder.end()
  return [...frames, ...(last === undefined ? [] : [last])].flatMap((frame) => rowsOf(frame, ['A', 'B']))
}

describe('the decoder of binary COPY', () => {
  test('reads rows however the bytes are cut', () => {
    const cell = fc.option(fc.string({ unit: 'grapheme', maxLength: 40 }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (rows, sizes) => {
          const bytes = Buffer.concat([HEADER, ...rows.map(tuple), TRAILER])
          const chunks: Buffer[] = []
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length]!
            chunks.push(bytes.subarray(at, at + size))
            at += size
          }
          const decoder = new CopyDecoder(2)
          expect(decodeAll(decoder, chunks)).toEqual(rows.map(([a, b]) => ({ A: a || null, B: b || null })))
          expect(decoder.rows).toBe(rows.length)
        },
      ),
      { numRuns: process.env.PONTE_TEST_LONG === '1' ? 5_000 : 300, verbose: 1 },
    )
  })

  test('data that breaks off anywhere before its end mark is an error', () => {
    const bytes = Buffer.concat([HEADER, tuple(['a', null]), tuple(['b', 'c']), TRAILER])
    for (let length = 0; length < bytes.length; length += 1) {
      const decoder = new CopyDecoder(2)
      expect(() => decodeAll(decoder, [bytes.subarray(0, length)])).toThrow(expect.objectContaining({ code: 'erp.short_read' }))
    }
    expect(decodeAll(new CopyDecoder(2), [bytes])).toHaveLength(2)
  })

  test('foreign bytes, unknown flags and another number of fields are refused', () => {
    const flagged = Buffer.from(HEADER)
    flagged[12] = 1
    for (const bytes of [Buffer.from('HTTP/1.1 400 Bad Request\r\n'), flagged, Buffer.concat([HEADER, tuple(['a', 'b', 'c'])])]) {
      expect(() => new CopyDecoder(2).decode(bytes)).toThrow(expect.objectContaining({ code: 'erp.copy_format' }))
    }
  })
})
