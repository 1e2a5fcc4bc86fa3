/** A logged-on session: runs requests against the backend and writes the answers. */
import { asError, writeEnd, writeOutBinds, writeReturned, writeRowCounts, writeStatus } from '../answers.ts'
import { type BackendSession, type Call, type Done, isRows } from '../backend.ts'
import { readBindRows } from '../bind-rows.ts'
import { type Cursor, Cursors, endResult } from '../cursors.ts'
import type { Faults } from '../faults.ts'
import { OracleError } from '../oracle-error.ts'
import { type Answering, answerQuery, fetchPage, type Wanted } from '../paging.ts'
import type { ExecuteRequest } from '../request-execute.ts'
import type { Message } from '../requests.ts'
import { parseStatement } from '../statement.ts'
import type { WireWriter } from '../wire/writer.ts'

export class Session {
  readonly #backend: BackendSession
  readonly #faults: Faults
  readonly #shiftMinutes: number
  readonly #cursors = new Cursors()

  constructor(backend: BackendSession, faults: Faults, shiftMinutes: number) {
    this.#backend = backend
    this.#faults = faults
    this.#shiftMinutes = shiftMinutes
  }

  /**
   * Writes the answer to one request. Errors of Oracle become answers. Throws DropConnection when a fault says so, and
   * WireError for a request that cannot be read.
   */
  async answer({ closed, cancelled, request }: Message, to: WireWriter, signal: AbortSignal): Promise<void> {
    try {
      for (const id of cancelled) await this.#cursors.cancel(id)
      for (const id of closed) await this.#cursors.close(id)
      switch (request.kind) {
        case 'execute':
          return await this.#execute(request.execute, to, signal)
        case 'reexecute':
          return await this.#reexecute(request.reexecute, to, signal)
        case 'fetch':
          return await fetchPage(this.#cursors.get(request.cursor), request.rows, this.#answering(to, signal))
        case 'commit':
          await this.#commit(signal)
          return writeStatus(to, false)
        case 'rollback':
          await this.#backend.rollback()
          return writeStatus(to, false)
        case 'ping':
          await this.#backend.ping()
          return writeStatus(to, this.#backend.inTransaction)
        case 'logoff':
          await this.close()
          return writeStatus(to, false)
        default:
          throw new OracleError(3001, 'unimplemented feature: this simulator does not know such a request')
      }
    } catch (error) {
      // A value that does not fit its type: text that is no number, a month of 0.
      const told = error instanceof RangeError ? new OracleError(6502, `PL/SQL: numeric or value error: ${error.message}`) : error
      if (!(told instanceof OracleError)) throw error
      writeEnd(to.clear(), { inTransaction: this.#backend.inTransaction, error: asError(told) })
    }
  }

  get inTransaction(): boolean {
    return this.#backend.inTransaction
  }

  /** Rolls back and lets go of everything. */
  async close(): Promise<void> {
    await this.#cursors.closeAll()
    await this.#backend.close()
  }

  async #execute(request: ExecuteRequest, to: WireWriter, signal: AbortSignal): Promise<void> {
    const cursor = request.sql === null ? this.#cursors.get(request.cursor) : this.#cursors.open(parseStatement(request.sql))
    if (request.sql !== null && request.cursor !== 0) await this.#cursors.close(request.cursor)
    try {
      if (request.defines) {
        cursor.defines = request.defines
        return writeEnd(to, { inTransaction: this.#backend.inTransaction, cursor: cursor.id })
      }
      cursor.binds = request.binds.map((shape, index) => ({
        ...shape,
        ...(cursor.statement.binds[index] ?? { name: '', returned: false }),
      }))
      // Parsed only: what a change would do is not tried.
      if (!request.execute && cursor.statement.kind !== 'query') {
        writeEnd(to, { inTransaction: this.#backend.inTransaction, cursor: cursor.id })
        return
      }
      await this.#run(cursor, { ...request, describe: request.parse || request.describeOnly }, to, signal)
      // The answer will not go out, so the driver never learns of the cursor.
      if (signal.aborted && request.sql !== null) await this.#cursors.close(cursor.id)
    } catch (error) {
      if (request.sql !== null) await this.#cursors.close(cursor.id)
      throw error
    }
  }

  async #reexecute(
    { cursor: id, fetch, iterations, autoCommit, values }: Extract<Message['request'], { kind: 'reexecute' }>['reexecute'],
    to: WireWriter,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = fetch ? { executions: 1, prefetchRows: iterations } : { executions: iterations, prefetchRows: 0 }
    const plain = { batchErrors: false, rowCounts: false, describe: false, describeOnly: false }
    await this.#run(this.#cursors.get(id), { ...plain, ...wanted, fetch, autoCommit, values }, to, signal)
  }

  async #run(cursor: Cursor, how: Run, to: WireWriter, signal: AbortSignal): Promise<void> {
    const { statement } = cursor
    await endResult(cursor)
    const rows = readBindRows(how.values, cursor.binds, statement.kind === 'plsql', this.#shiftMinutes)
    await this.#faults.strike({ at: 'execute', when: 'before', sql: statement.sql }, signal)
    const executions = statement.kind === 'query' ? 1 : Math.max(how.executions, rows.length)
    const call: Call = { statement, binds: cursor.binds, rows, executions, batchErrors: how.batchErrors, signal }
    if (statement.kind === 'commit') await this.#commit(signal)
    const outcome = statement.kind === 'commit' ? { rowsAffected: 0 } : await this.#backend.execute(call)
    await this.#faults.strike({ at: 'execute', when: 'after', sql: statement.sql }, signal)
    if (isRows(outcome)) return await answerQuery(cursor, outcome, how, this.#answering(to, signal))
    if (how.autoCommit && statement.kind !== 'query') await this.#commit(signal)
    this.#answerDone(cursor, outcome, how, to)
  }

  #answerDone({ binds, id, statement }: Cursor, done: Done, how: Run, to: WireWriter): void {
    if (done.outBinds && binds.length > 0) writeOutBinds(to, binds, done.outBinds)
    if (done.returned) writeReturned(to, binds, done.returned)
    if (how.rowCounts) writeRowCounts(to, done.rowCounts ?? [done.rowsAffected])
    const { rowsAffected: rowCount, batchErrors } = done
    // DDL is parsed anew each time, so its cursor would never be closed by the driver.
    const cursor = statement.kind === 'ddl' ? 0 : id
    if (cursor === 0) void this.#cursors.close(id)
    writeEnd(to, { inTransaction: this.#backend.inTransaction, cursor, rowCount, batchErrors })
  }

  #answering(to: WireWriter, signal: AbortSignal): Answering {
    return { to, faults: this.#faults, signal, inTransaction: () => this.#backend.inTransaction }
  }

  async #commit(signal: AbortSignal): Promise<void> {
    await this.#faults.strike({ at: 'commit', when: 'before' }, signal)
    await this.#backend.commit()
    await this.#faults.strike({ at: 'commit', when: 'after' }, signal)
  }
}

/** How to run a cursor's statement: what an execute and a re-execute have in common. */
interface Run extends Wanted {
  readonly autoCommit: boolean
  readonly batchErrors: boolean
  readonly rowCounts: boolean
  readonly executions: number
  readonly values: ExecuteRequest['values']
}
