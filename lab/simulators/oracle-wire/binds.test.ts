import oracledb from 'oracledb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Call } from './backend.ts'
import { OracleError } from './oracle-error.ts'
import { rowsOf } from './scripted-backend.ts'
import { openRig, type Rig } from './testing/driver.ts'

/** What arrived, by name. */
let calls: Call[] = []
const seen = () => calls.map(({ binds, rows }) => rows.map((row) => Object.fromEntries(binds.map(({ name }, index) => [name, row[index]]))))
let rig: Rig
beforeAll(async () => {
  rig = await openRig([
    {
      match: /.*/s,
      run: (call) => {
        calls.push(call)
        const { statement, rows, binds } = call
        if (statement.kind === 'query') return rowsOf([{ name: 'N', type: 'NUMBER' }], [['1']])
        if (statement.kind === 'plsql') {
          const outBinds = (rows.length === 0 ? [[]] : rows).map((row) =>
            row.map((value, index) => (binds[index]!.name === 'OUT' ? '42' : value)),
          )
          return { rowsAffected: 0, outBinds }
        }
        if (statement.binds.some(({ returned }) => returned)) return { rowsAffected: 2, returned: rows.map(() => [['7', '8']]) }
        if (!call.batchErrors) return { rowsAffected: Math.max(rows.length, 1), rowCounts: rows.map(() => 1) }
        const error = new OracleError(1, 'unique constraint (PONTE.PK) violated')
        const bad = rows.flatMap((row, index) => (row[0] === '13' ? [{ row: index, error }] : []))
        return { rowsAffected: rows.length - bad.length, batchErrors: bad, rowCounts: rows.map((row) => (row[0] === '13' ? 0 : 1)) }
      },
    },
  ])
})
afterAll(() => rig.close())
beforeEach(() => {
  calls = []
})

describe('binds', () => {
  test('by name and by position, of every type, null and empty', async () => {
    const at = new Date('2024-03-10T02:30:00.123Z')
    await rig.session(async (connection) => {
      await connection.execute('update t set a = :a, b = :b where c = :a', { a: '0012', b: 12.5 })
      await connection.execute('update t set a = :1, b = :2, c = :3, d = :4', [null, '', Buffer.from('ff00', 'hex'), at])
      await connection.execute('select :d from dual', { d: { val: at, type: oracledb.DB_TYPE_DATE } })
      await connection.execute('select :d from dual', { d: { val: 0.1, type: oracledb.DB_TYPE_BINARY_DOUBLE } })
      await connection.execute('select :d from dual', { d: { val: 'não', type: oracledb.DB_TYPE_NVARCHAR } })
    })
    expect(calls[0]?.binds.map(({ name }) => name)).toEqual(['A', 'B', 'A'])
    expect(seen()).toEqual([
      [{ A: '0012', B: '12.5' }],
      [{ 1: null, 2: null, 3: Buffer.from('ff00', 'hex'), 4: '2024-03-10 02:30:00.123' }],
      [{ D: '2024-03-10 02:30:00' }],
      [{ D: '0.1' }],
      [{ D: 'não' }],
    ])
  })

  test('colons in strings, comments, names in quotes and assignments are no binds', async () => {
    const sql = `begin /* :c */ v := ':x' || q'[it's :y]' || ":z" -- :w
      ; p(:in, :out, :in); end;`
    await rig.session((connection) => connection.execute(sql, { in: 'i', out: { dir: oracledb.BIND_OUT } }))
    expect(calls[0]?.binds.map(({ name }) => name)).toEqual(['IN', 'OUT'])
  })

  test('texts longer than 4000 bytes arrive whole beside short ones, in SQL and in PL/SQL', async () => {
    const long = 'é'.repeat(16_000)
    await rig.session(async (connection) => {
      await connection.execute('insert into t values (:a, :b, :c)', { a: long, b: 'short', c: 3 })
      await connection.execute('begin p(:a, :b, :c); end;', { a: long, b: 'short', c: 3 })
    })
    expect(seen()).toEqual([[{ A: long, B: 'short', C: '3' }], [{ A: long, B: 'short', C: '3' }]])
  })

  test('OUT and IN OUT of a block, the first time and again', async () => {
    await rig.session(async (connection) => {
      for (const value of ['um', 'dois']) {
        const binds = {
          inout: { dir: oracledb.BIND_INOUT, val: value, maxSize: 100 },
          out: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER },
          in: 1,
        }
        expect((await connection.execute('begin p(:inout, :out, :in); end;', binds)).outBinds).toEqual({ inout: value, out: 42 })
      }
    })
  })

  test('RETURNING ... INTO gives the values of all rows', async () => {
    const sql = 'update t set a = :a where b = :b returning id into :id'
    const binds = { a: 'x', b: 2, id: { dir: oracledb.BIND_OUT, type: oracledb.NUMBER } }
    const result = await rig.session((connection) => connection.execute(sql, binds))
    expect(result).toMatchObject({ rowsAffected: 2, outBinds: { id: [7, 8] } })
  })
})

describe('executeMany', () => {
  test('sends all rows at once, however many, and counts them', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => [index, `name ${index}`])
    const result = await rig.session((connection) => connection.executeMany('insert into t values (:1, :2)', rows, { autoCommit: true }))
    expect(result.rowsAffected).toBe(3000)
    expect(calls[0]?.rows).toHaveLength(3000)
    expect(calls[0]?.rows[2999]).toEqual(['2999', 'name 2999'])
  })

  test('with batchErrors reports each bad row by its place, and the others stand', async () => {
    const rows = [[12], [13], [14], [13]]
    const result = await rig.session((connection) =>
      connection.executeMany('insert into t values (:1)', rows, { batchErrors: true, dmlRowCounts: true }),
    )
    expect(result.rowsAffected).toBe(2)
    expect(result.dmlRowCounts).toEqual([1, 0, 1, 0])
    expect(result.batchErrors?.map(({ offset }) => offset)).toEqual([1, 3])
    expect(result.batchErrors?.[0]?.message).toContain('ORA-00001: unique constraint (PONTE.PK) violated')
  })

  test('of a block gives the OUT binds of each row', async () => {
    const binds = [{ in: 1 }, { in: 2 }, { in: 3 }]
    const options = { bindDefs: { in: { type: oracledb.NUMBER }, out: { type: oracledb.NUMBER, dir: oracledb.BIND_OUT } } }
    const result = await rig.session((connection) => connection.executeMany('begin p(:in, :out); end;', binds, options))
    expect(result.outBinds).toEqual([{ out: 42 }, { out: 42 }, { out: 42 }])
  })
})

test('a transaction is open from the first change to its end, and closing with one open rolls back', async () => {
  await rig.session(async (connection) => {
    expect(connection.transactionInProgress).toBe(false)
    await connection.execute('update t set a = 1')
    expect(connection.transactionInProgress).toBe(true)
    await connection.commit()
    expect(connection.transactionInProgress).toBe(false)
    await connection.execute('update t set a = 1')
    await connection.rollback()
    expect(connection.transactionInProgress).toBe(false)
    await connection.execute('update t set a = 1', [], { autoCommit: true })
    expect(connection.transactionInProgress).toBe(false)
  })
})
