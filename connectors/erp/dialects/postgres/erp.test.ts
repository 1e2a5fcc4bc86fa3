import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { transact } from '../../sql/transact.ts'
import { testErp } from '../../testing/contract/contract.ts'
import { openHarness } from '../../testing/contract/postgres-harness.ts'
import { type TestDatabase, testDatabase } from '../../testing/test-erp.ts'
import { postgresErp } from './erp.ts'
import { postgresTransactions } from './transaction.ts'

testErp('postgres', openHarness)

describe('what goes wrong is said plainly, without the password', () => {
  let database: TestDatabase
  let address: { host: string; port: number; user: string; password: string; database: string }
  beforeAll(async () => {
    database = await testDatabase()
    const url = new URL(database.url)
    address = { host: url.hostname, port: Number(url.port), user: url.username, password: url.password, database: url.pathname.slice(1) }
  })
  afterAll(() => database.drop())

  const failure = async (
    settings: Parameters<typeof postgresErp>[0],
    ask = (erp: ReturnType<typeof postgresErp>): Promise<unknown> => erp.ping(),
  ) => {
    const erp = postgresErp(settings)
    try {
      await ask(erp)
      return expect.unreachable()
    } catch (error) {
      const { code, message, hint, cause } = error as { code: string; message: string; hint: string; cause: unknown }
      expect(`${message} ${hint} ${String(cause)}`).not.toContain('s3cret')
      expect(hint).not.toBe('')
      return code
    } finally {
      await erp.close()
    }
  }

  test('a port where nobody listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    expect(await failure({ ...address, port, password: 's3cret' })).toBe('erp.unreachable')
  })

  test('a host that does not exist', async () => {
    expect(await failure({ ...address, host: 'nowhere.invalid', password: 's3cret' })).toBe('erp.unreachable')
  })

  test('a wrong password, in parts or in a URL', async () => {
    expect(await failure({ ...address, password: 's3cret' })).toBe('erp.login_refused')
    expect(await failure({ url: `postgres://ponte:s3cret@127.0.0.1:${address.port}/x` })).toBe('erp.login_refused')
  })

  test('something that is not a URL', () => {
    expect(() => postgresErp({ url: 'postgres//ponte:s3cret@host' })).toThrow(expect.objectContaining({ code: 'erp.bad_url', exitCode: 2 }))
    expect(() => postgresErp({ url: 'postgres//ponte:s3cret@host' })).not.toThrow(/s3cret/)
  })

  test('an unknown database', async () => {
    expect(await failure({ ...address, database: 'no_such_database' })).toBe('erp.database_missing')
  })

  test('a database without the schema', async () => {
    expect(await failure(address, (erp) => erp.ambiguousTaxIds())).toBe('erp.view_missing')
    expect(await failure(address, async (erp) => (await erp.openExtract(1)).source('known_leads', ['ID']))).toBe('erp.view_missing')
  })

  test('a user without rights', async () => {
    const it = await openHarness()
    const role = `ponte_test_${process.pid}`
    try {
      await it.sql(`create role ${role} login password 's3cret'`)
      const url = new URL(it.database.url)
      url.username = role
      url.password = 's3cret'
      expect(await failure({ url: url.href }, (erp) => erp.ambiguousTaxIds())).toBe('erp.permission_denied')
    } finally {
      await it.sql(`drop role if exists ${role}`)
      await it.close()
    }
  })

  test('a command that waits too long', async () => {
    const it = await openHarness()
    const holder = await it.database.pool.connect()
    try {
      await holder.query('begin; lock table leads')
      expect(
        await failure({ url: it.database.url, statementTimeoutMs: 200 }, (erp) => erp.writeMirror('leads', { ID: '1', NAME: 'x' })),
      ).toBe('erp.timeout')
    } finally {
      await holder.query('rollback')
      holder.release()
      await it.close()
    }
  })
})

describe('a refused mirror write', () => {
  test('leaves ERROR_LOG behind, although its own transaction is gone', async () => {
    const it = await openHarness()
    try {
      await it.sql("insert into clients (client_code, company_name) values (1, 'C')")
      for (const code of [1, 2]) await it.sql(`insert into branches (client, code, description, taxid) values (1, ${code}, 'B', '191')`)
      const writing = transact(postgresTransactions(it.database.pool), 'lead 5', async (client) => {
        await client.query("insert into ponte_inbox (event_id) values ('e1')")
        await client.query("insert into leads (id, name, taxid) values (5, 'Secret Name', '191')")
      })
      await expect(writing).rejects.toMatchObject({ code: 'erp.write_refused' })
      expect(await it.sql('select id from leads')).toEqual([])
      expect(await it.sql('select event_id from ponte_inbox')).toEqual([])
      const [log] = await it.sql('select errorcode, errorstack, error_info from error_log')
      expect(log).toMatchObject({ errorcode: '-20020', error_info: 'lead 5' })
      expect(log?.errorstack).toMatch(/^P2020 -20020: lead 5 was not written: -20012: .*2 branches/)
      expect(log?.errorstack).not.toContain('Secret')
    } finally {
      await it.close()
    }
  })
})
