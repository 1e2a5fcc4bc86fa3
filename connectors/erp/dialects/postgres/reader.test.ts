import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from '../../../../base/testing/fast-check.ts'
import { cleanText } from '../../../../base/text.ts'
import type { Row } from '../../../../engine/model.ts'
import { readSource, rowsOf } from '../../read-source.ts'
import { VIEW_COLUMNS } from '../../testing/contract/contract.ts'
import { openHarness } from '../../testing/contract/postgres-harness.ts'
import { openPostgresExtract } from './extract.ts'
import { read } from './reader.ts'

const COLUMNS = VIEW_COLUMNS.known_leads
const LONG = process.env.PONTE_TEST_LONG === '1'
const HOSTILE = [
  '',
  ' ',
  "it's",
  '"quoted"',
  'a\nb\r\nc',
  '\\N',
  '\\.',
  '\t',
  'ação',
  'e\u0301',
  '😀👩‍👩‍👧',
  '\u00a0',
  '\ufeff',
  '\u2028',
  '日本語',
  '\u0001\u007f',
  'x'.repeat(100),
  '😀'.repeat(50),
]

const clean = (text: string | null): string | null => (text === null ? null : cleanText(text) || null)

describe('the reader', () => {
  let it: Awaited<ReturnType<typeof openHarness>>
  beforeAll(async () => {
    it = await openHarness()
    await it.sql('alter table leads disable trigger user')
  })
  afterAll(() => it.close())

  const load = async (rows: readonly { name: string | null; street: string | null; number: number | null }[]) => {
    await it.sql('truncate leads')
    await it.database.pool.query(
      `insert into leads (id, stage, name, address_street, address_number)
       select 1000 + ord * 3, 'Ativação', n, s, i from unnest($1::text[], $2::text[], $3::int[]) with ordinality as t(n, s, i, ord)`,
      [rows.map((row) => row.name), rows.map((row) => row.street), rows.map((row) => row.number)],
    )
  }
  const extracted = async (readers: number): Promise<Row[]> => {
    const extract = await openPostgresExtract({ url: it.database.url }, readers)
    try {
      return await readSource(await extract.source('known_leads', COLUMNS), COLUMNS)
    } finally {
      await extract.close()
    }
  }
  /** The same rows through plain selects: no control characters, and an empty string is null. */
  const selected = async (): Promise<Row[]> => {
    const list = COLUMNS.map((column) => `${column} as "${column}"`).join(', ')
    const { rows } = await it.database.pool.query<Record<string, string | null>>(`select ${list} from known_leads order by range_key`)
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([column, text]) => [column, clean(text)])))
  }

  test('gives what a select gives, for hostile text', async () => {
    await load(HOSTILE.map((text, index) => ({ name: text, street: index % 2 === 0 ? null : text, number: index })))
    const rows = await extracted(3)
    expect(rows).toEqual(await selected())
    expect(rows.map((row) => row.NAME)).toEqual(HOSTILE.map(clean))
  })

  test('gives what a select gives, for any text, over any number of ranges', async () => {
    const text = fc.option(
      fc
        .oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constantFrom(...HOSTILE))
        .map((t) => [...t.replaceAll('\0', '')].slice(0, 100).join('')),
    )
    const row = fc.record({ name: text, street: text, number: fc.option(fc.integer({ min: -2147483648, max: 2147483647 })) })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), async (rows, readers) => {
        await load(rows)
        expect(await extracted(readers)).toEqual(await selected())
      }),
      { numRuns: LONG ? 500 : 25, verbose: 1 },
    )
  })

  test('gives an empty source as no rows', async () => {
    await load([])
    expect(await extracted(4)).toEqual([])
  })

  test('cuts frames, and loses no row at their edges', async () => {
    await load(Array.from({ length: 20_000 }, (_, index) => ({ name: `n${index}`, street: null, number: index })))
    const extract = await openPostgresExtract({ url: it.database.url }, 1)
    const { settings, ranges } = await extract.source('known_leads', ['ID', 'NAME'])
    const sizes: number[] = []
    const names: unknown[] = []
    for await (const frame of read({ settings, range: ranges[0] }, new AbortController().signal)) {
      sizes.push(frame.rows)
      names.push(...rowsOf(frame, ['ID', 'NAME']).map((row) => row.NAME))
    }
    await extract.close()
    expect(sizes).toEqual([8192, 8192, 3616])
    expect(new Set(names).size).toBe(20_000)
  })

  test('shares a large table out evenly', async () => {
    await load(Array.from({ length: 50_000 }, (_, index) => ({ name: `n${index}`, street: null, number: 1 })))
    await it.sql('analyze leads')
    const extract = await openPostgresExtract({ url: it.database.url }, 4)
    const { settings, ranges } = await extract.source('known_leads', ['ID'])
    const counts: number[] = []
    for (const range of ranges) {
      let rows = 0
      for await (const frame of read({ settings, range }, new AbortController().signal)) rows += frame.rows
      counts.push(rows)
    }
    await extract.close()
    expect(counts).toHaveLength(4)
    expect(counts.reduce((sum, count) => sum + count)).toBe(50_000)
    for (const count of counts) expect(count).toBeGreaterThan(9_000)
  })

  const readersAtWork = async () =>
    Number(
      (
        await it.sql(`select count(*) as n from pg_stat_activity where application_name = 'ponte-reader' and datname = current_database()`)
      )[0]!.n,
    )
  const noReaderLeft = async () => {
    for (let wait = 0; wait < 100 && (await readersAtWork()) > 0; wait += 1) await sleep(50)
    expect(await readersAtWork()).toBe(0)
  }

  test('an abort stops a query that computes, and leaves no connection behind', async () => {
    await it.sql('create view slow as select 1 as range_key, pg_sleep(60)::text as id')
    const snapshot = await openPostgresExtract({ url: it.database.url }, 1)
    const { settings } = await snapshot.source('known_leads', ['ID'])
    const abort = new AbortController()
    const started = Date.now()
    const reading = (async () => {
      for await (const _ of read({ settings: { ...(settings as object), view: 'slow' }, range: { from: null, to: null } }, abort.signal))
        expect.unreachable()
    })()
    while ((await readersAtWork()) === 0) await sleep(20)
    await sleep(100)
    abort.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    await noReaderLeft()
    expect(Date.now() - started).toBeLessThan(5_000)
    await snapshot.close()
    await it.sql('drop view slow')
  })

  test('a consumer that stops early leaves no connection behind', async () => {
    const extract = await openPostgresExtract({ url: it.database.url }, 1)
    const { settings, ranges } = await extract.source('known_leads', ['ID'])
    for await (const _ of read({ settings, range: ranges[0] }, new AbortController().signal)) break
    await noReaderLeft()
    await extract.close()
  })

  test('a database that gives everybody one second is read whole by readers that began late and stood still in the middle', async () => {
    await it.sql("create view wide as select n as range_key, repeat('x', 1000) as id from generate_series(1, 30000) as n")
    const limits = ['statement_timeout', 'idle_in_transaction_session_timeout']
    const { rows } = await it.database.pool.query<{ name: string }>('select current_database() as name')
    for (const limit of limits) await it.sql(`alter database ${rows[0]!.name} set ${limit} = '1s'`)
    const extract = await openPostgresExtract({ url: it.database.url }, 2)
    try {
      await sleep(1_500)
      const { settings } = await extract.source('known_leads', ['ID'])
      const wide = { ...(settings as object), view: 'wide' }
      const ranges = [
        { from: null, to: '15000' },
        { from: '15000', to: null },
      ]
      const counts = await Promise.all(
        ranges.map(async (range) => {
          let rows = 0
          for await (const frame of read({ settings: wide, range }, new AbortController().signal)) {
            if (rows === 0) await sleep(1_500)
            rows += frame.rows
          }
          return rows
        }),
      )
      expect(counts.reduce((sum, count) => sum + count)).toBe(30_000)
    } finally {
      await extract.close()
      for (const limit of limits) await it.sql(`alter database ${rows[0]!.name} reset ${limit}`)
      await it.sql('drop view wide')
    }
  })

  test('a server that goes away in the middle is an error, not a short range', async () => {
    const extract = await openPostgresExtract({ url: it.database.url }, 1)
    const { settings, ranges } = await extract.source('known_leads', [...COLUMNS])
    const reading = (async () => {
      for await (const _ of read({ settings, range: ranges[0] }, new AbortController().signal)) {
        await it.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ponte-reader' and datname = current_database()`,
        )
        await sleep(50)
      }
    })()
    await expect(reading).rejects.toMatchObject({ name: 'PonteError' })
    await extract.close()
  })

  test('a moment whose holder is gone cannot be read', async () => {
    const extract = await openPostgresExtract({ url: it.database.url }, 1)
    const source = await extract.source('known_leads', ['ID'])
    await extract.close()
    await expect(readSource(source, ['ID'])).rejects.toMatchObject({ code: 'erp.snapshot_lost' })
  })

  test('a bound that is not an integer never becomes SQL', async () => {
    const extract = await openPostgresExtract({ url: it.database.url }, 1)
    const { settings } = await extract.source('known_leads', ['ID'])
    const reading = read({ settings, range: { from: '1 or true', to: null } }, new AbortController().signal)
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'erp.bad_range' })
    await extract.close()
  })
})
