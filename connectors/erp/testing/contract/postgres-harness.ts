/** A migrated ERP on the test server, for this room's tests and the contract suite. */

import { postgresErp } from '../../dialects/postgres/erp.ts'
import { rowVersions } from '../postgres-fixtures.ts'
import { type TestDatabase, testDatabase } from '../test-erp.ts'
import type { ErpHarness } from './contract.ts'

/** The schema folder of the ERP on PostgreSQL. */
const ERP_SCHEMA = new URL('../../../../sql/postgres/', import.meta.url)

/** A fresh ERP, its connector, and a way to run SQL beside it. */
export async function openHarness(): Promise<ErpHarness & { readonly database: TestDatabase }> {
  const database = await testDatabase({ migrate: [ERP_SCHEMA] })
  const connector = (settings: { statementTimeoutMs?: number } = {}) => postgresErp({ url: database.url, ...settings })
  const erp = connector()
  const sql: ErpHarness['sql'] = async (statement) => {
    const { rows } = await database.pool.query<Record<string, unknown>>(statement)
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])))
  }
  return {
    database,
    erp,
    connector,
    sql,
    async hold(statement) {
      const client = await database.pool.connect()
      const run = async (text: string) => void (await client.query(text))
      await run('begin')
      // Of two that lock each other out the other one is ended.
      await run("set local deadlock_timeout = '1min'")
      await run(statement)
      return { sql: run, commit: () => run('commit').finally(() => client.release()) }
    },
    waiting: async () =>
      Number(
        (await sql("select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))[0]!.n,
      ),
    versions: () => rowVersions({ sql }),
    async close() {
      await erp.close()
      await database.drop()
    },
  }
}
