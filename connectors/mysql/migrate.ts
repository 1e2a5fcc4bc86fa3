/**
 * Brings a MySQL or MariaDB database up to a schema folder. DDL commits by itself there, so every statement of the folder can be run
 * again: a kill at any point leaves a state from which running again goes on.
 */

import type mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import { EARLIER } from '../pg/earlier.ts'
import { type MigrationFile, readMigrations } from '../pg/migration-files.ts'
import { takeOver } from './take-over.ts'

export interface MigrateOptions {
  /** How long to wait for another migration, or for a table in use, in milliseconds. Default 60,000. */
  readonly lockTimeoutMs?: number
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
  readonly repeatable: number
  /** `kind name` a line, in order of creation. */
  readonly objects: string
}

/** Instead of its md5, of a structure file of which a run has begun. */
const BEGUN = 'begun'
const SQL_MODE = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'

/**
 * Runs each `NNNN_name.sql` of `folder` once, and all `r_NN_name.sql` again when any of them changed (what the earlier ones created is
 * dropped first, newest first). Between dropping and creating the triggers are away: end running ponte processes before.
 * @throws PonteError `mysql.migration_edited` | `_partial_erp` | `_missing` | `_order` | `_failed` | `_busy`, and those of `readMigrations`; errors of connecting pass through
 */
export async function migrate(pool: mysql.Pool, folder: URL, options: MigrateOptions = {}): Promise<MigrateResult> {
  const { name, files } = await readMigrations(folder)
  const connection = await pool.getConnection()
  const seconds = Math.ceil((options.lockTimeoutMs ?? 60_000) / 1000)
  try {
    const collations = await prepare(connection, seconds)
    const [[lock]] = await connection.query<mysql.RowDataPacket[]>("select get_lock(left(concat('ponte ', database()), 64), ?) as held", [
      seconds,
    ])
    if (Number(lock?.held) !== 1) throw busy()
    return await migrateLocked(connection, name, files, collations)
  } finally {
    // The session holds the lock and settings of its own.
    connection.destroy()
  }
}

type Collations = (sql: string) => string

/** Session settings that routines and views remember, and the server's own names of the two collations that the files speak of. */
async function prepare(connection: mysql.Connection, seconds: number): Promise<Collations> {
  const [[row]] = await connection.query<mysql.RowDataPacket[]>('select version() as version')
  const [exact, loose] = String(row?.version).includes('MariaDB')
    ? ['utf8mb4_nopad_bin', 'utf8mb4_unicode_nopad_ci']
    : ['utf8mb4_0900_bin', 'utf8mb4_0900_ai_ci']
  await connection.query(`set names utf8mb4 collate ${exact}`)
  await connection.query('set sql_mode = ?, lock_wait_timeout = ?', [SQL_MODE, Math.max(1, seconds)])
  return (sql) => sql.replaceAll('ponte_bin', exact).replaceAll('ponte_ai', loose)
}

async function migrateLocked(
  connection: mysql.Connection,
  folder: string,
  files: readonly MigrationFile[],
  collations: Collations,
): Promise<MigrateResult> {
  await connection.query(
    collations(`create table if not exists ponte_migrations (
      folder varchar(60) not null, name varchar(100) not null, repeatable boolean not null, md5 varchar(32) not null,
      applied_at datetime(6) not null default current_timestamp(6),
      objects text not null,
      primary key (folder, name)) character set utf8mb4 collate ponte_bin`),
  )
  const [rows] = await connection.query<(Done & mysql.RowDataPacket)[]>(
    'select name, md5, repeatable, objects from ponte_migrations where folder = ? order by name',
    [folder],
  )
  const applied: string[] = []
  const told: string[] = []
  for (const file of pendingStructure(folder, files, rows)) {
    const statements = statementsOf(file.sql).map(collations)
    const begun = rows.some(({ name }) => name === file.name)
    await remember(connection, folder, { ...file, md5: BEGUN }, [])
    told.push(...(await attempt(file, () => takeOver(connection, file.name, statements, begun))))
    for (const statement of statements) await run(connection, file, statement)
    await remember(connection, folder, file, [])
    applied.push(file.name)
  }
  const repeatables = files.filter((file) => file.kind === 'repeatable')
  if (repeatablesChanged(repeatables, rows)) {
    await dropRepeatables(connection, folder, repeatables, rows)
    for (const file of repeatables) {
      for (const statement of statementsOf(file.sql)) await run(connection, file, collations(statement))
      await remember(connection, folder, file, createdBy(file))
      applied.push(file.name)
    }
  }
  return { applied, unchanged: files.length - applied.length, told }
}

/** A statement ends at a line of two slashes; pieces of comments alone are none. */
export function statementsOf(sql: string): string[] {
  return sql.split(/^\/\/$/m).filter((piece) => piece.replace(/^\s*--.*$/gm, '').trim() !== '')
}

/** `kind name` of every view, routine and trigger of the file. */
function createdBy(file: MigrationFile): string[] {
  return statementsOf(file.sql).flatMap((statement) => {
    const found = /^create (view|function|procedure|trigger) (\w+)/m.exec(statement)
    return found === null ? [] : [`${found[1]} ${found[2]}`]
  })
}

/** The structure files still to run, after checking that history was not rewritten. */
function pendingStructure(folder: string, files: readonly MigrationFile[], done: readonly Done[]): MigrationFile[] {
  const structure = files.filter((file) => file.kind === 'structure')
  const applied = new Map(done.filter((row) => !row.repeatable).map((row) => [row.name, row.md5]))
  for (const name of applied.keys()) {
    if (structure.some((file) => file.name === name)) continue
    throw new PonteError(
      'mysql.migration_missing',
      `the database holds migration ${folder}/${name}, which this version of ponte does not know`,
      { hint: 'the database was upgraded by a newer ponte: run that version' },
    )
  }
  const newest = [...applied.keys()].sort().at(-1) ?? ''
  return structure.filter((file) => {
    const md5 = applied.get(file.name)
    if (md5 === undefined && file.name < newest) {
      throw new PonteError('mysql.migration_order', `migration ${folder}/${file.name} comes before ${newest}, which is applied already`, {
        hint: 'give the new file the next free number',
      })
    }
    if (md5 !== undefined && md5 !== BEGUN && md5 !== file.md5 && md5 !== EARLIER[`${folder}/${file.name}`]) {
      throw new PonteError('mysql.migration_edited', `migration ${folder}/${file.name} was edited after it was applied`, {
        hint: 'restore the file as it was and put the change in a new file with the next number',
      })
    }
    return md5 === undefined || md5 === BEGUN
  })
}

function repeatablesChanged(files: readonly MigrationFile[], done: readonly Done[]): boolean {
  const before = new Map(done.filter((row) => row.repeatable).map((row) => [row.name, row.md5]))
  return before.size !== files.length || files.some((file) => before.get(file.name) !== file.md5)
}

/** What earlier runs created, and what a run that was killed may have created, newest first. */
async function dropRepeatables(
  connection: mysql.Connection,
  folder: string,
  files: readonly MigrationFile[],
  done: readonly Done[],
): Promise<void> {
  // No longer in place from here on, whenever we are killed.
  await connection.query("update ponte_migrations set md5 = '' where folder = ? and repeatable", [folder])
  const before = done.filter((row) => row.repeatable).flatMap((row) => row.objects.split('\n').filter((line) => line !== ''))
  const objects = [...new Set([...before, ...files.flatMap(createdBy)])]
  for (const object of objects.reverse()) await connection.query(`drop ${object.replace(' ', ' if exists ')}`)
  await connection.query('delete from ponte_migrations where folder = ? and repeatable', [folder])
}

const run = (connection: mysql.Connection, file: MigrationFile, statement: string) =>
  attempt(file, async () => void (await connection.query(statement)))

async function attempt<T>(file: MigrationFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof PonteError) throw cause
    if ((cause as { errno?: number }).errno === 1205) throw busy(cause)
    throw new PonteError('mysql.migration_failed', `migration ${file.name} failed: ${(cause as Error).message}`, {
      hint: 'mend the cause and run ponte migrate again: it goes on from here',
      cause,
    })
  }
}

async function remember(connection: mysql.Connection, folder: string, file: MigrationFile, objects: readonly string[]): Promise<void> {
  await connection.query('replace into ponte_migrations (folder, name, repeatable, md5, objects) values (?, ?, ?, ?, ?)', [
    folder,
    file.name,
    file.kind === 'repeatable',
    file.md5,
    objects.join('\n'),
  ])
}

function busy(cause?: unknown): PonteError {
  return new PonteError('mysql.migration_busy', 'the database is in use: the migration waited for a lock and gave up', {
    hint: 'stop running ponte processes (or a second migration) and run ponte migrate again',
    ...(cause === undefined ? {} : { cause }),
  })
}
