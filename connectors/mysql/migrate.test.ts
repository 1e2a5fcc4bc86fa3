import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from './migrate.ts'
import { mariaDbMissing, type TestMariaDb, testMariaDb } from './testing.ts'

const ERP = new URL('../../sql/mysql/', import.meta.url)

if (!mariaDbMissing('connectors/mysql/migrate')) {
  describe('a migration on MariaDB', () => {
    let database: TestMariaDb
    let folder: string
    beforeEach(async () => {
      database = await testMariaDb()
      folder = await mkdtemp(join(tmpdir(), 'ponte-migrations-'))
    })
    afterEach(async () => {
      await database.drop()
      await rm(folder, { recursive: true })
    })
    const put = (name: string, sql: string) => writeFile(join(folder, name), sql)
    const run = () => migrate(database.pool, pathToFileURL(`${folder}/`))
    const query = async (sql: string) => (await database.pool.query(sql))[0]

    test('runs structure once and repeatables when they changed; what is no longer made is dropped', async () => {
      await put('0001_a.sql', '-- one\ncreate table if not exists t (n int)\n//\ninsert into t values (1)\n//\n')
      await put('r_01_v.sql', 'create view v as select n from t\n//\ncreate view w as select n from v\n//\n')
      expect(await run()).toEqual({ applied: ['0001_a', 'r_01_v'], unchanged: 0, told: [] })
      expect(await run()).toEqual({ applied: [], unchanged: 2, told: [] })
      await put('r_01_v.sql', 'create view v as select n, n + 1 as m from t\n//\n')
      expect(await run()).toEqual({ applied: ['r_01_v'], unchanged: 1, told: [] })
      expect(await query('select * from v')).toEqual([{ n: 1, m: '2' }])
      await expect(query('select * from w')).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' })
    })

    test('refuses an edited, a lost and a late file', async () => {
      await put('0002_b.sql', 'create table if not exists t (n int)\n//\n')
      await run()
      await put('0002_b.sql', 'create table if not exists t (n int, m int)\n//\n')
      await expect(run()).rejects.toMatchObject({ code: 'mysql.migration_edited' })
      await rm(join(folder, '0002_b.sql'))
      await put('0003_c.sql', 'create table if not exists u (n int)\n//\n')
      await expect(run()).rejects.toMatchObject({ code: 'mysql.migration_missing' })
      await put('0002_b.sql', 'create table if not exists t (n int)\n//\n')
      await run()
      await put('0001_a.sql', 'select 1\n//\n')
      await expect(run()).rejects.toMatchObject({ code: 'mysql.migration_order' })
    })

    test('that failed half way goes on when its cause is mended', async () => {
      await put('0001_a.sql', 'create table if not exists t (n int)\n//\n')
      await put('r_01_v.sql', 'create view v as select n from t\n//\ncreate view w as select nothing from t\n//\n')
      await expect(run()).rejects.toMatchObject({ code: 'mysql.migration_failed', message: expect.stringContaining('r_01_v') })
      await put('r_01_v.sql', 'create view v as select n from t\n//\ncreate view w as select n from t\n//\n')
      expect(await run()).toEqual({ applied: ['r_01_v'], unchanged: 1, told: [] })
    })

    test('of the whole ERP, three times at once, is done by one', async () => {
      const results = await Promise.all([1, 2, 3].map(() => migrate(database.pool, ERP)))
      expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1)
    })

    test('of an ERP whose tables are there completes them column by column, keeps what they hold, and tells it', async () => {
      for (const sql of [
        `create table leads (id bigint primary key, name varchar(60), stage varchar(50), taxid varchar(20), owner varchar(9) not null) character set utf8mb4`,
        "insert into leads (id, name, taxid, owner) values (7, 'Padaria', '191', 'x')",
        'create table contacts (id bigint not null, name varchar(60), email varchar(200), client_code bigint) character set utf8mb4',
        'insert into contacts (id) values (70)',
        'create table log_execution_crm (log_id bigint auto_increment primary key, created_on datetime(6), job varchar(100))',
        "insert into log_execution_crm (job) values ('old')",
      ])
        await query(sql)
      const { told } = await migrate(database.pool, ERP)
      expect(told).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^leads was there and got industry, source, .*, taxid_key$/),
          'leads.name is varchar(60) and stays so; ours is varchar(100)',
          'leads.owner may not be null and has no default: give it one, or Ponte cannot insert',
          'contacts was there and got phone, job_title, is_primary, lead_id, email_key',
        ]),
      )
      expect(await query('select id, name, taxid_key, owner from leads')).toEqual([
        { id: '7', name: 'Padaria', taxid_key: '00000000000191', owner: 'x' },
      ])
      await expect(query('insert into contacts (id) values (70)')).rejects.toMatchObject({ errno: 1062 })
      await query("insert into log_execution_crm (job) values ('new')")
      expect(await query('select job, created_on is null as undated from log_execution_crm order by log_id')).toEqual([
        { job: 'old', undated: 1 },
        { job: 'new', undated: 0 },
      ])
      expect(await migrate(database.pool, ERP)).toMatchObject({ applied: [], told: [] })
    })

    test('of an ERP that lacks a column names it, and changes nothing of its tables', async () => {
      await query('create table clients (client_code bigint primary key)')
      await expect(migrate(database.pool, ERP)).rejects.toMatchObject({
        code: 'mysql.migration_partial_erp',
        message: expect.stringMatching(/lacks countries, .*branches.*, clients.company_name/),
      })
      expect(
        await query('select column_name from information_schema.columns where table_schema = database() and table_name = "clients"'),
      ).toHaveLength(1)
    })

    test('of the ERP killed at any statement is finished by the next run', async () => {
      for (const killAfter of [5, 40, 70, 95]) {
        let count = 0
        const connection = await database.pool.getConnection()
        const query = connection.query.bind(connection)
        const dying = Object.assign(Object.create(connection), {
          query: (...given: Parameters<typeof query>) => {
            count += 1
            if (count > killAfter) throw new Error('killed')
            return query(...given)
          },
          destroy: () => connection.destroy(),
        })
        await expect(migrate({ getConnection: async () => dying } as never, ERP)).rejects.toThrow(/killed/)
      }
      expect((await migrate(database.pool, ERP)).applied.length).toBeGreaterThan(0)
      expect(await query('select count(*) as n from crm_stages')).toEqual([{ n: '43' }])
      expect(await migrate(database.pool, ERP)).toMatchObject({ applied: [] })
    })
  })
}
