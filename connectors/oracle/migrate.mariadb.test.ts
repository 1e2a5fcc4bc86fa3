/** `sql/oracle` installed by the real driver through the wire, statement by statement, killed anywhere and gone on with. */
import mysql from 'mysql2/promise'
import oracledb from 'oracledb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prepareForOracle } from '../../simulators/oracle-schema/load.ts'
import { forMariaDb } from '../../simulators/oracle-schema/rewrite.ts'
import { mariadbBackend } from '../../simulators/oracle-wire/mariadb/backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../../simulators/oracle-wire/simulator.ts'
import { migrateOracleErp } from '../erp/oracle-install.ts'
import { rowsOf } from '../erp/oracle-rows.ts'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from '../mysql/testing.ts'
import { migrate, type Session } from './migrate.ts'
import { oracleScripts } from './scripts.ts'

if (!mariaDbMissing('connectors/oracle/migrate'))
  describe('migrating an ERP on the simulated Oracle', () => {
    let database: TestMariaDb
    let simulator: OracleSimulator
    let url: string
    beforeEach(async () => {
      database = await testMariaDb()
      const owner = await mysql.createConnection(database.url)
      await prepareForOracle(owner)
      await owner.end()
      const backend = mariadbBackend({ url: database.url, ddl: (statement) => forMariaDb(statement).sql })
      simulator = await startOracleSimulator({ backend, users: { ponte: 's3cret' } })
      url = `oracle://ponte:s3cret@127.0.0.1:${simulator.port}/PONTE`
    })
    afterEach(async () => {
      await simulator.close()
      await database.drop()
    })
    const count = async (sql: string) => Number(((await database.pool.query(sql))[0] as { n: unknown }[])[0]!.n)
    const statements = async () => (await oracleScripts()).reduce((sum, script) => sum + script.statements.length, 0)

    test('runs every statement once, and nothing the second time', async () => {
      const scripts = await oracleScripts()
      const first = await migrateOracleErp(url)
      expect(first).toEqual({ applied: scripts.map(({ name }) => name), unchanged: 0 })
      const done = await count("select sum(statements) as n from ponte_migrations where running = 0 and name <> 'lock'")
      console.log(`sql/oracle through the wire: ${done} of ${await statements()} statements`)
      expect(done).toBe(await statements())
      expect(await count('select count(*) as n from crm_stages')).toBeGreaterThan(10)
      expect(await migrateOracleErp(url)).toEqual({ applied: [], unchanged: scripts.length })
    })

    test('names what the owner may not do before it changes anything, and asks for nothing when there is nothing to do', async () => {
      await database.pool.query("create or replace view session_privs as select 'CREATE TABLE' as privilege")
      await database.pool.query("create or replace view user_ts_quotas as select 'USERS' as tablespace_name, 0 as max_bytes")
      await expect(migrateOracleErp(url)).rejects.toMatchObject({
        code: 'oracle.migration_privileges',
        message: expect.stringMatching(/CREATE VIEW, CREATE SEQUENCE, CREATE PROCEDURE, CREATE TRIGGER, a quota/),
        hint: expect.stringContaining('owner.sql'),
      })
      expect(
        await count("select count(*) as n from information_schema.tables where table_schema = database() and table_name = 'leads'"),
      ).toBe(0)
    })

    test('goes on after a kill at any statement, also when it died between a statement and its note', async () => {
      const scripts = await oracleScripts()
      const structure = scripts.filter(({ repeatable }) => !repeatable)
      let deaths = 0
      // Dies at each 20th change, once before and once after it; then it is run to its end.
      for (let at = 10; ; at += 20) {
        const connections = await Promise.all(
          [0, 1].map(() => oracledb.getConnection({ user: 'ponte', password: 's3cret', connectString: simulator.connectString })),
        )
        const [session, locker] = connections.map(sessionOf) as [Session, Session]
        const dying = dyingAt(session, at, at % 40 < 20)
        const ended = await migrate(dying, locker, structure).then(
          () => true,
          (error) => {
            expect(String(error.cause ?? error)).toContain('killed')
            return false
          },
        )
        for (const connection of connections) await connection.close({ drop: true }).catch(() => {})
        if (ended) break
        deaths += 1
      }
      expect(deaths).toBeGreaterThan(3)
      expect((await migrateOracleErp(url)).applied).toEqual(scripts.filter(({ repeatable }) => repeatable).map(({ name }) => name))
      expect(await count("select count(*) as n from ponte_settings where name = 'time_zone'")).toBe(1)
    }, 120_000)

    test('goes on in a script that the version before could not run to its end, and refuses one that was edited', async () => {
      await migrateOracleErp(url)
      const forget = (name: string, md5: string, done: number) =>
        database.pool.query('update ponte_migrations set md5 = ?, statements = ?, running = ? where name = ?', [md5, done, done + 1, name])
      const at = (await oracleScripts()).find(({ name }) => name === 'table_ponte.sql')!.statements.findIndex((one) => /unistr/.test(one))
      await database.pool.query('delete from crm_stages where locate(_utf8mb4 0xC2A0, alias) > 0')
      await database.pool.query('drop table ponte_locks, mirrored_persons')
      await forget('table_ponte.sql', 'c90cb37b65bc80ed44e870def419d061', at)
      expect((await migrateOracleErp(url)).applied).toEqual(['table_ponte.sql'])
      expect(await count('select count(*) as n from ponte_locks')).toBe(600)
      await forget('table_leads.sql', 'c90cb37b65bc80ed44e870def419d061', 3)
      await expect(migrateOracleErp(url)).rejects.toMatchObject({ code: 'oracle.migration_edited' })
    })

    test('leaves the tables of the prototype out where the ERP has its own, and names what is missing when it has some', async () => {
      const prototype = (await oracleScripts()).find(({ name }) => name === 'erp_clients.sql')!
      const connection = await oracledb.getConnection({ user: 'ponte', password: 's3cret', connectString: simulator.connectString })
      const creates = prototype.statements.filter((statement) => /^create table/i.test(statement))
      await connection.execute(creates[0]!)
      await expect(migrateOracleErp(url)).rejects.toMatchObject({
        code: 'oracle.migration_partial_erp',
        message: expect.stringContaining('but not states'),
      })
      for (const statement of creates.slice(1)) await connection.execute(statement)
      await connection.close()
      expect((await migrateOracleErp(url)).applied).not.toContain('erp_clients.sql')
    })

    test('only one at a time; a table that is there already is an error, not overwritten', async () => {
      await migrateOracleErp(url)
      const holder = await oracledb.getConnection({ user: 'ponte', password: 's3cret', connectString: simulator.connectString })
      await holder.execute("select name from ponte_migrations where name = 'lock' for update")
      await expect(migrateOracleErp(url)).rejects.toMatchObject({ code: 'oracle.migration_busy' })
      await holder.rollback()
      await holder.execute("delete from ponte_migrations where name = 'table_leads.sql'", [], { autoCommit: true })
      await holder.close()
      await expect(migrateOracleErp(url)).rejects.toMatchObject({
        code: 'oracle.migration_failed',
        message: expect.stringContaining('table_leads.sql failed at "create table leads'),
      })
    })
  })

function sessionOf(connection: oracledb.Connection): Session {
  return {
    run: async (sql) => ({ invalid: (await connection.execute(sql)).warning !== undefined }),
    rows: (sql) => rowsOf(connection, sql),
    commit: () => connection.commit(),
  }
}

/** A session that is lost at its n-th change: before it or after it. */
function dyingAt(session: Session, changes: number, before: boolean): Session {
  let left = changes
  return {
    ...session,
    async run(sql) {
      left -= 1
      if (left < 0) throw new Error('killed before')
      if (left === 0 && before) throw new Error('killed before')
      const result = await session.run(sql)
      if (left === 0) throw new Error('killed after')
      return result
    },
  }
}
