/**
 * A session of the driver on a connection of MariaDB.
 *
 * Autocommit is on while nothing is changed, so that reading holds no lock on a table's definition; the first change
 * turns it off, and the end of the transaction turns it on again.
 */
import type { Connection, ResultSetHeader } from 'mysql2'
import type { BackendSession, BindValue, Call, Done, Outcome } from '../backend.ts'
import { OracleError } from '../oracle-error.ts'
import type { Value } from '../wire/types.ts'
import { columnOf, type Field } from './columns.ts'
import { asOracleError } from './errors.ts'
import { RowStream } from './row-stream.ts'
import { type Flashback, literal, splitInsert, withoutBinds, withValues, withVariables } from './translate.ts'

const IN_TRANSACTION = 1
/** Rows of an insert that go as one statement. */
const TOGETHER = 500
const WITHOUT_EFFECT = /^\s*(alter\s+session|comment\s+on|set\s+role)\b/i
const SNAPSHOT = /^\s*set\s+transaction\s+(read\s+only|isolation\s+level\s+serializable)\b/i
const DEADLOCK = 60
/** MariaDB's number for a SELECT INTO or FETCH that found no row, as it stands in its warnings. */
const NO_DATA = '1329'

export interface SessionSettings {
  readonly flashback: Flashback
  /** Ends what runs on a connection, by its number. */
  readonly kill: (thread: number) => Promise<void>
}

export class MariadbSession implements BackendSession {
  readonly #connection: Connection
  readonly #settings: SessionSettings
  #stream: RowStream | null = null
  /** Autocommit is off. */
  #changing = false
  inTransaction = false

  constructor(connection: Connection, settings: SessionSettings) {
    this.#connection = connection
    this.#settings = settings
  }

  async execute(call: Call): Promise<Outcome> {
    const { statement, signal } = call
    await this.#stream?.settle()
    const cancel = () => void this.#kill()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await this.#dispatch(call)
    } catch (cause) {
      const error = asOracleError(cause, statement.kind === 'plsql')
      // Here the whole transaction is gone; Oracle would undo the statement only.
      if (error.number === DEADLOCK) this.inTransaction = false
      throw error
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  async #dispatch(call: Call): Promise<Outcome> {
    const { statement, binds, rows } = call
    const { flashback } = this.#settings
    switch (statement.kind) {
      case 'query': {
        const sql = withValues(statement, binds, rows[0] ?? [], flashback)
        if (/\bfor\s+update\b/i.test(sql)) await this.#beginChange(true)
        return await this.#query(sql, statement.sql)
      }
      case 'dml':
        return await this.#change(call)
      case 'plsql':
        return await this.#runBlock(call)
      case 'commit':
        await this.commit()
        return { rowsAffected: 0 }
      case 'rollback':
        if (/\bto\b/i.test(statement.sql)) await this.#run(statement.sql)
        else await this.rollback()
        return { rowsAffected: 0 }
      default:
        if (WITHOUT_EFFECT.test(statement.sql)) return { rowsAffected: 0 }
        if (SNAPSHOT.test(statement.sql)) await this.#beginSnapshot(/read\s+only/i.test(statement.sql))
        else await this.#run(withoutBinds(statement, flashback))
        if (statement.kind === 'ddl') await this.commit()
        return { rowsAffected: 0 }
    }
  }

  async commit(): Promise<void> {
    await this.#stream?.settle()
    // Turning it on commits what is open.
    if (this.#changing) await this.#plain('set autocommit = 1')
    this.#changing = false
    this.inTransaction = false
  }

  async rollback(): Promise<void> {
    await this.#stream?.settle()
    if (this.#changing) await this.#plain('rollback')
    await this.commit()
  }

  async ping(): Promise<void> {
    await this.#stream?.settle()
    await this.#plain('do 0')
  }

  async close(): Promise<void> {
    // Cutting the line rolls back, and waits for nothing.
    this.#connection.destroy()
  }

  async #change({ statement, binds, rows, executions, batchErrors }: Call): Promise<Done> {
    await this.#beginChange(false)
    const one = (row: readonly BindValue[]) => withValues(statement, binds, row, this.#settings.flashback)
    const returning = binds.some(({ returned }) => returned)
    if (returning) return await this.#changeReturning(one(rows[0] ?? []).replace(/\binto[\s,]*$/i, ''))
    const insert = rows.length > 1 ? splitInsert(statement) : null
    const rowCounts: number[] = []
    const failed: { row: number; error: OracleError }[] = []
    for (let from = 0; from < executions; ) {
      const together = insert ? Math.min(TOGETHER, executions - from) : 1
      const texts = Array.from({ length: together }, (_, index) => one(rows[from + index] ?? []))
      if (insert && (await this.#insertTogether(insert, texts))) {
        for (let n = 0; n < together; n += 1) rowCounts.push(1)
      } else {
        for (const [index, text] of texts.entries()) {
          const count = await this.#run(text).then(
            ({ affectedRows }) => affectedRows,
            (cause: unknown) => {
              const error = asOracleError(cause)
              if (!batchErrors || error.number === DEADLOCK) throw error
              failed.push({ row: from + index, error })
              return 0
            },
          )
          rowCounts.push(count)
        }
      }
      from += together
    }
    return { rowsAffected: rowCounts.reduce((sum, count) => sum + count, 0), rowCounts, batchErrors: failed }
  }

  /** False: one of them is bad, nothing was inserted, and they have to go one by one. */
  async #insertTogether({ head, offset }: { head: string; offset: number }, texts: readonly string[]): Promise<boolean> {
    return await this.#run(head + texts.map((text) => text.slice(offset)).join(',')).then(
      () => true,
      () => false,
    )
  }

  async #changeReturning(sql: string): Promise<Done> {
    const rows = await this.#all(sql)
    this.inTransaction = true
    const columns = rows[0]?.length ?? 0
    return { rowsAffected: rows.length, returned: [Array.from({ length: columns }, (_, at) => rows.map((row) => row[at] ?? null))] }
  }

  /** A block that fails is undone as a whole, which MariaDB does for its last statement only: hence the savepoint. */
  async #runBlock({ statement, binds, rows, executions }: Call): Promise<Done> {
    await this.#beginChange(false)
    const sql = withVariables(statement, this.#settings.flashback)
    const outBinds: Value[][] = []
    for (let n = 0; n < executions; n += 1) {
      const row = rows[n] ?? []
      if (binds.length > 0)
        await this.#plain(`set ${binds.map((bind, at) => `@b${at} = ${literal(bind, (row[at] ?? null) as Value)}`).join(', ')}`)
      await this.#plain('savepoint ponte_block')
      try {
        const { warningStatus } = await this.#run(sql)
        if (warningStatus > 0 && (await this.#foundNothing())) throw new OracleError(1403, 'no data found')
      } catch (error) {
        // A block that committed has no savepoint any more.
        await this.#plain('rollback to savepoint ponte_block').catch(() => {})
        throw error
      }
      if (binds.length > 0) outBinds.push(...((await this.#all(`select ${binds.map((_, at) => `@b${at}`).join(', ')}`)) as Value[][]))
    }
    return { rowsAffected: 0, outBinds }
  }

  /** A SELECT INTO without a row that nobody handled: MariaDB only warns and goes on. */
  async #foundNothing(): Promise<boolean> {
    const warnings = await this.#all('show warnings')
    return warnings.some((warning) => String(warning[1]) === NO_DATA)
  }

  /** One snapshot for all that is read until the end of the transaction. */
  async #beginSnapshot(readOnly: boolean): Promise<void> {
    await this.#beginChange(true)
    await this.#plain('set transaction isolation level repeatable read')
    await this.#plain(`start transaction with consistent snapshot${readOnly ? ', read only' : ''}`)
  }

  async #beginChange(locks: boolean): Promise<void> {
    if (!this.#changing) await this.#plain('set autocommit = 0')
    this.#changing = true
    if (locks) this.inTransaction = true
  }

  /** Runs a change; whether a transaction is open then is what the server says. */
  async #run(sql: string): Promise<ResultSetHeader> {
    const header = await this.#plain(sql)
    // A savepoint alone opens none in Oracle, but there is no telling here.
    this.inTransaction = this.#changing && ((header as unknown as { serverStatus: number }).serverStatus & IN_TRANSACTION) !== 0
    return header
  }

  #plain(sql: string): Promise<ResultSetHeader> {
    return new Promise((resolve, reject) => {
      this.#connection.query(sql, (error, result) => (error ? reject(error) : resolve(result as ResultSetHeader)))
    })
  }

  #all(sql: string): Promise<Value[][]> {
    return new Promise((resolve, reject) => {
      this.#connection.query({ sql, rowsAsArray: true, typeCast: false }, (error, rows) =>
        error ? reject(error) : resolve(rows as unknown as Value[][]),
      )
    })
  }

  #query(sql: string, original: string): Promise<RowStream> {
    return new Promise((resolve, reject) => {
      const query = this.#connection.query({ sql, rowsAsArray: true, typeCast: false })
      query.once('error', reject)
      query.once('fields', (fields) => {
        query.off('error', reject)
        const columns = (fields as unknown as Field[]).map((field) => columnOf(field, original))
        this.#stream = new RowStream(this.#connection, query, columns, () => this.#kill())
        resolve(this.#stream)
      })
    })
  }

  async #kill(): Promise<void> {
    await this.#settings.kill(this.#connection.threadId ?? 0).catch(() => {})
  }
}
