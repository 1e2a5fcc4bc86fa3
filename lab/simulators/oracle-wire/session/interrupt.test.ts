import { setTimeout as sleep } from 'node:timers/promises'
import type oracledb from 'oracledb'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { done, replayed, rowsOf } from '../scripted-backend.ts'
import { openRig, type Rig } from '../testing/driver.ts'

let rig: Rig
/** Calls that are slow, so far. */
let begun = 0
beforeAll(async () => {
  const many = replayed([{ name: 'N', type: 'NUMBER' }], [['1']], 1000)
  rig = await openRig([
    { match: /from dual/, run: () => rowsOf([{ name: '1', type: 'NUMBER' }], [['1']]) },
    { match: /from many/, run: many },
    { match: /update/, run: () => done(1) },
    {
      match: /slow/,
      run: async ({ signal }) => {
        begun += 1
        await sleep(60_000, undefined, { signal }).catch(() => {})
        return done()
      },
    },
  ])
})
afterAll(() => rig.close())
afterEach(() => rig.simulator.setFaults([]))

const works = async (connection: oracledb.Connection) => expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])

async function readAll(connection: oracledb.Connection): Promise<number> {
  const { resultSet } = await connection.execute('select n from many', [], { resultSet: true, fetchArraySize: 100, prefetchRows: 100 })
  let count = 0
  for (let page = await resultSet!.getRows(100); page.length > 0; page = await resultSet!.getRows(100)) count += page.length
  await resultSet!.close()
  return count
}

describe('a call that takes too long', () => {
  test('is cancelled by break: ORA-01013, and the session goes on', async () => {
    await rig.session(async (connection) => {
      for (let time = 0; time < 5; time += 1) {
        const running = connection.execute('begin slow; end;')
        await expect.poll(() => begun, { interval: 5 }).toBe(time + 1)
        await connection.break()
        await expect(running).rejects.toMatchObject({ errorNum: 1013 })
        await works(connection)
      }
    })
  })

  test('is cancelled by callTimeout: NJS-123, and the session goes on', async () => {
    await rig.session(async (connection) => {
      connection.callTimeout = 100
      await expect(connection.execute('begin slow; end;')).rejects.toMatchObject({ code: 'NJS-123' })
      connection.callTimeout = 0
      await works(connection)
    })
  })

  test('a stalled fetch meets the call timeout as well', async () => {
    rig.simulator.setFaults([{ at: 'fetch', do: 'stall', afterRows: 300 }])
    await rig.session(async (connection) => {
      connection.callTimeout = 200
      await expect(readAll(connection)).rejects.toMatchObject({ code: 'NJS-123' })
      connection.callTimeout = 0
      await works(connection)
    })
  })

  test('a break that comes when nothing runs costs at most the next call', async () => {
    await rig.session(async (connection) => {
      await connection.break()
      await connection.execute('select 1 from dual').catch((error) => expect(error).toMatchObject({ errorNum: 1013 }))
      await works(connection)
    })
  })
})

describe('faults', () => {
  test('ORA-01555 in mid-fetch, after exactly the rows that went out; the query again succeeds', async () => {
    rig.simulator.setFaults([{ at: 'fetch', do: 'error', ora: 1555, afterRows: 500, match: 'FROM MANY' }])
    await rig.session(async (connection) => {
      const { resultSet } = await connection.execute('select n from many', [], { resultSet: true, fetchArraySize: 100, prefetchRows: 100 })
      let count = 0
      const failed = (async () => {
        for (;;) count += (await resultSet!.getRows(100)).length
      })()
      await expect(failed).rejects.toMatchObject({ errorNum: 1555 })
      expect(count).toBe(500)
      await resultSet!.close()
      expect(await readAll(connection)).toBe(1000)
    })
    expect(rig.simulator.faults()).toMatchObject([{ struck: 1 }])
  })

  test('a connection dropped in mid-fetch is told as such, and other sessions live on', async () => {
    rig.simulator.setFaults([{ at: 'fetch', do: 'drop', afterRows: 200 }])
    await rig.session(async (other) => {
      await works(other)
      await rig.session(async (connection) => {
        await expect(readAll(connection)).rejects.toMatchObject({ code: 'NJS-500', isRecoverable: true })
        expect(connection.isHealthy()).toBe(false)
      })
      await works(other)
    })
  })

  test('a commit whose answer is lost, before or after it was done, is told as a lost connection', async () => {
    for (const when of ['before', 'after'] as const) {
      rig.simulator.setFaults([{ at: 'commit', do: 'drop', when }])
      await rig.session(async (connection) => {
        await connection.execute('update t set a = 1')
        await expect(connection.commit()).rejects.toMatchObject({ code: 'NJS-500' })
      })
    }
  })

  test('an error at a logon, and at a statement: ORA-00060, told once', async () => {
    rig.simulator.setFaults([
      { at: 'login', do: 'error', ora: 1034 },
      { at: 'execute', do: 'error', ora: 60, match: 'update' },
    ])
    await expect(rig.connect()).rejects.toThrow('ORA-01034')
    await rig.session(async (connection) => {
      await expect(connection.execute('update t set a = 1')).rejects.toMatchObject({ errorNum: 60 })
      expect((await connection.execute('update t set a = 1')).rowsAffected).toBe(1)
    })
  })

  test('all connections cut at once, as by a server that dies', async () => {
    await rig.session(async (connection) => {
      await works(connection)
      rig.simulator.dropAll()
      await expect(connection.execute('select 1 from dual')).rejects.toMatchObject({ code: 'NJS-500' })
    })
    await rig.session(works)
  })
})
