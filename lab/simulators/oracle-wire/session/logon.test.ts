import { connect as connectTcp } from 'node:net'
import oracledb from 'oracledb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsOf } from '../scripted-backend.ts'
import { credentials, openRig, type Rig } from '../testing/driver.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig([{ match: /select 1 from dual/i, run: () => rowsOf([{ name: '1', type: 'NUMBER' }], [['1']]) }])
})
afterAll(() => rig.close())

describe('a driver logs on', () => {
  test('with the right password, and asks select 1 from dual', async () => {
    await rig.session(async (connection) => {
      const { rows, metaData } = await connection.execute('select 1 from dual')
      expect(rows).toEqual([[1]])
      expect(metaData).toMatchObject([{ name: '1', dbTypeName: 'NUMBER' }])
      expect(connection.oracleServerVersionString).toMatch(/^19\./)
    })
  })

  test('not with a wrong password, and is told ORA-01017', async () => {
    await expect(rig.connect({ password: 'senha com "aspas"' })).rejects.toMatchObject({ errorNum: 1017 })
    await expect(rig.connect({ password: 'x' })).rejects.toThrow('ORA-01017: invalid username/password; logon denied')
  })

  test('not as an unknown user, and is told the same', async () => {
    await expect(rig.connect({ user: 'nobody' })).rejects.toMatchObject({ errorNum: 1017 })
  })

  test('not to an unknown service or SID: NJS-518 for ORA-12514, NJS-519 for ORA-12505', async () => {
    const { port } = rig.simulator
    await expect(rig.connect({ connectString: `127.0.0.1:${port}/ELSEWHERE` })).rejects.toMatchObject({ code: 'NJS-518' })
    const bySid = `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${port}))(CONNECT_DATA=(SID=ELSEWHERE)))`
    await expect(rig.connect({ connectString: bySid })).rejects.toMatchObject({ code: 'NJS-519' })
  })

  test('with a description that is too long for the first packet', async () => {
    const pad = `(ENABLE=BROKEN)(SOURCE_ROUTE=OFF)(LOAD_BALANCE=OFF)(FAILOVER=ON)`
    const address = `(ADDRESS=(PROTOCOL=TCP)(HOST=127.0.0.1)(PORT=${rig.simulator.port}))`
    const connectString = `(DESCRIPTION=${pad}${address}${address}${address}(CONNECT_DATA=(SERVICE_NAME=PONTE)))`
    const connection = await rig.connect({ connectString })
    await connection.ping()
    await connection.close()
  })

  test('ping, close, and the server holds no connection any more', async () => {
    const connection = await rig.connect()
    await connection.ping()
    await connection.close()
    await expect.poll(() => rig.simulator.connections()).toBe(0)
  })

  test('what speaks no TNS is cut off, and the server goes on', async () => {
    for (const noise of [
      'GET / HTTP/1.1\r\n\r\n',
      '\0\0\0\0\0\0\0\0',
      Buffer.from([0, 12, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.alloc(70_000, 255),
    ]) {
      const socket = connectTcp(rig.simulator.port, '127.0.0.1')
      socket.on('error', () => {})
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.end(noise)
      socket.resume()
      await closed
    }
    await rig.session((connection) => connection.ping())
  })

  test('a pool that is used up says NJS-040, and works again when one comes back', async () => {
    const { connectString } = rig.simulator
    const pool = await oracledb.createPool({ ...credentials, connectString, poolMin: 0, poolMax: 2, poolIncrement: 1, queueTimeout: 3000 })
    const [one, two] = [await pool.getConnection(), await pool.getConnection()]
    await expect(pool.getConnection()).rejects.toMatchObject({ code: 'NJS-040' })
    await one.close()
    const again = await pool.getConnection()
    expect((await again.execute('select 1 from dual')).rows).toEqual([[1]])
    await again.close()
    await two.close()
    await pool.close(0)
  })

  test('module, action and client identifier are taken without a word', async () => {
    await rig.session(async (connection) => {
      connection.module = 'ponte'
      connection.action = 'compare'
      connection.clientId = 'reader 1'
      connection.clientInfo = 'x'.repeat(60)
      expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
      connection.currentSchema = 'APP_SCHEMA'
      expect((await connection.execute('select 1 from dual')).rows).toEqual([[1]])
    })
  })
})
