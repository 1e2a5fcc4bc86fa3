/**
 * Brings a PostgreSQL database up to a schema folder: all of it or nothing, in one transaction. A kill at any point
 * leaves the database as it was; running again is always safe.
 */

import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { EARLIER } from './earlier.ts'
import { refuseEncoding } from './encoding.ts'
import { type MigrationFile, readMigrations } from './migration-files.ts'
import { createdSince, dropRepeatables, existingObjects } from './repeatables.ts'
import { takeOver } from './take-over.ts'
import { inTransaction } from './transaction.ts'

export interface MigrateOptions {
  /** How long to wait for another migration, or for a table in use, in milliseconds. Default 60,000. */
  readonly lockTimeoutMs?: number
  /** Tables of the folder may be there already, of a system before Ponte: they are completed, not refused. Default false. */
  readonly takeOver?: boolean
}

export interface MigrateResult {
  /** Names of the files that ran now, in order. */
  readonly applied: string[]
  /** How many files were in place already. */
  readonly unchanged: number
  /** What was there already and is not as a file would have made it: sentences. */
  readonly told: readonly string[]
}

interface Done {
  readonly name: string
  readonly md5: string
  readonly repeatable: boolean
}

/** One migration at a time per database, whatever the folder ("ponte" as a number). */
const LOCK_KEY = 0x706f6e7465

/**
 * Runs each `NNNN_name.sql` of `folder` once, and all `r_NN_name.sql` again when any of them changed (what the earlier ones
 * created is dropped first, newest first, so that views may change their columns).
 * @throws PonteError `pg.migration_edited` | `pg.migration_missing` | `pg.migration_order` | `pg.migration_failed` | `pg.migration_partial_erp` | `pg.migration_busy` |
 *   `pg.repeatable_in_use` | `pg.encoding`, and those of `readMigrations`; errors of connecting pass through
 */
export async function migrate(pool: pg.Pool, folder: URL, options: MigrateOptions = {}): Promise<MigrateResult> {
  const { name, files } = await readMigrations(folder)
  return inTransaction(pool, (client) => migrateLocked(client, name, files, options)).catch((error) => {
    throw busy(error) ?? error
  })
}

async function migrateLocked(
  client: pg.PoolClient,
  folder: string,
  files: readonly MigrationFile[],
  { lockTimeoutMs = 60_000, takeOver: mayTakeOver = false }: MigrateOptions,
): Promise<MigrateResult> {
  await client.query("select set_config('lock_timeout', $1, true)", [String(Math.ceil(lockTimeoutMs))])
  await refuseEncoding(client)
  await client.query('select pg_advisory_xact_lock($1)', [LOCK_KEY])
  await client.query(`create table if not exists ponte_migrations (
    folder text not null, name text not null, repeatable boolean not null, md5 text not null,
    applied_at timestamptz not null default clock_timestamp(),
    objects text[] not null default '{}',
    primary key (folder, name))`)
  const { rows } = await client.query<Done>('select name, md5, repeatable from ponte_migrations where folder = $1', [folder])
  const applied: string[] = []
  const told: string[] = []
  for (const file of pendingStructure(folder, files, rows)) {
    told.push(...(await run(client, file, mayTakeOver)))
    await remember(client, folder, file, [])
    applied.push(file.name)
  }
  const repeatables = files.filter((file) => file.kind === 'repeatable')
  if (repeatablesChanged(repeatables, rows)) {
    await dropRepeatables(client, folder)
    for (const file of repeatables) {
      const before = await existingObjects(client)
      await run(client, file)
      await remember(client, folder, file, await createdSince(client, before))
      applied.push(file.name)
    }
  }
  return { applied, unchanged: files.length - applied.length, told }
}

/** The structure files still to run, after checking that history was not rewritten. */
function pendingStructure(folder: string, files: readonly MigrationFile[], done: readonly Done[]): MigrationFile[] {
  const structure = files.filter((file) => file.kind === 'structure')
  const applied = new Map(done.filter((row) => !row.repeatable).map((row) => [row.name, row.md5]))
  for (const name of applied.keys()) {
    if (structure.some((file) => file.name === name)) continue
    throw new PonteError(
      'pg.migration_missing',
      `the database holds migration ${folder}/${name}, which this version of ponte does not know`,
      {
        hint: 'the database was upgraded by a newer ponte: run that version',
      },
    )
  }
  const newest = [...applied.keys()].sort().at(-1) ?? ''
  return structure.filter((file) => {
    const md5 = applied.get(file.name)
    if (md5 === undefined && file.name < newest) {
      throw new PonteError('pg.migration_order', `migration ${folder}/${file.name} comes before ${newest}, which is applied already`, {
        hint: 'give the new file the next free number',
      })
    }
    if (md5 !== undefined && md5 !== file.md5 && md5 !== EARLIER[`${folder}/${file.name}`]) {
      throw new PonteError('pg.migration_edited', `migration ${folder}/${file.name} was edited after it was applied`, {
        hint: 'restore the file as it was and put the change in a new file with the next number',
      })
    }
    return md5 === undefined
  })
}

function repeatablesChanged(files: readonly MigrationFile[], done: readonly Done[]): boolean {
  const before = new Map(done.filter((row) => row.repeatable).map((row) => [row.name, row.md5]))
  return before.size !== files.length || files.some((file) => before.get(file.name) !== file.md5)
}

/** @returns what to tell of tables that were there */
async function run(client: pg.PoolClient, file: MigrationFile, mayTakeOver = false): Promise<string[]> {
  try {
    if (mayTakeOver) return await takeOver(client, file)
    await client.query(file.sql)
    return []
  } catch (cause) {
    if (busy(cause) !== undefined || cause instanceof PonteError) throw cause
    const position = Number((cause as { position?: string }).position)
    const line = Number.isFinite(position) && !mayTakeOver ? `, line ${file.sql.slice(0, position).split('\n').length}` : ''
    throw new PonteError('pg.migration_failed', `migration ${file.name} failed${line}: ${(cause as Error).message}`, {
      hint: 'nothing was changed; mend the cause and run ponte migrate again',
      cause,
    })
  }
}

async function remember(client: pg.PoolClient, folder: string, file: MigrationFile, objects: readonly string[]): Promise<void> {
  await client.query('insert into ponte_migrations (folder, name, repeatable, md5, objects) values ($1, $2, $3, $4, $5)', [
    folder,
    file.name,
    file.kind === 'repeatable',
    file.md5,
    objects,
  ])
}

function busy(error: unknown): PonteError | undefined {
  if ((error as { code?: string }).code !== '55P03') return undefined
  return new PonteError('pg.migration_busy', 'the database is in use: the migration waited for a lock and gave up, nothing was changed', {
    hint: 'stop running ponte processes (or a second migration) and run ponte migrate again',
    cause: error,
  })
}
