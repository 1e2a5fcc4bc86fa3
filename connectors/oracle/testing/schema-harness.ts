/** The Oracle schema on MariaDB for this room's tests: loaded once per file, emptied between tests. */
import mysql from 'mysql2/promise'
import { afterAll } from 'vitest'
import { loadOracleSchema, oracleSession } from '../../../lab/simulators/oracle-schema/load.ts'
import type { ErpHarness, SchemaHarness } from '../../erp/testing/contract/contract-harness.ts'
import { testMariaDb } from '../../mysql/testing.ts'
import { oracleScripts } from '../scripts.ts'

/** ERP tables that the integration writes. */
const WRITTEN = ['clients', 'branches', 'client_industries', 'credit_limit_history', 'sales_rep_branches', 'billing_addresses', 'contact']
/** Tables with rows that the scripts bring along. */
const FILLED = new Set(['crm_stages', 'ponte_locks', 'ponte_settings', 'settings_before', 'writes'])
const SEQUENCES = ['seq_error_log_id', 'seq_log_execution_crm', 'seq_client_code', 'seq_contact_code']

export interface OracleHarness extends SchemaHarness {
  /** mysql:// of the database. */
  readonly url: string
  /** A further session, as a second user of the database. The harness ends it. */
  session(): Promise<ErpHarness['sql']>
  /** Row writes to ERP tables so far: not even the same values may be written again. */
  versions(): Promise<string>
  /** Back to what the scripts installed. */
  empty(): Promise<void>
}

const opened: OracleHarness[] = []
const free: OracleHarness[] = []
afterAll(() => Promise.all(opened.splice(0).map((it) => it.close())))

/** One schema for all tests of a file: closing it empties it. */
export async function openEmptied(): Promise<OracleHarness> {
  let it = free.pop()
  if (it === undefined) {
    it = await openOracleHarness()
    opened.push(it)
  }
  const harness = it
  return {
    ...harness,
    async close() {
      await harness.empty()
      free.push(harness)
    },
  }
}

export async function openOracleHarness(): Promise<OracleHarness> {
  const database = await testMariaDb()
  const connections: mysql.Connection[] = []
  const session = async () => {
    const connection = await mysql.createConnection({
      uri: database.url,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
    })
    connections.push(connection)
    await connection.query(oracleSession)
    return async (statement: string) => rowsOf((await connection.query(statement))[0])
  }
  const owner = await mysql.createConnection(database.url)
  await loadOracleSchema(
    owner,
    (await oracleScripts()).flatMap(({ statements }) => statements),
  )
  await owner.end()
  const sql = await session()
  await watch(sql)
  const tables = (
    await sql("select table_name as t from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE'")
  ).map(({ t }) => t!)
  return {
    url: database.url,
    sql,
    session,
    versions: async () => (await sql('select count(*) as n from writes'))[0]!.n!,
    async empty() {
      await sql("call ponte_session.mirror_only('off')")
      await sql('set foreign_key_checks = 0')
      for (const table of tables.filter((name) => !FILLED.has(name))) await sql(`truncate table ${table}`)
      await sql('truncate table writes')
      await sql('delete from ponte_settings')
      await sql('insert into ponte_settings select * from settings_before')
      for (const sequence of SEQUENCES) await sql(`alter sequence ${sequence} restart`)
      await sql('set foreign_key_checks = 1')
    },
    async close() {
      for (const connection of connections) await connection.end()
      await database.drop()
    },
  }
}

async function watch(sql: ErpHarness['sql']): Promise<void> {
  await sql('create table settings_before as select * from ponte_settings')
  await sql('create table writes (t varchar(30))')
  for (const table of WRITTEN) {
    for (const event of ['insert', 'update', 'delete'])
      await sql(`create trigger w_${table}_${event} after ${event} on ${table} for each row insert into writes values ('${table}')`)
  }
}

function rowsOf(result: unknown): Record<string, string | null>[] {
  if (!Array.isArray(result)) return []
  const rows = (Array.isArray(result[0]) ? result[0] : result) as Record<string, unknown>[]
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])))
}
