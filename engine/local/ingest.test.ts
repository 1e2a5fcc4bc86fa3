import { describe, expect, it } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import { cleanText } from '../../base/text.ts'
import { FrameBuilder } from '../frame.ts'
import { hostileCell } from '../testing/hostile.ts'
import { chooseFill, type Fill, fillDirect, fillPlain, Ingest, sameAsRowAppender } from './ingest.ts'
import { textRows, withDuck } from './testing/duck.ts'

describe('ingest', () => {
  it('fills vectors directly on the pinned library, and the self-test agrees for both ways', async () => {
    await withDuck(async (connection) => {
      expect(await chooseFill(connection)).toBe(fillDirect)
      expect(await sameAsRowAppender(connection, fillDirect)).toBe(true)
      expect(await sameAsRowAppender(connection, fillPlain)).toBe(true)
    })
  })

  it('is found out by the self-test when it puts one wrong character or forgets a null', async () => {
    const wrongText: Fill = (chunk, frame, from, count) => {
      const data = new Uint8Array(frame.buffer, frame.columns[2]!.data)
      data[frame.columns[2]!.bytes - 1]! ^= 1
      fillPlain(chunk, frame, from, count)
    }
    const noNulls: Fill = (chunk, frame, from, count) =>
      fillDirect(chunk, { ...frame, columns: frame.columns.map((column) => ({ ...column, nulls: 0 })) }, from, count)
    await withDuck(async (connection) => {
      expect(await sameAsRowAppender(connection, wrongText)).toBe(false)
      expect(await sameAsRowAppender(connection, noNulls)).toBe(false)
    })
  })

  it.each([
    ['directly', fillDirect],
    ['plainly', fillPlain],
  ] as const)('keeps hostile texts and nulls byte for byte, %s', async (_, fill) => {
    const rows = fc.sample(fc.tuple(hostileCell, hostileCell), { numRuns: 5000, seed: 7 })
    await withDuck(async (connection) => {
      await connection.run('create table t (a varchar, b varchar)')
      const ingest = await Ingest.open(connection, { schema: 'main', table: 't', columns: 2 }, fill)
      const builder = new FrameBuilder(2, 3000)
      for (const row of rows) {
        for (const cell of row) builder.text(cell)
        const frame = builder.endRow()
        if (frame) ingest.append(frame)
      }
      ingest.append(builder.flush()!)
      ingest.close()
      const clean = rows.map((row) => row.map((cell) => (cell && cleanText(cell)) || null))
      expect(await textRows(connection, 'select a, b from t order by rowid')).toEqual(clean)
    })
  })
})
