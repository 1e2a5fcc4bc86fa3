/**
 * Takes rows of one client out of the snapshots of all runs. A file is written anew beside the old one and takes its place by rename, so a
 * kill leaves the old or the new one; what was half written is removed by the next erasure, or with its snapshot.
 */
import { chmod, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { openDisk } from '../base/files/atomic-file.ts'

/** Conditions on the rows of one entity; a row that meets one of them goes. */
export interface SnapshotSubject {
  /** Values by column, as the entity's columns are called. */
  readonly columns: Readonly<Record<string, readonly string[]>>
  readonly keys: readonly string[]
  /** Second parts of keys that have two. */
  readonly secondParts?: readonly string[]
}

const PART = '.erasing'
const disk = openDisk({ room: 'engine' })

/** @returns rows removed, or that would be */
export async function eraseFromSnapshots(
  stateDir: string,
  subjects: Readonly<Record<string, SnapshotSubject>>,
  dryRun: boolean,
): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' })
  const connection = await instance.connect()
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson() as string[][]
  const eraseFrom = async (folder: string, name: string, subject: SnapshotSubject): Promise<number> => {
    const file = join(folder, name)
    const meant = conditionOf(subject, new Set((await ask(`select column_name from (describe select * from ${text(file)})`)).flat()))
    const rows = Number((await ask(`select count(*)::varchar from ${text(file)} where ${meant}`))[0]![0])
    if (dryRun || rows === 0) return rows
    await connection.run(
      `copy (select * from ${text(file)} where not coalesce(${meant}, false) order by key) to ${text(file + PART)} (format parquet, compression lz4)`,
    )
    await chmod(file + PART, 0o640)
    await disk.syncFileSystem(folder)
    await rename(file + PART, file)
    await disk.syncDirectory(folder)
    return rows
  }
  let removed = 0
  try {
    for (const [entity, subject] of Object.entries(subjects))
      for (const sequence of await namesIn(join(stateDir, 'snapshots', entity))) {
        if (!/^\d+$/.test(sequence)) continue
        const folder = join(stateDir, 'snapshots', entity, sequence)
        for (const name of await namesIn(folder)) {
          if (name.endsWith(PART)) await rm(join(folder, name))
          else if (name.endsWith('.parquet')) removed += await eraseFrom(folder, name, subject)
        }
      }
    return removed
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** rows.parquet has keys alone; changes.parquet every column twice, as it was and as it is. */
function conditionOf({ columns, keys, secondParts = [] }: SnapshotSubject, there: ReadonlySet<string>): string {
  const within = (column: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`${column} in (${values.map(text).join(', ')})`]
  const twice = Object.entries(columns).flatMap(([name, values]) =>
    [`before_${name}`, `after_${name}`].filter((column) => there.has(column)).flatMap((column) => within(`"${column}"::varchar`, values)),
  )
  return [...within('key', keys), ...within(`split_part(key, '-', 2)`, secondParts), ...twice].join(' or ') || 'false'
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
