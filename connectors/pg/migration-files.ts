/** The files of one schema folder, sorted by name, each with its fingerprint. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PonteError } from '../../base/error.ts'

export interface MigrationFile {
  /** File name without `.sql`. */
  readonly name: string
  /** `structure` runs once and is never edited; `repeatable` runs again whenever its text changed. */
  readonly kind: 'structure' | 'repeatable'
  readonly sql: string
  /** md5 of the text with Unix line ends, so that a checkout on another system is the same file. */
  readonly md5: string
}

export interface MigrationFolder {
  /** The folder's own name: two folders may be installed in one database. */
  readonly name: string
  readonly files: readonly MigrationFile[]
}

/**
 * Reads `NNNN_name.sql` (structure) and `r_NN_name.sql` (repeatable) of a folder. Other files are ignored unless they end in `.sql`.
 * @throws PonteError `pg.migration_folder` when it cannot be read or is empty, `pg.migration_name` for a `.sql` file named otherwise
 */
export async function readMigrations(folder: URL): Promise<MigrationFolder> {
  const path = fileURLToPath(folder)
  const names = await readdir(path).catch((cause) => {
    throw new PonteError('pg.migration_folder', `the schema folder ${basename(path)} cannot be read`, {
      hint: 'the installation is incomplete: install ponte again',
      cause,
    })
  })
  const sqlFiles = names.filter((name) => name.endsWith('.sql')).sort()
  if (sqlFiles.length === 0) {
    throw new PonteError('pg.migration_folder', `the schema folder ${basename(path)} holds no .sql file`, {
      hint: 'the installation is incomplete: install ponte again',
    })
  }
  const files = await Promise.all(sqlFiles.map((file) => readMigration(path, file)))
  return { name: basename(path), files }
}

async function readMigration(path: string, file: string): Promise<MigrationFile> {
  const kind = /^\d{4}_[a-z0-9_]+\.sql$/.test(file) ? 'structure' : /^r_\d{2}_[a-z0-9_]+\.sql$/.test(file) ? 'repeatable' : undefined
  if (kind === undefined) {
    throw new PonteError('pg.migration_name', `${file} is not named like a migration`, {
      hint: 'name it NNNN_name.sql (runs once) or r_NN_name.sql (runs when it changed), lower case',
    })
  }
  const sql = (await readFile(`${path}/${file}`, 'utf8')).replaceAll('\r\n', '\n')
  return { name: file.slice(0, -4), kind, sql, md5: createHash('md5').update(sql).digest('hex') }
}
