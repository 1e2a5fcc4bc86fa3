import { describe, expect, it } from 'vitest'
import fc from '../../../base/testing/fast-check.ts'
import { testSeed } from '../../../base/testing/random.ts'
import { increments } from './increments.ts'
import { instant } from './odata.ts'
import { type Page, type Paging, pages } from './paging.ts'

const long = process.env.PONTE_TEST_LONG === '1'
interface Row {
  readonly id: number
  readonly updateDate: string
}
const row = (id: number, time = 0): Row => ({ id, updateDate: new Date(time).toISOString() })
const rowsTo = (count: number) => Array.from({ length: count }, (_, i) => row(i + 1))
const ids = (batches: readonly (readonly Row[])[]) => batches.flat().map((entry) => entry.id)

async function all<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(batch)
  return found
}
/** A list on the CRM's side; `before` runs before each page is cut. */
function list(
  read: () => readonly Row[],
  options: { before?: (page: number) => void; next?: boolean } = {},
): Paging<Row> & { asked: number[] } {
  const asked: number[] = []
  return {
    asked,
    pageSize: 5,
    what: 'GET Leads',
    async fetch(at) {
      if (!('skip' in at)) throw new Error('no link was given')
      options.before?.(asked.length)
      asked.push(at.skip)
      const rows = read().slice(at.skip, at.skip + 5)
      return { rows, next: options.next && at.skip + 5 < read().length ? `?$skip=${at.skip + 5}` : null }
    },
  }
}

describe('a whole list', () => {
  it.each([0, 1, 4, 5, 6, 9, 10, 11, 23])('of %d rows comes once each, in order, with or without next links', async (count) => {
    for (const next of [true, false]) {
      expect(ids(await all(pages(list(() => rowsTo(count), { next }))))).toEqual(rowsTo(count).map((entry) => entry.id))
    }
  })

  it('loses and doubles nothing that stays, while other rows vanish and appear at every page', async () => {
    const seed = testSeed()
    console.info(`paging seed ${seed}`)
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.array(fc.nat({ max: 45 }), { maxLength: 6 }), { maxLength: 12 }),
        async (count, deletions) => {
          let rows = rowsTo(count)
          let newest = count
          const doomed = new Set(deletions.flat())
          const paging = list(() => rows, {
            before: (page) => {
              rows = rows.filter((entry) => !deletions[page]?.includes(entry.id))
              if (page < 6) rows.push(row(++newest))
            },
          })
          const found = ids(await all(pages(paging)))
          expect(new Set(found).size).toBe(found.length)
          for (let id = 1; id <= count; id++) if (!doomed.has(id)) expect(found).toContain(id)
        },
      ),
      { seed, numRuns: long ? 20_000 : 500 },
    )
  }, 600_000)

  it('from a CRM that ignores the order comes once each', async () => {
    const shuffled = [7, 3, 9, 1, 8, 2, 6, 5, 4, 11, 10].map((id) => row(id))
    expect(ids(await all(pages(list(() => shuffled)))).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('follows an opaque link as it is, through an empty page too', async () => {
    const answers: Record<string, Page<Row>> = {
      '': { rows: rowsTo(5), next: '?$skiptoken=a' },
      '?$skiptoken=a': { rows: [], next: '?$skiptoken=b' },
      '?$skiptoken=b': { rows: [row(6)], next: null },
    }
    const found = pages<Row>({
      pageSize: 5,
      what: 'GET Leads',
      fetch: async (at) => answers['link' in at ? at.link : ''] ?? { rows: [], next: null },
    })
    expect(ids(await all(found))).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('that never ends is an error, not a short list', async () => {
    for (const next of ['?$skip=5', '?$skiptoken=again', '']) {
      let asked = 0
      const fetch = async () => {
        asked += 1
        return { rows: rowsTo(5), next }
      }
      const stuck = pages<Row>({ pageSize: 5, what: 'GET Leads', fetch })
      await expect(all(stuck)).rejects.toMatchObject({ code: 'crm.paging_stuck' })
      expect(asked).toBeLessThan(20)
    }
  })
})

describe('increments', () => {
  /** Leads on the CRM's side, by updateDate and id. */
  function crm(rows: Row[], options: { before?: (page: number) => void; ignoreFilter?: boolean; ignoreOrder?: boolean } = {}) {
    let page = 0
    return (since: string) =>
      all(
        increments<Row>(since, {
          pageSize: 5,
          what: 'GET Leads by updateDate',
          async fetch(from, skip) {
            options.before?.(page++)
            const kept = rows.filter((entry) => options.ignoreFilter || instant(entry.updateDate) >= instant(from))
            if (!options.ignoreOrder) kept.sort((a, b) => instant(a.updateDate) - instant(b.updateDate) || a.id - b.id)
            return { rows: kept.slice(skip, skip + 5), next: null }
          },
          everything: () => pages(list(() => [...rows].sort((a, b) => a.id - b.id))),
        }),
      )
  }
  const iso = (time: number) => new Date(time).toISOString()

  it('come oldest first, from the given moment on, that moment included', async () => {
    const rows = [30, 10, 20, 40, 50, 60, 70, 80].map((time, index) => row(index + 1, time))
    expect(ids(await crm(rows)(iso(20)))).toEqual([3, 1, 4, 5, 6, 7, 8])
    expect(await crm(rows)(iso(81))).toEqual([])
  })

  it('pass through more rows of one and the same time than a page holds', async () => {
    const rows = Array.from({ length: 23 }, (_, i) => row(i + 1, i === 22 ? 11 : 10))
    expect(ids(await crm(rows)(iso(10)))).toEqual(rows.map((entry) => entry.id))
  })

  it('lose no row when others change while we read, and show the changed ones again', async () => {
    const seed = testSeed()
    console.info(`increments seed ${seed}`)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.array(fc.nat({ max: 39 }), { maxLength: 8 }), async (count, touched) => {
        const rows = Array.from({ length: count }, (_, i) => row(i + 1, 1_000 + i))
        const read = crm(rows, {
          before: (page) => {
            const index = touched[page]
            if (index !== undefined && index < count) rows[index] = row(index + 1, 5_000 + page)
          },
        })
        const found = (await read(iso(1_000))).flat()
        for (const entry of rows) expect(found).toContainEqual(entry)
      }),
      { seed, numRuns: long ? 20_000 : 500 },
    )
  }, 600_000)

  it('are sifted and sorted here when the CRM ignores the filter or the order', async () => {
    const rows = [50, 10, 40, 20, 30, 60, 70].map((time, index) => row(index + 1, time))
    expect(ids(await crm(rows, { ignoreFilter: true })(iso(30)))).toEqual([5, 3, 1, 6, 7])
    expect(ids(await crm(rows, { ignoreOrder: true })(iso(30)))).toEqual([5, 3, 1, 6, 7])
  })

  it('that never advance are an error', async () => {
    const fetch = async () => ({ rows: Array.from({ length: 5 }, (_, i) => row(i + 1, 10)), next: '?$skip=5' })
    const stuck = increments<Row>(iso(10), { pageSize: 5, what: 'x', fetch, everything: () => pages(list(() => [])) })
    await expect(all(stuck)).rejects.toMatchObject({ code: 'crm.paging_stuck' })
  })
})
