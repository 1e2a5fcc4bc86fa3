/**
 * The demo's ERP on MySQL or MariaDB.
 *
 * A load is a session of its own: `@ponte_mirror_only` keeps the mirror's triggers out, foreign keys are not checked (the tests check every
 * one of them afterwards), and a lock by name keeps two loads apart. Rows go in as inserts of many rows: LOAD DATA LOCAL would be quicker,
 * but a MySQL 8 refuses it unless its owner allows it.
 */
import mysql from 'mysql2/promise'
import { PonteError } from '../../../base/error.ts'
import { commandPool, openConnection } from '../../../connectors/erp/dialects/mysql/settings.ts'
import { mysqlTransactions } from '../../../connectors/erp/dialects/mysql/transaction.ts'
import { transact } from '../../../connectors/erp/sql/transact.ts'
import type { Cell } from '../../../engine/model.ts'
import type { DemoDatabase, DemoLoading, DemoSession, Found } from './database.ts'
import { listed } from './placeholders.ts'

/** Text of one statement, in characters: far below the smallest max_allowed_packet that servers come with, 4 MB. */
const PIECE = 500_000

/** @param url of a database with the schema of sql/mysql; connects when first used @throws PonteError `erp.bad_url` */
export function mysqlDemoDatabase(url: string): DemoDatabase {
  const pool = commandPool({ url })
  return {
    ...sessionOn(pool),
    transaction: (work) => transact(mysqlTransactions(pool), 'demo data', (connection) => work(sessionOn(connection))),
    async load(tables, work) {
      const connection = await openConnection({ url })
      try {
        await connection.query("set @ponte_mirror_only = 'on', foreign_key_checks = 0")
        await alone(connection)
        await connection.query('start transaction')
        const result = await work(loadingOn(connection))
        await connection.query('commit')
        await connection.query(`analyze table ${tables.join(', ')}`)
        return result
      } catch (error) {
        await connection.query('rollback').catch(() => {})
        throw error
      } finally {
        connection.destroy()
      }
    },
    async countWrites(tables) {
      const written = async () => Number((await sessionOn(pool).rows(WRITTEN, [tables]))[0]!.n)
      if ((await sessionOn(pool).rows("show variables where variable_name = 'userstat' and value = 'ON'")).length === 0) throw notCounted()
      const before = await written()
      return async () => (await written()) - before
    },
    close: () => pool.end(),
  }
}

/** MariaDB's own account of rows that were inserted, changed or deleted. */
const WRITTEN = `
  select coalesce(sum(rows_changed), 0) as n from information_schema.table_statistics where table_schema = database() and table_name in (?)`

function sessionOn(on: mysql.Pool | mysql.Connection): DemoSession {
  return {
    async rows<Row extends Found>(sql: string, values: Parameters<DemoSession['rows']>[1] = [], most?: number) {
      const given = values.map((value) => (Array.isArray(value) ? listed(value) : value))
      const [rows] = await on.query(most === undefined ? sql : `${sql} limit ${most}`, given)
      return (Array.isArray(rows) ? (rows as object[]).map(asText) : []) as Row[]
    },
  }
}

const asText = (row: object): Found =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value === null ? null : String(value)]))

function loadingOn(connection: mysql.Connection): DemoLoading {
  return {
    ...sessionOn(connection),
    async empty(tables) {
      // TRUNCATE would commit.
      for (const table of tables) await connection.query(`delete from ${table}`)
    },
    append: (table, rows) => insert(connection, table, rows),
    // CONTACT numbers itself, beyond every code that was ever given.
    reserveCodes: async ({ client }) =>
      void (await connection.query("update ponte_sequences set value = ? where name = 'client_code'", [client])),
  }
}

async function insert(
  connection: mysql.Connection,
  { name, columns }: { readonly name: string; readonly columns: readonly string[] },
  rows: Iterable<readonly Cell[]>,
): Promise<number> {
  const head = `insert into ${name} (${columns.map((column) => `\`${column}\``).join(', ')}) values `
  let count = 0
  let piece = ''
  const send = async () => {
    if (piece !== '') await connection.query(head + piece)
    piece = ''
  }
  for (const row of rows) {
    piece += `${piece === '' ? '' : ','}(${mysql.escape([...row])})`
    count++
    if (piece.length > PIECE) await send()
  }
  await send()
  return count
}

/** Until the session ends. @throws PonteError `demo.busy` */
async function alone(connection: mysql.Connection): Promise<void> {
  const [row] = await sessionOn(connection).rows("select get_lock(left(concat('ponte demo ', database()), 64), 60) as held")
  if (row!.held === '1') return
  throw new PonteError('demo.busy', 'another process is loading demo data into this database', { hint: 'wait until it has ended' })
}

function notCounted(): PonteError {
  return new PonteError('demo.writes_not_counted', 'this server does not count the rows that are written', {
    hint: 'start MariaDB with --userstat=1',
  })
}
