/**
 * The demo's ERP on PostgreSQL.
 *
 * While loading, a superuser (the embedded server) has `session_replication_role = replica`, local to the transaction: the mirror's triggers
 * stay out, and so do those of foreign keys, which takes half the time (the tests check every foreign key afterwards). Any other owner of
 * the tables disables the mirror's triggers alone, and every foreign key is checked as usual.
 */
import { once } from 'node:events'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { inTransaction } from '../../../connectors/pg/transaction.ts'
import type { Cell } from '../../../engine/model.ts'
import { copyLine } from './copy-text.ts'
import type { DemoDatabase, DemoSession, Found } from './database.ts'
import { numbered } from './placeholders.ts'

/** insufficient_privilege */
const NOT_ALLOWED = '42501'
/** Text gathered before it is handed to the socket, in characters. */
const PIECE = 65_536

/** @param url of a database with the schema of sql/postgres; connects when first used */
export function postgresDemoDatabase(url: string): DemoDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 10_000, application_name: 'ponte-demo' })
  // The next command reports a server that went away.
  pool.on('error', () => {})
  return {
    ...sessionOn(pool),
    transaction: (work) => inTransaction(pool, (client) => work(sessionOn(client))),
    async load(tables, work) {
      const result = await inTransaction(pool, async (client) => {
        await client.query(`lock table ${tables.join(', ')} in exclusive mode`)
        const isReplica = await withoutTriggers(client)
        const loaded = await work({
          ...sessionOn(client),
          empty: async (names) => void (await client.query(`truncate ${names.join(', ')}`)),
          append: (table, rows) => copy(client, table, rows),
          reserveCodes: async (last) =>
            void (await client.query("select setval('seq_client_code', $1), setval('seq_contact_code', $2)", [last.client, last.contact])),
        })
        if (!isReplica) await client.query('alter table leads enable trigger user; alter table contacts enable trigger user')
        return loaded
      })
      await pool.query(`analyze ${tables.join(', ')}`)
      return result
    },
    async countWrites(tables) {
      const { rows } = await pool.query<{ now: string }>('select pg_current_xact_id()::text as now')
      const written = tables.map((table) => `select count(*) as n from ${table} where xmin::text::bigint > $1::bigint`)
      const since = `select sum(n)::integer as n from (${written.join(' union all ')}) t`
      return async () => (await pool.query<{ n: number }>(since, [rows[0]!.now])).rows[0]!.n
    },
    close: () => pool.end(),
  }
}

function sessionOn(on: pg.Pool | pg.PoolClient): DemoSession {
  return {
    async rows<Row extends Found>(sql: string, values: Parameters<DemoSession['rows']>[1] = [], most?: number) {
      const statement = numbered(most === undefined ? sql : `${sql} limit ${most}`, values, (place) => `$${place}`)
      const { rows } = await on.query<Record<string, unknown>>(statement.sql, statement.values)
      return rows.map(asText) as Row[]
    },
  }
}

const asText = (row: Record<string, unknown>): Found =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]))

/** True when the whole session is without triggers; false when only the mirror's are off. */
async function withoutTriggers(client: pg.PoolClient): Promise<boolean> {
  await client.query('savepoint triggers')
  try {
    await client.query('set local session_replication_role = replica')
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== NOT_ALLOWED) throw error
    await client.query('rollback to savepoint triggers')
    await client.query('alter table leads disable trigger user; alter table contacts disable trigger user')
    return false
  }
}

/** Streams rows into a table; returns how many. */
async function copy(
  client: pg.PoolClient,
  table: { readonly name: string; readonly columns: readonly string[] },
  rows: Iterable<readonly Cell[]>,
): Promise<number> {
  let count = 0
  const stream = client.query(copyFrom(`copy ${table.name} (${table.columns.join(', ')}) from stdin`))
  const ended = once(stream, 'finish')
  // Listened to at once: a refusal may come while we wait for the socket.
  ended.catch(() => {})
  let piece = ''
  for (const row of rows) {
    piece += copyLine(row)
    count++
    if (piece.length < PIECE) continue
    if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), ended])
    piece = ''
  }
  stream.end(piece)
  await ended
  return count
}
