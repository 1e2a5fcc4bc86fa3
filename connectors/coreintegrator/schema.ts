/** Tables and first rows. Tables that an older CoreIntegrator made get what they lack: columns, keys, room for large ids and for every character. */
import { readFile } from 'node:fs/promises'
import { change, type Database, rowsOf } from './database.ts'

const tables = new URL('../../sql/coreintegrator/tables.sql', import.meta.url)

/** Columns of ours whose type an older CoreIntegrator made too narrow: its ids ended at 2147483647, its text at the server's own character set. */
const columns = {
  sync_logs: {
    payload: 'text character set utf8mb4 null',
    erp_id: 'bigint unsigned null',
    attempts: 'int null',
    error: 'varchar(500) character set utf8mb4 null',
    duration_ms: 'int null',
    delivery_key: 'varchar(80) character set utf8mb4 null',
  },
  sync_outbox: {
    erp_id: 'bigint unsigned not null',
  },
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
  await upgrade(database)
  await seed(database)
}

/** Each table in one statement, and only when it lacks something. `add column if not exists` is MariaDB's alone. */
async function upgrade(database: Database): Promise<void> {
  for (const [table, wanted] of Object.entries(columns)) {
    const found = await rowsOf<Column>(database, columnsOf, [table])
    const keys = await rowsOf<{ name: string }>(database, keysOf, [table])
    const changes = Object.entries(wanted).flatMap(([name, type]) => {
      const column = found.find((one) => one.name.toLowerCase() === name)
      if (column === undefined) return [`add column ${name} ${type}`]
      return isWideEnough(column, type) ? [] : [`modify column ${name} ${type}`]
    })
    if (table === 'sync_logs')
      for (const [name, key] of Object.entries(keysOfLogs))
        if (!keys.some((one) => one.name.toLowerCase() === name)) changes.push(`add ${key}`)
    if (changes.length > 0) await database.query(`alter table ${table} ${changes.join(', ')}`)
  }
}

interface Column {
  readonly name: string
  /** `int`, `bigint`, `varchar`... */
  readonly type: string
  readonly charset: string | null
}

const ofTable = 'where table_schema = database() and table_name = ?'
const columnsOf = `select column_name as name, data_type as type, character_set_name as charset from information_schema.columns ${ofTable}`
const keysOf = `select index_name as name from information_schema.statistics ${ofTable}`

/** A type that somebody else chose stays, unless ids or emoji would not fit into it. */
function isWideEnough({ type, charset }: Column, wanted: string): boolean {
  if (wanted.startsWith('bigint')) return type.toLowerCase() === 'bigint'
  return charset === null || charset === 'utf8mb4'
}

/** The two customers of the demonstration, when there is none. One statement each, so that the next id is 3 (MySQL sets ids aside for a bulk). */
async function seed(database: Database): Promise<void> {
  const [row] = await rowsOf<{ n: number }>(database, 'select count(*) as n from erp_customers')
  if (Number(row!.n) > 0) return
  for (const customer of seeds)
    await change(database, 'insert into erp_customers (cust_id, cust_name, phone_no, synced) values (?, ?, ?, false)', customer)
}
