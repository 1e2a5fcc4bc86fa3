import { describe, expect, test } from 'vitest'
import fc from '../../../base/testing/fast-check.ts'
import type { Row } from '../../../engine/model.ts'
import { rowsOf } from '../read-source.ts'
import { RowPackets } from './row-packets.ts'

const END = Buffer.from([5, 0, 0, 9, 0xfe, 0, 0, 2, 0])

function packet(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([payload.length & 0xff, (payload.length >> 8) & 0xff, payload.length >> 16, 7]), payload])
}

function field(cell: string | null): Buffer {
  if (cell === null) return Buffer.from([0xfb])
  const text = Buffer.from(cell)
  const { length } = text
  if (length < 0xfb) return Buffer.concat([Buffer.from([length]), text])
  if (length <= 0xffff) return Buffer.concat([Buffer.from([0xfc, length & 0xff, length >> 8]), text])
  return Buffer.concat([Buffer.from([0xfd, length & 0xff, (length >> 8) & 0xff, length >> 16]), text])
}

const row = (cells: readonly (string | null)[]): Buffer => packet(Buffer.concat(cells.map(field)))

function decodeAll(chunks: readonly Buffer[]): Row[] {
  const decoder = new RowPackets(2)
  const frames = chunks.flatMap((chunk) => decoder.decode(chunk))
  const last = decoder.end()
  return [...frames, ...(last === undefined ? [] : [last])].flatMap((frame) => rowsOf(frame, ['A', 'B']))
}

describe('the decoder of row packets', () => {
  test('reads rows however the bytes are cut', () => {
    const cell = fc.option(
      fc.oneof(
        { weight: 9, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
        fc.constantFrom('ç'.repeat(200), 'x'.repeat(70_000)),
      ),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { maxLength: 20 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(40_000)), { minLength: 1 }),
        (rows, sizes) => {
          const bytes = Buffer.concat([...rows.map(row), END])
          const chunks: Buffer[] = []
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length]!
            chunks.push(bytes.subarray(at, at + size))
            at += size
          }
          expect(decodeAll(chunks)).toEqual(rows.map(([A, B]) => ({ A: A || null, B: B || null })))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('takes no end for granted: data that breaks off is a short read, also in the middle of a row', () => {
    const whole = row(['1', 'a'])
    for (const bytes of [whole, Buffer.concat([whole, whole.subarray(0, 3)]), Buffer.concat([whole, whole.subarray(0, 6)])])
      expect(() => decodeAll([bytes])).toThrow(
        expect.objectContaining({ code: 'erp.short_read', message: expect.stringContaining('1 rows') }),
      )
  })

  test('refuses rows of another width and lengths that lead out of the packet', () => {
    const beyond = packet(Buffer.from([1, 0x61, 200, 0x62]))
    for (const bytes of [row(['1']), row(['1', '2', '3']), beyond])
      expect(() => decodeAll([bytes, END])).toThrow(expect.objectContaining({ code: 'erp.row_format' }))
  })
})
