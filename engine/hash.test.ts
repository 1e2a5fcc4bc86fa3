import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import fc from '../base/testing/fast-check.ts'
import { batchHash, hashSql, rowHash } from './hash.ts'
import { textRows, withDuck } from './local/testing/duck.ts'
import { literal } from './rules-sql.ts'
import { hostileCell } from './testing/hostile.ts'
import { runs, timeLimit } from './testing/runs.ts'

type Cell = string | null
const golden = JSON.parse(readFileSync(new URL('./hash.golden.json', import.meta.url), 'utf8')) as {
  vectors: { row: Cell[]; hash: string }[]
  batch: string
}

function bySql(row: readonly Cell[]): Promise<string> {
  const values = row.map(
    (cell, i) => `${cell === null ? 'cast(null as varchar)' : literal(cell.replace(/\p{Surrogate}/gu, '\ufffd'))} as c${i}`,
  )
  return withDuck(
    async (connection) =>
      (await textRows(connection, `select ${hashSql(row.map((_, i) => `c${i}`))} from (select ${values.join(', ')})`))[0]![0]!,
  )
}

describe('row hash', () => {
  it('keeps the golden vectors in Node', () => {
    expect(golden.vectors.map(({ row }) => rowHash(row))).toEqual(golden.vectors.map(({ hash }) => hash))
    expect(batchHash(golden.vectors.map(({ hash }) => hash).sort())).toBe(golden.batch)
  })

  it('keeps the golden vectors in DuckDB', async () => {
    for (const { row, hash } of golden.vectors) expect(await bySql(row)).toBe(hash)
  })

  it(
    'is the same in Node and in DuckDB on random hostile rows',
    async () => {
      const row = fc.array(hostileCell, { minLength: 1, maxLength: 6 })
      await fc.assert(
        fc.asyncProperty(row, async (cells) => {
          expect(await bySql(cells)).toBe(rowHash(cells))
        }),
        { numRuns: runs(60, 2000) },
      )
    },
    timeLimit,
  )

  it('tells apart neighbours that only exchange a null or a border', () => {
    const rows: Cell[][] = [['a', null], [null, 'a'], ['a', 'N'], ['ab', 'c'], ['a', 'bc'], ['a|1:b'], ['a', 'b'], ['N'], [null]]
    expect(new Set(rows.map(rowHash)).size).toBe(rows.length)
  })
})
