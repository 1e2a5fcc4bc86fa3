/**
 * The one DuckDB instance of a local engine: in memory, owned by one thread, its memory bounded, spilling into a folder
 * of this process that is removed at the end. Extensions are never fetched or loaded.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

export interface DatabaseOptions {
  /** Parent of the spill folder. */
  readonly tempDir: string
  /** DuckDB's own threads; as many as there are cores when absent. */
  readonly threads?: number | undefined
  /** Bytes, or text such as `4GB`. Above it DuckDB spills. */
  readonly memoryLimit: number | string
}

export interface Database {
  readonly instance: DuckDBInstance
  /** Every connection must be closed before. */
  close(): Promise<void>
}

const SPILL_PREFIX = 'duckdb-'

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  await mkdir(options.tempDir, { recursive: true, mode: 0o700 })
  await sweepSpills(options.tempDir)
  const spill = join(options.tempDir, `${SPILL_PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(spill, { mode: 0o700 })
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? availableParallelism()),
    memory_limit: typeof options.memoryLimit === 'number' ? `${options.memoryLimit}B` : options.memoryLimit,
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Rows carry their keys; keeping their order would only cost memory.
    preserve_insertion_order: 'false',
  })
  return {
    instance,
    async close() {
      instance.closeSync()
      await rm(spill, { recursive: true, force: true })
    },
  }
}

/** Removes the spill folders of processes that were killed. */
async function sweepSpills(tempDir: string): Promise<void> {
  for (const name of await readdir(tempDir)) {
    if (!name.startsWith(SPILL_PREFIX)) continue
    const pid = Number(name.slice(SPILL_PREFIX.length).split('-')[0])
    if (!isAlive(pid)) await rm(join(tempDir, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
