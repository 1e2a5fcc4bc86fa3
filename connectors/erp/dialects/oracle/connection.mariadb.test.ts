/** Connections and transactions of the connector, by the real driver over TCP against the simulated Oracle. */
import { createServer } from 'node:net'
import oracledb from 'oracledb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../../../mysql/testing.ts'
import { transact } from '../../sql/transact.ts'
import { openHarness } from '../../testing/contract/oracle-harness.ts'
import { commandPool, type OraclePool } from './connection.ts'
import { oracleErp } from './erp.ts'
import { block, changed, changedMany, rowsOf } from './rows.ts'
import { oracleTransactions } from './transaction.ts'

if (!mariaDbMissing('connectors/erp/oracle-connection'))
  describe('an ERP on the simulated Oracle', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    let pool: OraclePool
    beforeAll(async () => {
      it = await openHarness()
      pool = commandPool({ url: it.url, maxConnections: 2 })
    }, 120_000)
    afterAll(async () => {
      await pool.close()
      await it.close()
    })
    beforeEach(async () => {
      it.simulator.setFaults([])
      await it.sql('delete from industries')
      await it.sql("insert into industries (industry, description) values ('1', 'OUTROS')")
    })

    const failure = async (url: string) => {
      const erp = oracleErp({ url })
      try {
        await erp.ping()
        return expect.unreachable()
      } catch (error) {
        const { code, message, hint, cause } = error as { code: string; message: string; hint: string; cause: unknown }
        expect(`${message} ${hint} ${String(cause)}`).not.toContain('s3cret')
        return code
      } finally {
        await erp.close()
      }
    }

    test('is told apart: nobody listens, wrong password, no such service, no URL', async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      await new Promise((resolve) => server.close(resolve))
      expect(await failure(`oracle://ponte:s3cret@127.0.0.1:${port}/PONTE`)).toBe('erp.unreachable')
      expect(await failure(it.url.replace('s3cret', 's3cret-no'))).toBe('erp.login_refused')
      expect(await failure(it.url.replace('/PONTE', '/NO_SUCH'))).toBe('erp.unreachable')
      for (const url of ['oracle//ponte:s3cret@host', 'oracle://ponte:s3cret@host/', 'oracle://ponte:s3cret@host/X1?walet=x']) {
        expect(() => oracleErp({ url })).toThrow(expect.objectContaining({ code: 'erp.bad_url', exitCode: 2 }))
        expect(() => oracleErp({ url })).not.toThrow(/s3cret/)
      }
    })

    test('numbers are exact to their 38th digit, texts keep zeros and accents, the empty string is null', async () => {
      const digits = '12345678901234567890123456789012345678'
      const [row] = await pool.lend((connection) =>
        rowsOf(connection, `select cast(${digits} as decimal(38)) as n, '007' as t, :a as a, '' as e from dual`, { a: "Ação d'Ávila" }),
      )
      expect(row).toEqual({ N: digits, T: '007', A: "Ação d'Ávila", E: null })
    })

    test('a transaction is all or nothing, and hands out what its blocks gave', async () => {
      const add = (connection: oracledb.Connection) =>
        changed(connection, 'insert into industries (industry, description) values (:id, :name)', { id: '2', name: 'DOIS' })
      await expect(
        transact(oracleTransactions(pool), 'a test', async (connection) => {
          expect(await add(connection)).toBe(1)
          throw new Error('stop')
        }),
      ).rejects.toMatchObject({ code: 'erp.failed' })
      expect(await it.sql('select count(*) as n from industries')).toEqual([{ n: '1' }])
      const given = await transact(oracleTransactions(pool), 'a test', async (connection) => {
        await add(connection)
        return block<{ text: string }>(connection, 'begin :text := title_case(:name); end;', {
          name: 'SÃO PAULO',
          text: { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 100 },
        })
      })
      expect(given).toEqual({ text: 'São Paulo' })
      expect(await it.sql('select count(*) as n from industries')).toEqual([{ n: '2' }])
    })

    test('of a batch each refused row is told by its place, and the others stand', async () => {
      const rows = ['2', '1', '3'].map((id) => ({ id, name: `I${id}` }))
      const text = { type: oracledb.STRING, maxSize: 60 }
      const { rowsAffected, refused } = await transact(oracleTransactions(pool), 'a test', (connection) =>
        changedMany(connection, 'insert into industries (industry, description) values (:id, :name)', rows, { id: text, name: text }),
      )
      expect({ rowsAffected, refused: refused.map(({ row }) => row) }).toEqual({ rowsAffected: 2, refused: [1] })
      expect(String(refused[0]!.error)).toContain('ORA-00001')
    })

    test('"mirror only" ends with its transaction', async () => {
      const isOn = (connection: oracledb.Connection) => rowsOf(connection, 'select ponte_session.is_mirror_only() as s from dual')
      const single = commandPool({ url: it.url, maxConnections: 1 })
      const seen = await transact(oracleTransactions(single), 'a test', async (connection) => {
        await block(connection, "begin ponte_session.mirror_only('on'); end;")
        return isOn(connection)
      })
      expect(seen).toEqual([{ S: 'S' }])
      expect(await transact(oracleTransactions(single), 'a test', isOn)).toEqual([{ S: 'N' }])
      await single.close()
    })

    test('a lost line before the commit costs nothing: the transaction is run again on another', async () => {
      it.simulator.setFaults([{ at: 'execute', do: 'drop', match: 'insert into industries' }])
      let runs = 0
      await transact(oracleTransactions(pool), 'a test', (connection) => {
        runs += 1
        return changed(connection, "insert into industries (industry, description) values ('5', 'CINCO')")
      })
      expect(runs).toBe(2)
      expect(await it.sql("select count(*) as n from industries where industry = '5'")).toEqual([{ n: '1' }])
    })

    test('of a commit whose answer is lost it is asked whether the effect is there, and nothing is done twice', async () => {
      for (const when of ['before', 'after'] as const) {
        const id = when === 'before' ? '6' : '7'
        it.simulator.setFaults([{ at: 'commit', do: 'drop', when }])
        const done = transact(
          oracleTransactions(pool),
          'a test',
          (connection) => changed(connection, `insert into industries (industry, description) values ('${id}', 'X${id}')`),
          async (connection) => (await rowsOf(connection, `select industry from industries where industry = '${id}'`)).length > 0,
        )
        if (when === 'after') expect(await done).toBe(1)
        else await expect(done).rejects.toMatchObject({ code: 'erp.unreachable' })
        expect(await it.sql(`select count(*) as n from industries where industry = '${id}'`)).toEqual([{ n: when === 'after' ? '1' : '0' }])
      }
    })

    test('a pool that is exhausted is told after its time, and lends again when one comes back', async () => {
      const small = commandPool({ url: it.url, maxConnections: 1, queueTimeoutMs: 200 })
      let release = () => {}
      const held = small.lend(() => new Promise<void>((resolve) => (release = resolve)))
      await expect(transact(oracleTransactions(small), 'a test', async () => {})).rejects.toMatchObject({
        code: 'erp.too_many_connections',
      })
      release()
      await held
      await expect(transact(oracleTransactions(small), 'a test', async () => 'lent')).resolves.toBe('lent')
      await small.close()
    })

    test('a login that is never answered is not waited for, by a command nor by an extract; afterwards both work', async () => {
      it.simulator.setFaults([{ at: 'login', do: 'stall', times: null }])
      const erp = oracleErp({ url: it.url, queueTimeoutMs: 1_000 })
      try {
        await Promise.all([
          // Its pool cannot tell why no connection came.
          expect(erp.ping()).rejects.toMatchObject({ code: 'erp.too_many_connections', hint: expect.stringContaining('hangs') }),
          expect(erp.openExtract(1)).rejects.toMatchObject({ code: 'erp.unreachable' }),
        ])
      } finally {
        it.simulator.setFaults([])
        it.simulator.dropAll()
      }
      await expect.poll(() => erp.ping().then(() => 'answers', String), { timeout: 10_000 }).toBe('answers')
      await (await erp.openExtract(1)).close()
      await erp.close()
    })

    test('a command that takes too long is cut, and its connection works on', async () => {
      const impatient = commandPool({ url: it.url, maxConnections: 1, statementTimeoutMs: 500 })
      it.simulator.setFaults([{ at: 'execute', do: 'stall', match: 'from industries' }])
      await expect(
        transact(oracleTransactions(impatient), 'a test', (connection) => rowsOf(connection, 'select * from industries')),
      ).rejects.toMatchObject({
        code: 'erp.timeout',
      })
      expect(
        await transact(oracleTransactions(impatient), 'a test', (connection) => rowsOf(connection, 'select industry from industries')),
      ).toHaveLength(1)
      await impatient.close()
    })

    test('survives its connections: the next command opens a new one', async () => {
      await it.erp.ping()
      it.simulator.dropAll()
      await expect(it.erp.ping()).resolves.toBeUndefined()
    })

    test('keeps values of rows out of what it throws', async () => {
      const error = await transact(oracleTransactions(pool), 'a test', (connection) =>
        changed(connection, "insert into industries (industry, description) values ('1', 'SEGREDO')"),
      ).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'erp.value_refused' })
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error.cause)).not.toContain('SEGREDO')
    })
  })
