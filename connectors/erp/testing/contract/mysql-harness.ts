/** A migrated ERP on the MariaDB for tests, for this room's tests and the contract suite. */
import { migrate } from '../../../mysql/migrate.ts'
import { type TestMariaDb, testMariaDb } from '../../../mysql/testing.ts'
import { mysqlErp } from '../../dialects/mysql/erp.ts'
import type { ErpHarness } from './contract.ts'

/** The schema folder of the ERP on MySQL. */
const ERP_SCHEMA = new URL('../../../../sql/mysql/', import.meta.url)

/** ERP tables that the integration writes. */
const WRITTEN = ['clients', 'branches', 'client_industries', 'credit_limit_history', 'sales_rep_branches', 'billing_addresses', 'contact']

export const WAITING = `select count(*) as n from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
  where t.trx_state = 'LOCK WAIT' and p.db = database()`

/** A fresh ERP, its connector, and a way to run SQL beside it. */
export async function openHarness(): Promise<ErpHarness & { readonly database: TestMariaDb }> {
  const database = await testMariaDb({ migrate: (pool) => migrate(pool, ERP_SCHEMA) })
  const connector = (settings: { statementTimeoutMs?: number } = {}) => mysqlErp({ url: database.url, ...settings })
  const erp = connector()
  const sql: ErpHarness['sql'] = async (statement) => {
    const [rows] = await database.pool.query(statement)
    if (!Array.isArray(rows)) return []
    return (rows as object[]).map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])),
    )
  }
  return {
    database,
    erp,
    connector,
    sql,
    async hold(statement) {
      const connection = await database.pool.getConnection()
      const run = async (text: string) => void (await connection.query(text))
      await run('start transaction')
      await run(statement)
      return { sql: run, commit: () => run('commit').finally(() => connection.release()) }
    },
    waiting: async () => Number((await sql(WAITING))[0]!.n),
    // The contents whole: CHECKSUM TABLE also sees what lies under a null.
    async versions() {
      const contents = []
      for (const table of WRITTEN) contents.push((await sql(`select * from ${table}`)).map((row) => JSON.stringify(row)).sort())
      return contents
    },
    async close() {
      await erp.close()
      await database.drop()
    },
  }
}
