/** An ERP for the suites of this room, whatever its dialect: freshly migrated, with what only the dialect's catalogue knows. */
import * as mysql from '../../../connectors/erp/testing/contract/mysql-harness.ts'
import * as oracle from '../../../connectors/erp/testing/contract/oracle-harness.ts'
import * as postgres from '../../../connectors/erp/testing/contract/postgres-harness.ts'
import type { DemoDatabase } from '../database/database.ts'
import { mysqlDemoDatabase } from '../database/database-mysql.ts'
import { oracleDemoDatabase } from '../database/database-oracle.ts'
import { postgresDemoDatabase } from '../database/database-postgres.ts'

type TextRow = Readonly<Record<string, string | null>>

/** Columns of both sides in order, between commas. */
export interface ForeignKey {
  readonly child: string
  readonly columns: string
  readonly parent: string
  readonly keys: string
}

export interface DemoHarness {
  readonly url: string
  readonly demo: DemoDatabase
  /** Runs a statement beside it. */
  sql(statement: string): Promise<TextRow[]>
  foreignKeys(): Promise<ForeignKey[]>
  /** Ends every other session of this database that is in a transaction. */
  endTransactions(): Promise<void>
  close(): Promise<void>
}

const POSTGRES_KEYS = `
  select conrelid::regclass::text as child, confrelid::regclass::text as parent,
         (select string_agg(a.attname, ',' order by k.place) from unnest(conkey) with ordinality k(n, place)
            join pg_attribute a on a.attrelid = conrelid and a.attnum = k.n) as columns,
         (select string_agg(a.attname, ',' order by k.place) from unnest(confkey) with ordinality k(n, place)
            join pg_attribute a on a.attrelid = confrelid and a.attnum = k.n) as keys
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`

const MYSQL_KEYS = `
  select table_name as child, referenced_table_name as parent, group_concat(column_name order by ordinal_position) as columns,
         group_concat(referenced_column_name order by ordinal_position) as \`keys\`
    from information_schema.key_column_usage where table_schema = database() and referenced_table_name is not null
   group by table_name, referenced_table_name, constraint_name`

export async function openPostgres(): Promise<DemoHarness> {
  const it = await postgres.openHarness()
  return harness(it, it.database.url, postgresDemoDatabase(it.database.url), POSTGRES_KEYS, async () => {
    await it.sql(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`)
  })
}

export async function openMysql(): Promise<DemoHarness> {
  const it = await mysql.openHarness()
  // The demo's own server is started with it; the one for tests is shared, and counting harms nobody.
  await it.sql('set global userstat = 1')
  return harness(it, it.database.url, mysqlDemoDatabase(it.database.url), MYSQL_KEYS, () => endOnMariaDb(it))
}

/** On the simulated Oracle. */
export async function openOracle(): Promise<DemoHarness> {
  const it = await oracle.openHarness()
  await it.sql('set global userstat = 1')
  return harness(it, it.url, oracleDemoDatabase(it.url), MYSQL_KEYS, () => endOnMariaDb(it))
}

async function endOnMariaDb(it: Pick<DemoHarness, 'sql'>): Promise<void> {
  const sessions = await it.sql(`select p.id from information_schema.processlist p
    join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id where p.db = database() and p.id <> connection_id()`)
  for (const { id } of sessions) await it.sql(`kill ${id}`)
}

function harness(
  it: Pick<DemoHarness, 'sql' | 'close'>,
  url: string,
  demo: DemoDatabase,
  keys: string,
  endTransactions: () => Promise<void>,
): DemoHarness {
  return {
    url,
    demo,
    sql: it.sql,
    foreignKeys: async () => (await it.sql(keys)) as unknown as ForeignKey[],
    endTransactions,
    async close() {
      await demo.close()
      await it.close()
    },
  }
}
