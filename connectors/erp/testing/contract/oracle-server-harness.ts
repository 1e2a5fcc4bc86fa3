/**
 * The contract on a real Oracle, when ORACLE_URL names one: `ORACLE_URL=oracle://user:password@host:1521/service npm test`. The schema must be
 * empty: these tests install into it, and delete all rows between them. A schema that holds anything else is refused.
 */
import { PonteError } from '../../../../base/error.ts'
import { commandPool, openConnection } from '../../dialects/oracle/connection.ts'
import { oracleErp } from '../../dialects/oracle/erp.ts'
import { isOra } from '../../dialects/oracle/errors.ts'
import { migrateOracleErp } from '../../dialects/oracle/install.ts'
import { asText } from '../../dialects/oracle/rows.ts'
import type { ErpHarness } from './contract-harness.ts'

/** What says that the schema is ours to empty; made before anything else is. */
const MARK = 'ponte_contract_tests'
/** ERP tables that the integration writes. */
const WRITTEN = ['client_industries', 'credit_limit_history', 'sales_rep_branches', 'billing_addresses', 'contact', 'branches', 'clients']
/** All that tests fill; who refers to another stands before it. */
const TABLES = [
  ...['sales_order_item_delivery', 'sales_order_item', 'sales_order', 'person', 'service_order_item', 'service_order'],
  ...['budget_item_quant_delivery', 'budget_item_delivery', 'budget_item_quantity', 'budget_item', 'budget'],
  ...WRITTEN,
  ...['cities', 'states', 'countries', 'industries', 'sales_reps', 'contact_job_titles'],
  ...['contacts', 'mirrored_persons', 'leads', 'leads_removed', 'ponte_inbox', 'error_log', 'log_execution_crm'],
  ...['leads_staging', 'contacts_staging', 'ponte_settings'],
]

/** A fresh ERP on that server. @throws Error when the schema is not ours; PonteError `erp.*`, `oracle.*` */
export async function openServerHarness(url: string): Promise<ErpHarness> {
  const pool = commandPool({ url, maxConnections: 8 })
  const run = (statement: string) =>
    pool.lend(async (connection) => {
      const { rows = [] } = await connection.execute<Record<string, unknown>>(statement, [], { ...asText, autoCommit: true })
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value === null ? null : String(value)])),
      )
    })
  try {
    await claim(run, url)
    await empty(run)
  } catch (error) {
    await pool.close()
    throw error
  }
  const connector = (settings: { statementTimeoutMs?: number } = {}) => oracleErp({ url, ...settings })
  const erp = connector()
  return {
    erp,
    connector,
    sql: run,
    async hold(statement) {
      const connection = await openConnection({ url })
      const execute = async (text: string) => void (await connection.execute(text))
      await execute(statement)
      return { sql: execute, commit: () => connection.commit().finally(() => connection.close()) }
    },
    waiting: async () => Number((await run('select count(*) as n from v$session where blocking_session is not null'))[0]!.n),
    versions: async () => {
      const contents = []
      for (const table of WRITTEN) contents.push((await run(`select * from ${table}`)).map((row) => JSON.stringify(row)).sort())
      return contents
    },
    async close() {
      await erp.close()
      await pool.close()
    },
  }
}

type Run = ErpHarness['sql']

const isThere = (run: Run, table: string): Promise<boolean> =>
  run(`select 1 from ${table} where 1 = 0`).then(
    () => true,
    (error) => {
      if (isOra(error, 942)) return false
      throw error
    },
  )

async function claim(run: Run, url: string): Promise<void> {
  if (!(await isThere(run, MARK))) {
    for (const table of [...TABLES, 'ponte_migrations']) {
      if (await isThere(run, table)) {
        throw new PonteError('test.oracle', `ORACLE_URL names a schema that holds ${table}, which these tests did not make`, {
          hint: 'they delete all rows: give them a user whose schema is empty',
        })
      }
    }
    await run(`create table ${MARK} (made_on timestamp(6) default localtimestamp(6) not null)`)
  }
  await migrateOracleErp(url)
  if (await isThere(run, `${MARK}_settings`)) return
  await run(`create table ${MARK}_settings as select name, value, note from ponte_settings`)
}

/** As the scripts left it. */
async function empty(run: Run): Promise<void> {
  await run("update ponte_settings set value = null where name = 'delete_contacts_in_erp'")
  for (const table of TABLES) await run(`delete from ${table}`)
  await run(`insert into ponte_settings (name, value, note) select name, value, note from ${MARK}_settings`)
}
