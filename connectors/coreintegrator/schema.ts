/** Tables and first rows (mission H.1). Tables that an older CoreIntegrator made get what they lack; nothing in them is changed. */
import { readFile } from 'node:fs/promises'
import { change, type Database, rowsOf } from './database.ts'

const tables = new URL('../../sql/coreintegrator/tables.sql', import.meta.url)

const addedToLogs = {
  erp_id: 'int null',
  attempts: 'int null',
  error: 'varchar(500) null',
  duration_ms: 'int null',
  delivery_key: 'varchar(80) null',
} as const
const keysOfLogs = {
  sync_logs_delivery: 'unique key sync_logs_delivery (delivery_key)',
  sync_logs_newest: 'key sync_logs_newest (created_at)',
  sync_logs_status: 'key sync_logs_status (status, created_at)',
} as const

const seeds = [
  [1, 'Rahul', '9876543210'],
  [2, 'Anita', '9123456780'],
] as const

/** May run again; call it under the lock (lock.ts), because two starts at once would both seed. */
export async function installTables(database: Database): Promise<void> {
  const text = (await readFile(tables, 'utf8')).replace(/^--.*$/gm, '')
  for (const statement of text.split(/;\s*$/m)) if (statement.trim() !== '') await database.query(statement)
  await upgradeLogs(database)
  await seed(database)
}

/** `add column if not exists` is MariaDB's alone. */
async function upgradeLogs(database: Database): Promise<void> {
  const columns = await names(database, 'select column_name as name from information_schema.columns')
  const keys = await names(database, 'select index_name as name from information_schema.statistics')
  const lacking = [
    ...Object.entries(addedToLogs).flatMap(([name, type]) => (columns.has(name) ? [] : [`add column ${name} ${type}`])),
    ...Object.entries(keysOfLogs).flatMap(([name, key]) => (keys.has(name) ? [] : [`add ${key}`])),
  ]
  if (lacking.length > 0) await database.query(`alter table sync_logs ${lacking.join(', ')}`)
}

async function names(database: Database, select: string): Promise<Set<string>> {
  const rows = await rowsOf<{ name: string }>(database, `${select} where table_schema = database() and table_name = 'sync_logs'`)
  return new Set(rows.map(({ name }) => name.toLowerCase()))
}

/** The two customers of the demonstration, when there is none. One statement each, so that the next id is 3 (MySQL sets ids aside for a bulk). */
async function seed(database: Database): Promise<void> {
  const [row] = await rowsOf<{ n: number }>(database, 'select count(*) as n from erp_customers')
  if (Number(row!.n) > 0) return
  for (const customer of seeds)
    await change(database, 'insert into erp_customers (cust_id, cust_name, phone_no, synced) values (?, ?, ?, false)', customer)
}
