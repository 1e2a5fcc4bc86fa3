/** A result of MariaDB, read as it is asked for: the connection pauses while enough rows lie here. */
import type { Connection, Query } from 'mysql2'
import type { Page, RowSource } from '../backend.ts'
import type { Column, Value } from '../wire/types.ts'
import { asOracleError } from './errors.ts'

type Row = readonly Value[]

export class RowStream implements RowSource {
  readonly columns: readonly Column[]
  readonly #connection: Connection
  readonly #kill: () => Promise<void>
  #rows: Row[] = []
  #taken = 0
  /** Rows to hold before the connection pauses; Infinity once another statement wants it. */
  #hold = 1000
  #ended = false
  #error: unknown = null
  /** Those who wait for more: the session that reads, and another one that wants the connection. */
  #waiting: (() => void)[] = []

  /** `kill` ends the running query; it resolves when the server has taken notice. */
  constructor(connection: Connection, query: Query, columns: readonly Column[], kill: () => Promise<void>) {
    this.columns = columns
    this.#connection = connection
    this.#kill = kill
    query.on('result', (row) => {
      this.#rows.push(row as unknown as Row)
      if (this.#rows.length - this.#taken >= this.#hold) connection.pause()
      this.#wake()
    })
    query.on('error', (error) => {
      this.#error = error
      this.#ended = true
      this.#wake()
    })
    query.on('end', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Whether the connection is free for the next statement. */
  get ended(): boolean {
    return this.#ended
  }

  async next(rows: number, signal: AbortSignal): Promise<Page> {
    this.#hold = Math.max(this.#hold, rows)
    const cancel = () => {
      // When all has come, what runs on this connection now is somebody else's.
      if (!this.#ended) void this.#kill()
    }
    signal.addEventListener('abort', cancel, { once: true })
    try {
      while (this.#rows.length - this.#taken < rows && !this.#ended) await this.#more()
    } finally {
      signal.removeEventListener('abort', cancel)
    }
    const page = this.#rows.slice(this.#taken, this.#taken + rows)
    this.#taken += page.length
    // Cut off what was taken now and then, not for every page: moving thousands of rows forward costs.
    if (this.#taken > 10_000 || this.#taken === this.#rows.length) {
      this.#rows = this.#rows.slice(this.#taken)
      this.#taken = 0
    }
    if (page.length < rows && this.#error !== null) throw asOracleError(this.#error)
    return { rows: page }
  }

  /** Takes the rest into memory, so that the connection is free. */
  async settle(): Promise<void> {
    this.#hold = Number.POSITIVE_INFINITY
    while (!this.#ended) await this.#more()
  }

  async close(): Promise<void> {
    this.#rows = []
    this.#taken = 0
    if (this.#ended) return
    await this.#kill()
    await this.settle()
    this.#rows = []
  }

  #more(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
    this.#connection.resume()
    return woken
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
