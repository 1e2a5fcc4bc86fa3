/**
 * A state database from a backup, in one transaction: nothing of it shows before all of it is in.
 *
 * What went on after the backup is not in it, but CRM and ERP have it: restores.ts says what is done about that.
 */
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { PonteError } from '../../../base/error.ts'
import { query, stateError, transaction } from '../query.ts'
import { type ExportedTable, patientPool, quoted, schemaOf, tablesOf } from './export.ts'
import { type Backup, forgetAfterBackup } from './restores.ts'

export interface StateImport {
  /** Fills a table with COPY text. Each table once. @throws PonteError `backup.other_schema` for a table that is not here */
  fill(table: string, columns: readonly string[], rows: AsyncIterable<Uint8Array>): Promise<void>
}

/** Not in the way: there from the start, gone in a while, or added to. */
const incidental = new Set(['audit', 'quota', 'leases', 'login_attempts', 'schedules', 'restores', 'disks', 'reachability', 'alerts'])

/**
 * Empties the state and runs `load` in one transaction, then brings it in line with a world that went on. It ends as an unfinished
 * restore: `finishRestore` lets work begin.
 * @param force also when there is something
 * @throws PonteError `restore.not_empty`, `restore.in_use` (exit 2: nothing was changed), `backup.other_schema`, `state.*`; what `load` throws
 */
export async function importState(
  pool: pg.Pool,
  backup: Backup,
  force: boolean,
  load: (into: StateImport) => Promise<void>,
): Promise<bigint> {
  const patient = patientPool(pool)
  return transaction(patient, async (client) => {
    await query(client, `set local lock_timeout = '10s'`)
    const schema = await schemaOf(client)
    if (schema.join() !== backup.schema.join()) throw otherSchema(backup.schema, schema)
    const tables = await tablesOf(client)
    await query(client, `lock table ${tables.map(({ name }) => quoted(name)).join(', ')} in access exclusive mode`).catch((error) => {
      throw (error.cause as { code?: string } | undefined)?.code === '55P03' ? inUse('the state database is in use') : error
    })
    await refuseWorkers(client)
    if (!force) await refuseContents(client, tables)
    const emptied = tables.filter(({ name }) => name !== 'audit')
    await query(client, `truncate ${emptied.map(({ name }) => quoted(name)).join(', ')} restart identity`)
    await load({ fill: (name, columns, rows) => fill(client, tables, name, columns, rows) })
    await advanceIdentities(client, tables)
    return forgetAfterBackup(client, backup)
  }).finally(() => patient.end())
}

async function refuseWorkers(client: pg.PoolClient): Promise<void> {
  const { rows } = await query<{ name: string; holder: string }>(
    client,
    'select name, holder from leases where expires_at >= clock_timestamp() order by name limit 1',
  )
  if (rows[0] === undefined) return
  throw inUse(`${rows[0].name} is being run by ${rows[0].holder}`)
}

const inUse = (what: string) =>
  new PonteError('restore.in_use', what, {
    hint: 'stop all of Ponte (systemctl stop ponte.target, docker compose stop api worker), then restore; a killed run frees its lease in 10 s',
    exitCode: 2,
  })

async function refuseContents(client: pg.PoolClient, tables: readonly ExportedTable[]): Promise<void> {
  for (const { name } of tables) {
    if (incidental.has(name)) continue
    const { rowCount } = await query(client, `select from ${quoted(name)} limit 1`)
    if (rowCount === 0) continue
    throw notEmpty(`the state database has rows in ${name}`)
  }
}

/** For the state database, and for the queue. */
export const notEmpty = (what: string) =>
  new PonteError('restore.not_empty', `${what}: a restore would replace them`, {
    hint: 'restore into an empty place, or say --force: what is there is replaced, queue and snapshots are set aside',
    exitCode: 2,
  })

async function fill(
  client: pg.PoolClient,
  tables: readonly ExportedTable[],
  name: string,
  columns: readonly string[],
  rows: AsyncIterable<Uint8Array>,
): Promise<void> {
  const known = tables.find((table) => table.name === name)
  if (!known || columns.some((column) => !known.columns.includes(column))) throw otherSchema([], [])
  if (name === 'audit') return addToAudit(client, columns, rows)
  await copyInto(client, name, columns, rows)
}

async function copyInto(client: pg.PoolClient, name: string, columns: readonly string[], rows: AsyncIterable<Uint8Array>): Promise<void> {
  const stream = client.query(copyFrom(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) from stdin`))
  await pipeline(rows, stream).catch((error) => {
    throw stateError(error)
  })
}

/** The audit log only grows: what was done since the backup stays in it, and what the backup has and it has not is added, with new numbers. */
async function addToAudit(client: pg.PoolClient, columns: readonly string[], rows: AsyncIterable<Uint8Array>): Promise<void> {
  await query(client, 'create temporary table restored_audit (like audit) on commit drop')
  await copyInto(client, 'restored_audit', columns, rows)
  const kept = columns.filter((column) => column !== 'id').map(quoted)
  await query(
    client,
    `insert into audit (${kept}) select ${kept} from restored_audit r
      where not exists (select from audit a where (a.at, a.actor, a.action) = (r.at, r.actor, r.action)) order by r.id`,
  )
}

/** Columns whose numbers come from the one sequence that says in which order things happened. */
const ordered = new Set(['happened', 'moved'])

/** New rows are numbered after the old ones. */
async function advanceIdentities(client: pg.PoolClient, tables: readonly ExportedTable[]): Promise<void> {
  for (const { name, columns } of tables)
    for (const column of columns) {
      const { rows } = await query<{ sequence: string | null }>(client, 'select pg_get_serial_sequence($1, $2) as sequence', [
        quoted(name),
        column,
      ])
      if (rows[0]?.sequence) {
        await query(client, `select setval($1, coalesce(max(${quoted(column)}), 0) + 1, false) from ${quoted(name)}`, [rows[0].sequence])
      }
      if (ordered.has(column))
        await query(
          client,
          `select setval('happenings', greatest(last_value, (select max(${quoted(column)}) from ${quoted(name)}))) from happenings`,
        )
    }
}

function otherSchema(theirs: readonly string[], ours: readonly string[]): PonteError {
  const newest = (names: readonly string[]) => names.at(-1) ?? 'none'
  return new PonteError('backup.other_schema', `the backup has schema ${newest(theirs)}, this state database ${newest(ours)}`, {
    hint: 'restore with the version of Ponte that made the backup (its name says which), then upgrade',
    exitCode: 2,
  })
}
