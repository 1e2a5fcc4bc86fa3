/** One connection whose statements stop when a signal aborts, and whose failures say what to do. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { PonteError } from '../../base/error.ts'
import type { Cell } from '../model.ts'
import { readColumns } from './duck-text.ts'

/** DuckDB forgets an interrupt that arrives between two statements, so it is repeated until the statement has ended. */
const INTERRUPT_EVERY_MS = 10

export class Session {
  readonly connection: DuckDBConnection
  readonly #signal: AbortSignal
  #running: Promise<unknown> = Promise.resolve()

  private constructor(connection: DuckDBConnection, signal: AbortSignal) {
    this.connection = connection
    this.#signal = signal
  }

  static async open(instance: DuckDBInstance, signal: AbortSignal): Promise<Session> {
    return new Session(await instance.connect(), signal)
  }

  /** Runs a statement that gives no rows. Throws `engine.interrupted`, `engine.out_of_memory`, `engine.disk_full` or `engine.query_failed`. */
  async run(sql: string): Promise<void> {
    await this.#guarded(() => this.connection.run(sql))
  }

  /** All rows of a query whose columns are text. For small results. Throws as `run` does. */
  async rows(sql: string): Promise<Cell[][]> {
    const rows: Cell[][] = []
    for await (const columns of this.stream(sql)) {
      for (let row = 0; row < columns[0]!.length; row += 1) rows.push(columns.map((column) => column[row]!))
    }
    return rows
  }

  /** A single count. */
  async count(sql: string): Promise<number> {
    return Number((await this.rows(`select cast(n as varchar) from (${sql}) t(n)`))[0]![0])
  }

  /** The result of a query of text columns, chunk by chunk (up to 2048 rows), as columns. Throws as `run` does. */
  async *stream(sql: string): AsyncGenerator<Cell[][]> {
    const result = await this.#guarded(() => this.connection.stream(sql))
    for (;;) {
      const chunk = await this.#guarded(() => result.fetchChunk())
      if (chunk === null || chunk.rowCount === 0) return
      yield readColumns(chunk)
    }
  }

  /** Waits for the running statement, then frees the connection. Abort the signal first to make it stop. */
  async close(): Promise<void> {
    await this.#running.catch(() => undefined)
    this.connection.closeSync()
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#signal.aborted) throw interrupted(this.#signal.reason)
    let timer: NodeJS.Timeout | undefined
    const interrupt = () => {
      this.connection.interrupt()
      timer = setInterval(() => this.connection.interrupt(), INTERRUPT_EVERY_MS)
    }
    this.#signal.addEventListener('abort', interrupt, { once: true })
    const running = work()
    this.#running = running
    try {
      return await running
    } catch (cause) {
      throw this.#signal.aborted ? interrupted(cause) : explained(cause)
    } finally {
      clearInterval(timer)
      this.#signal.removeEventListener('abort', interrupt)
    }
  }
}

export function interrupted(cause: unknown): PonteError {
  return new PonteError('engine.interrupted', 'the compare was interrupted', { hint: 'start it again; nothing was published', cause })
}

/** A failure of DuckDB as the PonteError that says what to do. */
export function explained(cause: unknown): PonteError {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/no space left|max_temp_directory_size/i.test(text)) {
    return new PonteError('engine.disk_full', 'the disk had no room for what the compare spills', {
      hint: 'free space below STATE_DIR',
      cause,
    })
  }
  if (/out of memory|(could not|failed to) allocate/i.test(text)) {
    return new PonteError('engine.out_of_memory', 'the compare needs more memory than its limit, even when spilling', {
      hint: 'raise the memory limit of the engine, or lower its threads',
      cause,
    })
  }
  return new PonteError('engine.query_failed', 'DuckDB refused a statement of the compare', {
    hint: 'this is a fault of Ponte, report it',
    cause,
  })
}
