import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import { cleanText } from '../../base/text.ts'
import type { Cell, Change, Column, CompareSpec, Engine, Row } from '../model.ts'
import { changeOf, normaliseRow } from '../record.ts'
import { hostileCell, hostileTexts } from '../testing/hostile.ts'
import { runs, timeLimit } from '../testing/runs.ts'
import { allChanges, compared, openEngine } from './testing/engine.ts'
import { givenRows } from './testing/generated.ts'

const columns: readonly Column[] = [
  { name: 'ID', rule: [{ op: 'trim' }] },
  { name: 'NAME', rule: [{ op: 'trim' }, { op: 'truncate', length: 40 }], compare: [{ op: 'unaccent' }, { op: 'upper' }] },
  { name: 'TAXID', rule: [{ op: 'alnum' }, { op: 'padLeft', length: 14, fill: '0' }] },
  { name: 'NOTE', rule: [], compare: false },
  { name: 'CITY', rule: [] },
]

function specOf(desired: readonly (readonly Cell[])[], known: readonly (readonly Cell[])[] | null, ranges = 2): CompareSpec {
  return {
    entity: 'leads.update',
    columns,
    key: ['ID'],
    desired: givenRows(desired, ranges, 7),
    known: known && givenRows(known, ranges, 5),
  }
}

/** `B - A` per key, in the plainest TypeScript. */
function plainDifference(desired: readonly (readonly Cell[])[], known: readonly (readonly Cell[])[] | null) {
  const byKey = (rows: readonly (readonly Cell[])[]) => {
    const records = rows.map((row): Row => Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null])))
    const keyed = records.filter((row) => normaliseRow(columns, row).ID != null)
    return new Map(
      keyed.map((row) => [changeOf({ entity: 'x', columns, key: ['ID'] }, row).key, changeOf({ entity: 'x', columns, key: ['ID'] }, row)]),
    )
  }
  const [b, a] = [byKey(desired), known && byKey(known)]
  const changes = [...b.values()].flatMap(({ key, hash, row }): Change[] => {
    if (a === null) return [{ op: 'insert', key, hash, before: null, after: row }]
    const old = a.get(key)
    return old === undefined || old.hash === hash ? [] : [{ op: 'update', key, hash, before: old.row, after: row }]
  })
  changes.sort((x, y) => Buffer.compare(Buffer.from(x.key), Buffer.from(y.key)))
  return { changes, vanished: a === null ? 0 : [...a.keys()].filter((key) => !b.has(key)).length }
}

const row = (id: string | null, ...cells: Cell[]): Cell[] => [id, ...cells]
const rows = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 40 }), hostileCell, hostileCell, hostileCell, hostileCell), {
  maxLength: 40,
  selector: ([id]) => id,
})
const asCells = (list: [number, Cell, Cell, Cell, Cell][]) => list.map(([id, ...cells]) => [` ${id} `, ...cells])

let engine: Engine
let close: () => Promise<void>
beforeAll(async () => {
  ;({ engine, close } = await openEngine())
})
afterAll(() => close())

describe('compare', () => {
  it(
    'finds exactly what a plain B - A finds, on random hostile rows',
    async () => {
      await fc.assert(
        fc.asyncProperty(rows, rows, fc.boolean(), async (desired, known, inserts) => {
          const [b, a] = [asCells(desired), inserts ? null : asCells(known)]
          const comparison = compared(await engine.compare(specOf(b, a), { run: 'r' }))
          const found = await allChanges(comparison)
          const plain = plainDifference(b, a)
          await comparison.close()
          expect(found).toEqual(plain.changes)
          expect(comparison.changed).toBe(plain.changes.length)
          expect(comparison.vanished.count).toBe(plain.vanished)
          expect(comparison.batchHash).toBe(
            createHash('md5')
              .update(
                plain.changes
                  .map(({ hash }) => hash)
                  .sort()
                  .join(''),
              )
              .digest('hex'),
          )
        }),
        { numRuns: runs(50, 1000) },
      )
    },
    timeLimit,
  )

  it('returns hostile values byte for byte', async () => {
    const texts = hostileTexts.filter((text) => !/^[ \t\n\u00a0]+$/.test(text))
    const comparison = compared(
      await engine.compare(
        specOf(
          texts.map((text, i) => row(String(i), null, null, null, text)),
          null,
        ),
        { run: 'r' },
      ),
    )
    const changes = await allChanges(comparison)
    expect(changes.map(({ after }) => after.CITY).sort()).toEqual(texts.map((text) => cleanText(text) || null).sort())
    await comparison.close()
  })

  it('gives one batch hash whatever the order of rows and the cut into ranges, and another when a null moves', async () => {
    const data = Array.from({ length: 3000 }, (_, i) => row(String(i), `Nome ${i}`, String(i), null, i % 2 ? 'A' : null))
    const shuffled = fc.sample(fc.shuffledSubarray(data, { minLength: data.length }), 1)[0]!
    const moved = data.map((cells) => (cells[0] === '17' ? row('17', null, 'Nome 17', null, 'A') : cells))
    const hashOf = async (list: readonly Cell[][], ranges: number) => {
      const comparison = compared(await engine.compare(specOf(list, null, ranges), { run: 'r' }))
      await comparison.close()
      return comparison.batchHash
    }
    const first = await hashOf(data, 1)
    expect(await hashOf(shuffled, 3)).toBe(first)
    expect(await hashOf([...data].reverse(), 5)).toBe(first)
    expect(await hashOf(moved, 1)).not.toBe(first)
  })

  it('gives an empty batch a hash of its own and no changes', async () => {
    const comparison = compared(await engine.compare(specOf([], []), { run: 'r' }))
    expect(comparison).toMatchObject({
      changed: 0,
      batchHash: 'd41d8cd98f00b204e9800998ecf8427e',
      rows: { desired: 0, known: 0, keyless: 0 },
    })
    expect(await allChanges(comparison)).toEqual([])
    await comparison.close()
  })

  it('counts rows without a key, names what vanished, and ignores columns that are carried only', async () => {
    const desired = [row('1', 'Ana', null, 'old note', 'X'), row(' ', 'none', null, null, null), row('2', 'Bia', null, null, 'Y')]
    const known = [row('1', 'ANA', null, 'new note', 'X'), row('2', 'Bia', null, null, 'Z'), row('9', 'gone', null, null, null)]
    const comparison = compared(await engine.compare(specOf(desired, known), { run: 'r' }))
    expect(comparison.rows).toEqual({ desired: 3, known: 3, keyless: 1 })
    expect(comparison.vanished).toEqual({ count: 1, keys: ['9'] })
    const changes = await allChanges(comparison)
    expect(changes).toEqual([
      expect.objectContaining({
        op: 'update',
        key: '2',
        before: expect.objectContaining({ CITY: 'Z' }),
        after: expect.objectContaining({ CITY: 'Y' }),
      }),
    ])
    await comparison.close()
  })

  it('joins key parts and leaves out a row that lacks one', async () => {
    const spec = { ...specOf([row('1', 'Ana', null, null, 'SP'), row('1', 'Bia', null, null, null)], null), key: ['ID', 'CITY'] }
    const comparison = compared(await engine.compare(spec, { run: 'r' }))
    expect((await allChanges(comparison)).map(({ key }) => key)).toEqual(['1-SP'])
    expect(comparison.rows.keyless).toBe(1)
    await comparison.close()
  })

  it.each<[string, Partial<CompareSpec>]>([
    ['an entity that is a path', { entity: '../leads' }],
    ['a key that is no column', { key: ['NOPE'] }],
    ['the same column twice', { columns: [...columns, columns[0]!] }],
    ['nothing to compare', { columns: columns.map((column) => ({ ...column, compare: false as const })) }],
  ])('refuses %s', async (_, wrong) => {
    await expect(engine.compare({ ...specOf([], []), ...wrong }, { run: 'r' })).rejects.toMatchObject({ code: 'engine.bad_spec' })
  })
})
