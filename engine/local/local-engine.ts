/** The engine of one machine: reader threads (piscina), one DuckDB in memory, snapshots on disk. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { PonteError } from '../../base/error.ts'
import { checkSpec } from '../check-spec.ts'
import type { CompareOptions, CompareOutcome, CompareSpec, Engine } from '../model.ts'
import type { Retention } from '../snapshot.ts'
import { compareTables } from './compare.ts'
import { openDatabase } from './database.ts'
import { chooseFill } from './ingest.ts'
import { Readers } from './pull.ts'

export interface LocalEngineOptions {
  /** Snapshots go to `<stateDir>/snapshots`. */
  readonly stateDir: string
  /** DuckDB's threads; default: one per core. */
  readonly threads?: number
  /** Ranges read at the same time, one thread and one connection each; default: 2 to 4 by cores. Threads that are given are not closed here. */
  readonly readers?: number | Readers
  /** Bytes, or text such as `4GB`. DuckDB spills above it. Frames under way and Node's own heap come on top. */
  readonly memoryLimit: number | string
  /** Where it spills; default `<stateDir>/tmp`. */
  readonly tempDir?: string
  /** Snapshots to keep; default 96, of which 8 with all keys and hashes. */
  readonly keep?: Retention
  /** The clock; for tests. */
  readonly now?: () => Date
}

/** Opens the engine. Throws what DuckDB throws when a setting is senseless. */
export async function localEngine(options: LocalEngineOptions): Promise<Engine> {
  const database = await openDatabase({
    tempDir: options.tempDir ?? join(options.stateDir, 'tmp'),
    threads: options.threads,
    memoryLimit: options.memoryLimit,
  })
  const first = await database.instance.connect()
  const fill = await chooseFill(first)
  first.closeSync()
  const shared = options.readers instanceof Readers ? options.readers : undefined
  const readers =
    shared ?? new Readers(typeof options.readers === 'number' ? options.readers : Math.min(4, Math.max(2, availableParallelism())))
  const open = new Map<string, { stop: AbortController; outcome: Promise<CompareOutcome> }>()
  let schemas = 0
  let closing: Promise<void> | undefined

  async function compare(spec: CompareSpec, compareOptions: CompareOptions): Promise<CompareOutcome> {
    if (closing !== undefined) throw closed()
    checkSpec(spec)
    if (open.has(spec.entity)) throw busy(spec.entity)
    const stop = new AbortController()
    const forward = () => stop.abort(compareOptions.signal?.reason)
    if (compareOptions.signal?.aborted) forward()
    compareOptions.signal?.addEventListener('abort', forward, { once: true })
    schemas += 1
    const outcome = compareTables(spec, compareOptions, {
      schema: `compare_${schemas}`,
      database,
      fill,
      readers,
      stateDir: options.stateDir,
      keep: options.keep ?? { changes: 96, bases: 8 },
      now: options.now ?? (() => new Date()),
      stop,
      release() {
        compareOptions.signal?.removeEventListener('abort', forward)
        open.delete(spec.entity)
      },
    })
    open.set(spec.entity, { stop, outcome })
    return outcome
  }

  /** Interrupt, wait, free; only then the threads and the database end. */
  async function closeAll(): Promise<void> {
    for (const { stop } of open.values()) stop.abort(closed())
    for (const { outcome } of [...open.values()]) {
      const ended = await outcome.catch(() => undefined)
      if (ended?.kind === 'compared') await ended.comparison.close()
    }
    if (shared === undefined) await readers.close()
    await database.close()
  }

  return {
    name: 'local',
    compare,
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}

function closed(): PonteError {
  return new PonteError('engine.closed', 'the engine is closed', { hint: 'the process is stopping; start the run again afterwards' })
}

function busy(entity: string): PonteError {
  return new PonteError('engine.busy', `a compare of ${entity} is open already`, { hint: 'wait for it; every comparison must be closed' })
}
