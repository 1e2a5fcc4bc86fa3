import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../erp/testing/test-erp.ts'
import { migrate } from './migrate.ts'

const LONG = process.env.PONTE_TEST_LONG === '1'
const ERP = new URL('../../sql/postgres/', import.meta.url)

describe('migrate', () => {
  let database: TestDatabase
  let folder: string
  beforeEach(async () => {
    database = await testDatabase()
    folder = await mkdtemp(join(tmpdir(), 'ponte-migrate-'))
  })
  afterEach(async () => {
    await database.drop()
    await rm(folder, { recursive: true })
  })
  const put = (name: string, sql: string) => writeFile(join(folder, name), sql)
  const url = () => pathToFileURL(`${folder}/`)
  const run = () => migrate(database.pool, url())
  const query = async (sql: string) => (await database.pool.query(sql)).rows

  test('runs structure once and in order, and is quiet the second time', async () => {
    await put('0002_b.sql', 'insert into t values (2);')
    await put('0001_a.sql', 'create table t (n int); insert into t values (1);')
    expect(await run()).toEqual({ applied: ['0001_a', '0002_b'], unchanged: 0, told: [] })
    expect(await run()).toEqual({ applied: [], unchanged: 2, told: [] })
    await put('0003_c.sql', 'insert into t values (3);')
    expect(await run()).toEqual({ applied: ['0003_c'], unchanged: 2, told: [] })
    expect(await query('select n from t order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  test('refuses an edited file, one out of order and a missing one, and says what to do', async () => {
    await put('0001_a.sql', 'create table t (n int);')
    await put('0003_c.sql', 'select 1;')
    await run()
    await put('0002_b.sql', 'select 1;')
    await expect(run()).rejects.toMatchObject({ code: 'pg.migration_order' })
    await rm(join(folder, '0002_b.sql'))
    await put('0001_a.sql', 'create table t (n bigint);')
    await expect(run()).rejects.toMatchObject({ code: 'pg.migration_edited', hint: expect.stringContaining('new file') })
    await rm(join(folder, '0003_c.sql'))
    await put('0001_a.sql', 'create table t (n int);')
    await expect(run()).rejects.toMatchObject({ code: 'pg.migration_missing' })
  })

  test('line ends of another system are not an edit', async () => {
    await put('0001_a.sql', 'create table t (n int);\ninsert into t values (1);\n')
    await run()
    await put('0001_a.sql', 'create table t (n int);\r\ninsert into t values (1);\r\n')
    expect(await run()).toEqual({ applied: [], unchanged: 1, told: [] })
  })

  test('renews everything repeatable when one file changed, dependents and changed columns included', async () => {
    await put('0001_a.sql', 'create table t (n int);')
    await put('r_01_f.sql', 'create schema p; create function p.f(x int) returns int language sql immutable return x + 1;')
    await put('r_02_v.sql', 'create view v as select n, p.f(n) as m from t;')
    await put(
      'r_03_w.sql',
      `create view w as select m from v;
      create function trg() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger trg before insert on t for each row execute function trg();`,
    )
    await run()
    await database.pool.query('insert into t values (1)')
    await put('r_01_f.sql', "create schema p; create function p.f(x int) returns text language sql immutable return 'n' || x;")
    await put('r_02_v.sql', 'create view v as select p.f(n) as m from t;')
    expect((await run()).applied).toEqual(['r_01_f', 'r_02_v', 'r_03_w'])
    expect(await query('select * from w')).toEqual([{ m: 'n1' }])
    await rm(join(folder, 'r_03_w.sql'))
    await run()
    expect(await query("select to_regclass('w') as w, to_regclass('v')::text as v")).toEqual([{ w: null, v: 'v' }])
    expect(await query('select tgname from pg_trigger where not tgisinternal')).toEqual([])
  })

  test('does not drop what others built on a view, and says so', async () => {
    await put('r_01_v.sql', 'create view v as select 1 as n;')
    await run()
    await database.pool.query('create view report as select n from v')
    await put('r_01_v.sql', 'create view v as select 2 as n;')
    await expect(run()).rejects.toMatchObject({ code: 'pg.repeatable_in_use', message: expect.stringContaining('report') })
    expect(await query('select * from report')).toEqual([{ n: 1 }])
    await database.pool.query('drop view report')
    await expect(run()).resolves.toMatchObject({ applied: ['r_01_v'] })
  })

  test('a file that fails names its line and leaves the database as it was', async () => {
    await put('0001_a.sql', 'create table t (n int);')
    await put('0002_b.sql', 'select 1;\nselect 2;\nselect oops;\n')
    await expect(run()).rejects.toMatchObject({
      code: 'pg.migration_failed',
      message: expect.stringMatching(/0002_b failed, line 3: .*oops/),
    })
    expect(await query("select to_regclass('t') as t, to_regclass('ponte_migrations') as m")).toEqual([{ t: null, m: null }])
  })

  test('refuses a file with another kind of name, and an empty or absent folder', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'pg.migration_folder' })
    await put('1_a.sql', 'select 1;')
    await expect(run()).rejects.toMatchObject({ code: 'pg.migration_name' })
    await expect(migrate(database.pool, pathToFileURL(`${folder}/none/`))).rejects.toMatchObject({ code: 'pg.migration_folder' })
  })

  test('several at once do the work once', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(database.pool, ERP)))
    expect(results.filter((result) => result.applied.length > 0)).toHaveLength(1)
  })

  test('gives up waiting for a lock', async () => {
    await put('0001_a.sql', 'create table t (n int);')
    await run()
    const holder = await database.pool.connect()
    await holder.query('begin; lock table ponte_migrations')
    await expect(migrate(database.pool, url(), { lockTimeoutMs: 100 })).rejects.toMatchObject({ code: 'pg.migration_busy' })
    await holder.query('rollback')
    holder.release()
  })

  test('two folders live in one database', async () => {
    await put('0001_a.sql', 'create table t (n int);')
    await run()
    await expect(migrate(database.pool, ERP)).resolves.toMatchObject({ unchanged: 0 })
    expect(await run()).toEqual({ applied: [], unchanged: 1, told: [] })
  })

  describe('of an ERP whose tables are there already', () => {
    const old = `
      create sequence seq_error_log_id start 500;
      create table leads (id bigint primary key, name varchar(60), stage varchar(50), taxid varchar(20), owner varchar(9) not null);
      insert into leads (id, name, taxid, owner) values (7, 'Padaria', '191', 'x');
      comment on column leads.name is 'theirs';
      create table contacts (id bigint not null, name varchar(60), email varchar(200), client_code bigint);
      insert into contacts (id) values (70);
      create table error_log (log_id bigint, error_info varchar(4000));
      insert into error_log values (499, 'old')`
    const install = () => migrate(database.pool, ERP, { takeOver: true })

    test('completes them column by column, keeps what they hold, and tells it', async () => {
      await query(old)
      const { applied, told } = await install()
      expect(applied).toContain('0003_integration')
      expect(told).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^leads was there and got industry, source, .*, taxid_key$/),
          'leads.name is character varying(60) and stays so; ours is varchar(100)',
          'leads.owner may not be null and has no default: give it one, or Ponte cannot insert',
          expect.stringMatching(/^contacts was there and got phone, /),
        ]),
      )
      expect(await query('select id, name, taxid_key, owner from leads')).toEqual([
        { id: '7', name: 'Padaria', taxid_key: '00000000000191', owner: 'x' },
      ])
      expect(
        await query("select col_description('leads'::regclass, 2) as name, col_description('crm_stages'::regclass, 1) is null as ours"),
      ).toEqual([{ name: 'theirs', ours: false }])
      await expect(query('insert into contacts (id) values (70)')).rejects.toMatchObject({ code: '23505' })
      await query("insert into error_log (error_info) values ('new')")
      expect(await query('select log_id, created_on is null as undated from error_log order by log_id')).toEqual([
        { log_id: '499', undated: false },
        { log_id: '500', undated: false },
      ])
      expect(await install()).toMatchObject({ applied: [], told: [] })
    })

    test('gives tables of the ERP’s own the key columns, and names what else they lack without a change', async () => {
      await install()
      await query(
        'drop schema if exists pkg_crm_client cascade; drop table leads, contacts, error_log, log_execution_crm, ponte_inbox, ponte_settings, crm_stages cascade',
      )
      await query(
        'drop table leads_removed, leads_staging, contacts_staging, ponte_migrations cascade; alter table branches drop column taxid_key cascade, drop column phone cascade',
      )
      await expect(install()).rejects.toMatchObject({
        code: 'pg.migration_partial_erp',
        message: 'the ERP has tables of 0001_erp_clients, but lacks branches.phone',
      })
      expect(await query("select to_regclass('leads') as leads")).toEqual([{ leads: null }])
    })
  })

  test('killed at any point, it leaves all or nothing, and runs again', async () => {
    const migrateModule = fileURLToPath(new URL('./migrate.ts', import.meta.url))
    const script = `
      import pg from 'pg'; import { migrate } from ${JSON.stringify(migrateModule)}
      const pool = new pg.Pool({ connectionString: ${JSON.stringify(database.url)} })
      await pool.query('select 1'); process.stdout.write('go')
      await migrate(pool, new URL(${JSON.stringify(ERP.href)})); process.stdout.write('done'); await pool.end()`
    const files =
      'select count(*)::int as n from pg_class where relname in (select unnest(array[$$branches$$, $$leads$$, $$vw_crm_clients$$, $$insert_contacts$$]))'
    for (let kill = 0; kill < (LONG ? 40 : 3); kill += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: fileURLToPath(new URL('../../', import.meta.url)),
      })
      let said = ''
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (text) => {
          said += text
          if (said === 'go') setTimeout(() => child.kill('SIGKILL'), 20 + kill * (LONG ? 10 : 60))
        })
        child.on('exit', () => resolve())
      })
      await expect.poll(async () => [0, 4].includes((await query(files))[0].n)).toBe(true)
      if (said.endsWith('done')) break
    }
    await migrate(database.pool, ERP)
    expect(await query(files)).toEqual([{ n: 4 }])
    expect(await migrate(database.pool, ERP)).toMatchObject({ applied: [] })
  })
})
