/**
 * The demo's ERP on Oracle.
 *
 * A load is a session of its own: "mirror only" keeps the mirror's triggers out of it, foreign keys are checked as usual, and a row of
 * PONTE_SETTINGS that it locks keeps two loads apart.
 */
import oracledb from 'oracledb'
import { PonteError } from '../../../base/error.ts'
import { commandPool, openConnection } from '../../../connectors/erp/dialects/oracle/connection.ts'
import { erpError, isOra, numberOf } from '../../../connectors/erp/dialects/oracle/errors.ts'
import { asText } from '../../../connectors/erp/dialects/oracle/rows.ts'
import { oracleTransactions } from '../../../connectors/erp/dialects/oracle/transaction.ts'
import { transact } from '../../../connectors/erp/sql/transact.ts'
import type { Cell } from '../../../engine/model.ts'
import type { DemoDatabase, DemoSession, Found } from './database.ts'
import { numbered } from './placeholders.ts'

/** Rows per round trip. */
const PIECE = 1_000
/** Days without an hour, as demo data writes them. */
const DAYS = `alter session set nls_date_format = 'YYYY-MM-DD' nls_timestamp_format = 'YYYY-MM-DD'`
const LOCK = "select value from ponte_settings where name = 'default_industry' for update wait 60"

type Lend = <T>(work: (connection: oracledb.Connection) => Promise<T>) => Promise<T>

/** @param url of a schema of sql/oracle, as its owner; connects when first used @throws PonteError `erp.bad_url` */
export function oracleDemoDatabase(url: string): DemoDatabase {
  const pool = commandPool({ url })
  const each: Lend = (work) =>
    pool.lend(async (connection) => {
      const result = await work(connection)
      await connection.commit()
      return result
    })
  return {
    ...sessionOn(each),
    transaction: (work) => transact(oracleTransactions(pool), 'demo data', (connection) => work(sessionOn((use) => use(connection)))),
    async load(tables, work) {
      const connection = await openConnection({ url })
      try {
        await connection.execute(DAYS)
        await alone(connection)
        await connection.execute("begin ponte_session.mirror_only('on'); end;")
        let reserved: Parameters<typeof reserve>[1] | undefined
        const result = await work({
          ...sessionOn((use) => use(connection)),
          async empty(names) {
            for (const table of names.toReversed()) await connection.execute(`delete from ${table}`)
          },
          append: (table, rows) => append(connection, table, rows),
          // DDL commits, so it waits for the end. A kill before it leaves codes behind that a load with `replace` mends.
          reserveCodes: async (last) => {
            reserved = last
          },
        })
        await connection.commit()
        if (reserved !== undefined) await reserve(connection, reserved)
        for (const table of tables) await connection.execute(`begin dbms_stats.gather_table_stats(null, '${table.toUpperCase()}'); end;`)
        return result
      } catch (error) {
        await connection.rollback().catch(() => {})
        throw numberOf(error) === undefined ? error : erpError(error)
      } finally {
        await connection.close({ drop: true }).catch(() => {})
      }
    },
    async countWrites(tables) {
      const written = () => each((connection) => writesTo(connection, tables))
      const before = await written()
      return async () => (await written()) - before
    },
    close: () => pool.close(),
  }
}

function sessionOn(lend: Lend): DemoSession {
  return {
    async rows<Row extends Found>(sql: string, values: Parameters<DemoSession['rows']>[1] = [], most?: number) {
      const statement = numbered(most === undefined ? sql : `${sql} fetch first ${most} rows only`, values, (place) => `:${place}`)
      try {
        const { rows = [] } = await lend((connection) => connection.execute<object>(statement.sql, statement.values, asText))
        return rows.map(lowerKeys) as Row[]
      } catch (error) {
        throw erpError(error)
      }
    },
  }
}

const lowerKeys = (row: object): Found =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value as Cell]))

/** @throws PonteError `demo.busy` */
async function alone(connection: oracledb.Connection): Promise<void> {
  try {
    await connection.execute(LOCK)
  } catch (cause) {
    if (!isOra(cause, 54, 30006)) throw erpError(cause)
    throw new PonteError('demo.busy', 'another process is loading demo data into this database', { hint: 'wait until it has ended', cause })
  }
}

async function append(
  connection: oracledb.Connection,
  { name, columns }: { readonly name: string; readonly columns: readonly string[] },
  rows: Iterable<readonly Cell[]>,
): Promise<number> {
  const statement = `insert into ${name} (${columns.join(', ')}) values (${columns.map((_, at) => `:${at + 1}`).join(', ')})`
  let count = 0
  let piece: (readonly Cell[])[] = []
  const send = async () => {
    if (piece.length === 0) return
    const longest = columns.map((_, at) => piece.reduce((most, row) => Math.max(most, Buffer.byteLength(row[at] ?? '')), 1))
    const bindDefs = longest.map((maxSize) => ({ type: oracledb.DB_TYPE_VARCHAR, maxSize }))
    await connection.executeMany(statement, piece as oracledb.BindParameters[], { bindDefs })
    piece = []
  }
  for (const row of rows) {
    piece.push(row)
    count += 1
    if (piece.length === PIECE) await send()
  }
  await send()
  return count
}

async function reserve(connection: oracledb.Connection, last: { readonly client: number; readonly contact: number }): Promise<void> {
  await connection.execute(`alter sequence seq_client_code restart start with ${last.client + 1}`)
  await connection.execute(`alter sequence seq_contact_code restart start with ${last.contact + 1}`)
}

/** The server's own account of changed rows, since the tables' statistics were made. */
async function writesTo(connection: oracledb.Connection, tables: readonly string[]): Promise<number> {
  await connection.execute('begin dbms_stats.flush_database_monitoring_info(); end;')
  const names = tables.map((table) => `'${table.toUpperCase()}'`).join(', ')
  const sql = `select coalesce(sum(inserts + updates + deletes), 0) as n from user_tab_modifications where table_name in (${names})`
  const { rows = [] } = await connection.execute<{ N: string }>(sql, {}, asText)
  return Number(rows[0]!.N)
}
