/** `sql/oracle` installed by the real driver through the wire, statement by statement, killed anywhere and gone on with. */
import mysql from 'mysql2/promise'
import oracledb from 'oracledb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prepareForOracle } from '../../lab/simulators/oracle-schema/load.ts'
import { forMariaDb } from '../../lab/simulators/oracle-schema/rewrite.ts'
import { mariadbBackend } from '../../lab/simulators/oracle-wire/mariadb/backend.ts'
import { type OracleSimulator, startOracleSimulator } from '../../lab/simulators/oracle-wire/simulator.ts'
import { migrateOracleErp } from '../erp/dialects/oracle/install.ts'
import { rowsOf } from '../erp/dialects/oracle/rows.ts'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from '../mysql/testing.ts'
import { migrate } from './migrate.ts'
import { oracleScripts } from './scripts.ts'
import type { Session } from './session.ts'

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
      expect(first).toEqual({ applied: scripts.map(({ name }) => name), unchanged: 0, told: [] })
      const done = await count("select sum(statements) as n from ponte_migrations where running = 0 and name <> 'lock'")
      console.log(`sql/oracle through the wire: ${done} of ${await statements()} statements`)
      expect(done).toBe(await statements())
      expect(await count('select count(*) as n from crm_stages')).toBeGreaterThan(10)
      expect(await migrateOracleErp(url)).toEqual({ applied: [], unchanged: scripts.length, told: [] })
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

    test('takes over the tables of the system before: what they lack is added and told, what they hold stays, and their rows get keys', async () => {
      await database.pool.query("set sql_mode = ''")
      for (const sql of [
        'create sequence seq_error_log_id start with 500',
        `create table leads (id bigint primary key, name varchar(100), stage varchar(50), taxid decimal(14), industry varchar(30), source varchar(60),
          phone decimal(38), address_street varchar(200), address_zipcode decimal(38), address_number decimal(38), address_complement varchar(200),
          address_district varchar(50), city varchar(50), state varchar(50), sales_rep decimal(38), tax_registration varchar(20), client_code decimal(38),
          budget_value decimal(38), order_value decimal(38), financial_analysis varchar(200), owner varchar(9) not null)`,
        "insert into leads (id, name, taxid, owner) values (7, 'Padaria', 191, 'x')",
        'create table contacts (id bigint not null, name varchar(60), email varchar(200), phone decimal(38), job_title varchar(30), client_code varchar(20), is_primary varchar(1))',
        "insert into contacts (id, client_code) values (70, '3')",
        'create table error_log (log_id bigint, created_on timestamp(6) null, created_by varchar(100), errorcode int, callstack text, errorstack text, backtrace text, error_info text)',
        "insert into error_log (log_id, error_info) values (499, 'old')",
      ])
        await database.pool.query(sql)
      const { applied, told } = await migrateOracleErp(url)
      expect(applied).toEqual((await oracleScripts()).map(({ name }) => name))
      expect(told).toEqual(
        expect.arrayContaining([
          'leads was there and got taxid_key',
          'leads.taxid is number(14) and stays so; ours is varchar2(20 char)',
          'leads.owner may not be null and has no default: give it one, or Ponte cannot insert',
          'contacts was there and got lead_id',
        ]),
      )
      const rows = async (sql: string) => (await database.pool.query(sql))[0]
      expect(await rows('select id, name, taxid, taxid_key, owner from leads')).toEqual([
        { id: '7', name: 'Padaria', taxid: '191', taxid_key: '00000000000191', owner: 'x' },
      ])
      expect(await rows('select id from mirrored_persons')).toEqual([{ id: '70' }])
      await expect(database.pool.query('insert into contacts (id) values (70)')).rejects.toMatchObject({ errno: 1062 })
      await database.pool.query("insert into error_log (error_info) values ('new')")
      expect(await rows('select log_id, error_info, created_on is null as undated from error_log order by log_id')).toEqual([
        { log_id: '499', error_info: 'old', undated: 1 },
        { log_id: '500', error_info: 'new', undated: 0 },
      ])
      expect(await rows('select count(*) as n from clients')).toEqual([{ n: '0' }])
      expect((await migrateOracleErp(url)).told).toEqual([])
    })

    test('gives tables of the ERP’s own the key columns, and names what else they lack before it changes any', async () => {
      const prototype = (await oracleScripts()).find(({ name }) => name === 'erp_clients.sql')!
      await database.pool.query('create sequence seq_contact_code')
      for (const statement of prototype.statements.filter((one) => /^create table/i.test(one))) {
        const connection = await oracledb.getConnection({ user: 'ponte', password: 's3cret', connectString: simulator.connectString })
        await connection.execute(statement)
        await connection.close()
      }
      await database.pool.query('alter table branches drop column taxid_key, drop column phone')
      await database.pool.query("insert into states (code, name) values ('SP', 'São Paulo')")
      await expect(migrateOracleErp(url)).rejects.toMatchObject({
        code: 'oracle.migration_partial_erp',
        message: "the ERP's tables lack branches.phone",
      })
      await database.pool.query('alter table branches add column phone varchar(30)')
      expect((await migrateOracleErp(url)).told).toEqual(['branches of the ERP got taxid_key'])
      expect((await database.pool.query('select name_key from states'))[0]).toEqual([{ name_key: 'SAO PAULO' }])
    })

    test('only one at a time', async () => {
      await migrateOracleErp(url)
      const holder = await oracledb.getConnection({ user: 'ponte', password: 's3cret', connectString: simulator.connectString })
      await holder.execute("select name from ponte_migrations where name = 'lock' for update")
      await expect(migrateOracleErp(url)).rejects.toMatchObject({ code: 'oracle.migration_busy' })
      await holder.close()
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
