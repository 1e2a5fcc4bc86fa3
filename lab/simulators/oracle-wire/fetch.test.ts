import oracledb from 'oracledb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OracleError } from './oracle-error.ts'
import { replayed, rowsOf } from './scripted-backend.ts'
import { exact, openRig, type Rig } from './testing/driver.ts'
import type { Column } from './wire/types.ts'

const columns: Column[] = [
  { name: 'ID', type: 'NUMBER', precision: 38, scale: 0, nullable: false },
  { name: 'TAX_ID', type: 'VARCHAR2', size: 14 },
  { name: 'NAME', type: 'VARCHAR2', size: 4000 },
  { name: 'CHANGED', type: 'DATE' },
  { name: 'STAMP', type: 'TIMESTAMP', scale: 6 },
  { name: 'RATIO', type: 'BINARY_DOUBLE' },
  { name: 'RAW_ID', type: 'RAW', size: 16 },
]
const rows = [
  [
    '99999999999999999999999999999999999999',
    '00000000000191',
    'São João D’El-Rei & Cia. 🚚',
    '2024-03-10 02:30:00',
    '2024-11-03 01:30:00.123456',
    '0.1',
    Buffer.from('00ff10', 'hex'),
  ],
  ['-0.00000000000000000000000000000000000001', null, '', null, null, null, null],
  ['-123456789.5', '00', 'x'.repeat(3999), '1999-12-31 23:59:59', '2024-03-10 02:30:00', '-1e300', Buffer.from([0])],
]
/** Nine columns' worth of bits would be two bytes; here seven: one that moves, the others repeat, also null. */
const repeats = [0, 1, 2, 3].map((n) => [String(n >> 1), null, 'same', '2024-03-10 02:30:00', null, n === 3 ? '2.5' : '0.5', rows[0]![6]!])
let shape: Column[] = [{ name: 'A', type: 'NUMBER' }]
let rig: Rig
beforeAll(async () => {
  rig = await openRig([
    { match: /from typed/, run: () => rowsOf(columns, rows) },
    { match: /from numbers/, run: ({ rows: [given] }) => rowsOf([{ name: 'N', type: 'NUMBER' }], [[String(given?.[0])]]) },
    {
      match: /from many/,
      run: replayed(
        [columns[0]!, columns[2]!],
        [
          ['1', 'Ana'],
          ['2', null],
        ],
        12_345,
      ),
    },
    {
      match: /from texts/,
      run: () =>
        rowsOf(
          [
            { name: 'ID', type: 'NUMBER' },
            { name: 'BODY', type: 'CLOB' },
          ],
          [
            ['1', 'ç'.repeat(100_000)],
            ['2', null],
            ['3', 'short'],
          ],
        ),
    },
    { match: /from repeats/, run: () => rowsOf(columns, repeats) },
    { match: /from shapes/, run: () => rowsOf(shape, [shape.map(() => '7')]) },
    { match: /from broken/, run: () => rowsOf([{ name: 'D', type: 'DATE' }], [['not a date']]) },
    {
      match: /from old/,
      run: () => ({
        columns: [{ name: 'N', type: 'NUMBER' }],
        next: async () => {
          throw new OracleError(1555, 'snapshot too old')
        },
        close: async () => {},
      }),
    },
  ])
})
afterAll(() => rig.close())

describe('what is fetched', () => {
  test('NUMBER(38) is exact, leading zeros stay, accents stay, empty and null are null', async () => {
    const result = await rig.session((connection) => connection.execute<unknown[]>('select * from typed', [], exact))
    expect(result.rows?.[0]?.slice(0, 3)).toEqual([
      '99999999999999999999999999999999999999',
      '00000000000191',
      'São João D’El-Rei & Cia. 🚚',
    ])
    expect(result.rows?.[1]).toEqual(['-.00000000000000000000000000000000000001', null, null, null, null, null, null])
    expect(result.rows?.[2]?.slice(0, 3)).toEqual(['-123456789.5', '00', 'x'.repeat(3999)])
    expect(result.rows?.map((row) => row[5])).toEqual([0.1, null, -1e300])
    expect(result.rows?.[0]?.[6]).toEqual(Buffer.from('00ff10', 'hex'))
  })

  test('values that repeat the row above are not sent again, and arrive all the same', async () => {
    const { rows: got } = await rig.session((connection) => connection.execute<unknown[]>('select * from repeats', [], exact))
    expect(got?.map((row) => [row[0], row[1], row[2], row[5]])).toEqual([
      ['0', null, 'same', 0.5],
      ['0', null, 'same', 0.5],
      ['1', null, 'same', 0.5],
      ['1', null, 'same', 2.5],
    ])
    expect(new Set(got?.map((row) => String(row[3]))).size).toBe(1)
  })

  test('wall-clock times that America/New_York skips or doubles come as they are, with TZ=UTC', async () => {
    expect(process.env.TZ).toBe('UTC')
    const { rows: got } = await rig.session((connection) => connection.execute<(Date | null)[]>('select * from typed'))
    expect(got?.map((row) => row.slice(3, 5).map((date) => date?.toISOString() ?? null))).toEqual([
      ['2024-03-10T02:30:00.000Z', '2024-11-03T01:30:00.123Z'],
      [null, null],
      ['1999-12-31T23:59:59.000Z', '2024-03-10T02:30:00.000Z'],
    ])
  })

  test('columns are described with name, type, size, precision, scale and whether they may be null', async () => {
    const { metaData } = await rig.session((connection) => connection.execute('select * from typed'))
    expect(metaData).toMatchObject([
      { name: 'ID', dbTypeName: 'NUMBER', precision: 38, scale: 0, nullable: false },
      { name: 'TAX_ID', dbTypeName: 'VARCHAR2', byteSize: 14, nullable: true },
      { name: 'NAME', dbTypeName: 'VARCHAR2', byteSize: 4000 },
      { name: 'CHANGED', dbTypeName: 'DATE' },
      { name: 'STAMP', dbTypeName: 'TIMESTAMP', precision: 6 },
      { name: 'RATIO', dbTypeName: 'BINARY_DOUBLE' },
      { name: 'RAW_ID', dbTypeName: 'RAW' },
    ])
  })

  test.each([
    '0',
    '1',
    '-1',
    '10',
    '100',
    '.01',
    '.001',
    '-.5',
    '1234567890123456789012345678901234567890',
    '-99.99',
    '5000000000',
    '1.10',
  ])('the number %s goes there and back', async (number) => {
    const sql = 'select n from numbers where n = :n'
    const { rows: got } = await rig.session((connection) => connection.execute(sql, { n: { val: number, type: oracledb.STRING } }, exact))
    expect(got).toEqual([[number.replace(/(\.\d*?)0+$/, '$1')]])
  })

  test('12,345 rows over many round trips, whatever the size of the pages', async () => {
    await rig.session(async (connection) => {
      for (const size of [7, 100, 1000, 12_345, 20_000]) {
        const { resultSet } = await connection.execute('select * from many', [], {
          resultSet: true,
          fetchArraySize: size,
          prefetchRows: size,
        })
        const sizes: number[] = []
        for (let page = await resultSet?.getRows(size); page && page.length > 0; page = await resultSet?.getRows(size))
          sizes.push(page.length)
        await resultSet?.close()
        expect(sizes.reduce((sum, count) => sum + count, 0)).toBe(12_345)
      }
    })
  })

  test('a CLOB as string: longer than any packet, null, and short', async () => {
    await rig.session(async (connection) => {
      for (let time = 0; time < 3; time += 1) {
        const { rows: got, metaData } = await connection.execute('select id, body from texts', [], exact)
        expect(metaData?.[1]).toMatchObject({ name: 'BODY', dbTypeName: 'CLOB' })
        expect(got).toEqual([
          ['1', 'ç'.repeat(100_000)],
          ['2', null],
          ['3', 'short'],
        ])
      }
    })
  })

  test('the same statement again, also when its columns have changed meanwhile', async () => {
    await rig.session(async (connection) => {
      for (let time = 0; time < 3; time += 1) expect((await connection.execute('select * from shapes')).rows).toEqual([[7]])
      shape = [
        { name: 'A', type: 'VARCHAR2', size: 10 },
        { name: 'B', type: 'NUMBER' },
      ]
      expect((await connection.execute('select * from shapes')).rows).toEqual([['7', 7]])
    })
  })

  test('several result sets of one session at a time', async () => {
    await rig.session(async (connection) => {
      const open = async () => (await connection.execute('select * from many', [], { resultSet: true })).resultSet!
      const [one, two] = [await open(), await open()]
      expect((await one.getRows(10)).length + (await two.getRows(20)).length).toBe(30)
      await one.close()
      expect(await two.getRows(10)).toHaveLength(10)
      await two.close()
    })
  })

  test('a value that is none of its type is an error of that statement, not the end of the session', async () => {
    await rig.session(async (connection) => {
      await expect(connection.execute('select * from broken')).rejects.toMatchObject({ errorNum: 6502 })
      expect((await connection.execute('select * from typed')).rows).toHaveLength(3)
    })
  })

  test('getStatementInfo describes a query and its binds, and runs no change', async () => {
    await rig.session(async (connection) => {
      const info = await connection.getStatementInfo('select * from typed where id = :id')
      expect(info.bindNames).toEqual(['ID'])
      expect(info.metaData?.map(({ name }) => name)).toEqual(columns.map(({ name }) => name))
      // No script would answer this one.
      expect((await connection.getStatementInfo('delete from nowhere where id = :id')).bindNames).toEqual(['ID'])
    })
  })

  test('an unknown table is ORA-00942, an error in mid-fetch is told, and the session goes on', async () => {
    await rig.session(async (connection) => {
      await expect(connection.execute('select * from nothing')).rejects.toMatchObject({ errorNum: 942 })
      await expect(connection.execute('select * from old')).rejects.toMatchObject({ errorNum: 1555 })
      expect((await connection.execute('select * from typed')).rows).toHaveLength(3)
    })
  })
})
