/** A connection of MariaDB: plain statements, rows, and one result that is being streamed. */
import type { Connection, ResultSetHeader } from 'mysql2'
import type { Value } from '../wire/types.ts'
import { columnOf, type Field } from './columns.ts'
import { RowStream } from './row-stream.ts'

/** Set in the status of an answer while a transaction is open. */
const IN_TRANSACTION = 1

export interface Changed {
  readonly affectedRows: number
  readonly warningStatus: number
}

export class Link {
  readonly #connection: Connection
  readonly #killThread: (thread: number) => Promise<void>
  #stream: RowStream | null = null
  /** Whether a transaction is open, by the last answer of `run`. */
  inTransaction = false

  /** `killThread` ends what runs on a connection, by its number. */
  constructor(connection: Connection, killThread: (thread: number) => Promise<void>) {
    this.#connection = connection
    this.#killThread = killThread
  }

  /** What is still to come of a streamed result goes into memory, so that the next statement can be sent. */
  async settle(): Promise<void> {
    await this.#stream?.settle()
  }

  /** Throws MariaDB's error. */
  run(sql: string): Promise<Changed> {
    return new Promise((resolve, reject) => {
      this.#connection.query(sql, (error, result) => {
        if (error) return reject(error)
        const { affectedRows, warningStatus, serverStatus } = result as ResultSetHeader & { serverStatus: number }
        this.inTransaction = (serverStatus & IN_TRANSACTION) !== 0
        resolve({ affectedRows, warningStatus })
      })
    })
  }

  /** All rows at once, each value as its bytes. */
  all(sql: string): Promise<Value[][]> {
    return new Promise((resolve, reject) => {
      this.#connection.query({ sql, rowsAsArray: true, typeCast: false }, (error, rows) =>
        error ? reject(error) : resolve(rows as unknown as Value[][]),
      )
    })
  }

  /** `original`: the text as the driver sent it, for the names of the columns. */
  stream(sql: string, original: string): Promise<RowStream> {
    return new Promise((resolve, reject) => {
      const query = this.#connection.query({ sql, rowsAsArray: true, typeCast: false })
      query.once('error', reject)
      query.once('fields', (fields) => {
        query.off('error', reject)
        const columns = (fields as unknown as Field[]).map((field) => columnOf(field, original))
        this.#stream = new RowStream(this.#connection, query, columns, () => this.kill())
        resolve(this.#stream)
      })
    })
  }

  /** Ends what runs here; resolves when the server has taken notice. Never throws. */
  async kill(): Promise<void> {
    await this.#killThread(this.#connection.threadId ?? 0).catch(() => {})
  }

  /** Cuts the line: the server rolls back, and nothing is waited for. */
  destroy(): void {
    this.#connection.destroy()
  }
}
