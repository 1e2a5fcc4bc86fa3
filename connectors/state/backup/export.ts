/**
 * The whole state database as text, at one moment, while everybody goes on working: COPY of each table in one repeatable-read
 * transaction. (No pg_dump: the embedded server ships none.) Where BullMQ keeps its queues is a schema of its own and left out: it
 * only says when to look.
 */
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { keepAlive } from '../../pg/keep-alive.ts'
import { query, stateError } from '../query.ts'

export interface ExportedTable {
  readonly name: string
  readonly columns: readonly string[]
}

export interface StateExport {
  /** The moment that is shown, by the state database's clock. */
  readonly at: Date
  /** Names of the migrations that are in place: data fits this very schema. */
  readonly schema: readonly string[]
  /** Referenced tables come before those that refer to them. */
  readonly tables: readonly ExportedTable[]
  /** COPY text of one table, in pieces of a few megabytes. */
  rows(table: ExportedTable): AsyncIterable<Uint8Array>
}

const pieceBytes = 4 * 1024 * 1024

/** @throws PonteError `state.*`; what `work` throws */
export async function withExport<T>(pool: pg.Pool, work: (exported: StateExport) => Promise<T>): Promise<T> {
  const patient = patientPool(pool)
  try {
    const client = await patient.connect().catch((error) => {
      throw stateError(error)
    })
    return await exportBy(client, work).finally(() => client.release(true))
  } finally {
    await patient.end()
  }
}

async function exportBy<T>(client: pg.PoolClient, work: (exported: StateExport) => Promise<T>): Promise<T> {
  client.on('error', ignore)
  try {
    await query(client, 'begin transaction isolation level repeatable read, read only')
    const { rows } = await query<{ at: Date }>(client, 'select clock_timestamp() as at')
    const result = await work({
      at: rows[0]!.at,
      schema: await schemaOf(client),
      tables: await tablesOf(client),
      rows: (table) => copyOut(client, table),
    })
    await query(client, 'rollback')
    return result
  } finally {
    client.removeListener('error', ignore)
  }
}

/** One connection to the same database that waits for as long as a large table takes; everybody else's ends a query after 90 s. */
export function patientPool(pool: pg.Pool): pg.Pool {
  const { connectionString } = pool.options
  const patient = new pg.Pool({
    ...(connectionString === undefined ? {} : { connectionString }),
    max: 1,
    connectionTimeoutMillis: 10_000,
    ...keepAlive,
    application_name: 'ponte-backup',
  })
  patient.on('error', ignore)
  return patient
}

const ignore = () => {}

/** Names of the state's migrations that are in place. */
export async function schemaOf(client: pg.PoolClient): Promise<string[]> {
  const { rows } = await query<{ name: string }>(client, `select name from ponte_migrations where folder = 'state' order by name`)
  return rows.map(({ name }) => name)
}

/** All tables of the state, in an order in which they can be filled. The list of migrations belongs to the schema, not to the data. */
export async function tablesOf(client: pg.PoolClient): Promise<ExportedTable[]> {
  const { rows } = await query<ExportedTable & { needs: string[] }>(
    client,
    `select c.relname as name,
            array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns,
            array(select r.relname::text from pg_constraint f join pg_class r on r.oid = f.confrelid where f.conrelid = c.oid and f.contype = 'f' and r.oid <> c.oid) as needs
       from pg_class c
      where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname <> 'ponte_migrations'
      order by c.relname`,
  )
  const ordered: typeof rows = []
  const waiting = [...rows]
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ needs }) => needs.every((need) => !waiting.some(({ name }) => name === need)))
    // Tables that need each other: their constraints would have to wait for the commit.
    ordered.push(...waiting.splice(Math.max(next, 0), 1))
  }
  return ordered.map(({ name, columns }) => ({ name, columns }))
}

async function* copyOut(client: pg.PoolClient, { name, columns }: ExportedTable): AsyncGenerator<Uint8Array> {
  const stream = client.query(copyTo(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) to stdout`))
  let piece: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      piece.push(chunk)
      bytes += chunk.length
      if (bytes < pieceBytes) continue
      yield Buffer.concat(piece)
      piece = []
      bytes = 0
    }
  } catch (error) {
    throw stateError(error)
  }
  if (bytes > 0) yield Buffer.concat(piece)
}

/** An identifier, from this database's own catalogue or checked against it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
