/** Text of the driver's rows as bytes: what a reader makes of it is what the driver itself would have made. */
import oracledb from 'oracledb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FrameBuilder } from '../../../../engine/frame.ts'
import type { TextCell } from '../../../../engine/frame-column.ts'
import { rowsOf, scriptedBackend } from '../../../../lab/simulators/oracle-wire/scripted-backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../../../../lab/simulators/oracle-wire/simulator.ts'
import { rowsOf as recordsOf } from '../../read-source.ts'
import { exact } from './connection.ts'
import { TextArena, useArena } from './raw-text.ts'

const columns = [
  { name: 'A', type: 'VARCHAR2', size: 4000 },
  { name: 'B', type: 'VARCHAR2', size: 4000 },
  { name: 'N', type: 'NUMBER' },
  { name: 'C', type: 'CHAR', size: 10 },
] as const
/** Of all lengths around those where the wire changes its form, with repeats and nulls; together more than many network packets. */
const lengths = [0, 1, 47, 48, 49, 251, 252, 253, 254, 255, 256, 1_000, 4_000]
const rows = Array.from({ length: 3_000 }, (_, n) => [
  'x'.repeat(lengths[n % lengths.length]!),
  n % 3 === 0 ? 'igual' : n % 5 === 0 ? null : `São João ${n} 🚚`,
  String(n),
  n % 2 === 0 ? 'S' : 'N',
])
/** A text of a database in another character set may be longer here than the longest string: `size` is told in bytes of UTF-8. */
const wide = { ...columns[0], size: 12_000 } as const
const expected = rows.map((row) => row.map((cell) => cell || null))

let server: OracleSimulator
let connection: oracledb.Connection
beforeAll(async () => {
  const backend = scriptedBackend([
    { match: /from all_kinds/, run: () => rowsOf(columns, rows) },
    { match: /from wide/, run: () => rowsOf([wide, ...columns.slice(1)], rows) },
    {
      match: /from bad/,
      run: () =>
        rowsOf(
          [columns[0], columns[1]],
          [
            ['bom', Buffer.from([0x41, 0xe3, 0x28])],
            ['fim', 'ção'],
          ],
        ),
    },
  ])
  server = await startOracleSimulator({ backend, users: { ponte: 's3cret' } })
  connection = await oracledb.getConnection({ user: 'ponte', password: 's3cret', connectString: server.connectString })
})
afterAll(async () => {
  await connection.close()
  await server.close()
})

/** In pages, as readers do. */
async function pages(sql: string, size: number): Promise<TextCell[][][]> {
  const options = { resultSet: true as const, fetchTypeHandler: exact, fetchArraySize: size, prefetchRows: size }
  const { resultSet } = await connection.execute<TextCell[]>(sql, [], options)
  const all: TextCell[][][] = []
  for (;;) {
    const page = await resultSet!.getRows(size)
    if (page.length > 0) all.push(page)
    if (page.length < size) break
  }
  await resultSet!.close()
  return all
}

async function throughArena(sql: string, size: number) {
  const arena = new TextArena()
  expect(useArena(connection, arena), 'the driver is the one that is known').toBe(true)
  try {
    const read = await pages(sql, size)
    const isUtf8 = arena.isUtf8()
    const names = ['A', 'B', 'N', 'C'].slice(0, read[0]![0]!.length)
    const builder = new FrameBuilder(names.length)
    const frames = read.flatMap((page) => builder.cellRows(isUtf8 ? page : arena.decoded(page), arena))
    const last = builder.flush()
    return {
      read,
      rows: [...frames, ...(last ? [last] : [])].flatMap((frame) =>
        recordsOf(frame, names).map((record) => names.map((name) => record[name])),
      ),
    }
  } finally {
    useArena(connection, null)
  }
}

describe('with an arena', () => {
  test.each([7, 100, 1_000, 5_000])('every cell is what the driver makes of it, in pages of %i', async (size) => {
    const { read, rows: got } = await throughArena('select a, b, n, c from all_kinds', size)
    expect(got).toEqual(expected)
    const cells = read.flat(2)
    const kinds = (kind: string) => cells.filter((cell) => typeof cell === kind).length
    expect(kinds('number'), 'short text is bytes').toBeGreaterThan(expected.length * 2)
    // Numbers, text beyond 253 bytes, and cells that a packet's end cuts.
    expect(kinds('string')).toBeGreaterThan(expected.length)
  })

  test('a column that may be longer than the longest string of the server is read as the driver reads it', async () => {
    expect((await throughArena('select a, b, n, c from wide', 1_000)).rows).toEqual(expected)
  })

  test('what is no UTF-8 becomes U+FFFD, as the driver has it', async () => {
    const plain = (await pages('select a, b from bad', 10))[0]
    expect((await throughArena('select a, b from bad', 10)).rows).toEqual(plain)
    expect(plain).toEqual([
      ['bom', 'A\ufffd('],
      ['fim', 'ção'],
    ])
  })
})

test('of a driver that was not held against this way, also one that looks the same, rows stay strings', async () => {
  const arena = new TextArena()
  expect(useArena(connection, arena, '26.0.1')).toBe(false)
  expect((await pages('select a, b, n, c from all_kinds', 1_000)).flat()).toEqual(expected)
})

test('without one, rows are strings again', async () => {
  await throughArena('select a, b, n, c from all_kinds', 100)
  expect((await pages('select a, b, n, c from all_kinds', 1_000)).flat()).toEqual(expected)
})
