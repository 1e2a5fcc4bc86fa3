/**
 * A session of the driver on a connection of MariaDB.
 *
 * Autocommit is on while nothing is changed, so that reading holds no lock on a table's definition; the first change
 * turns it off, and the end of the transaction turns it on again.
 */
import type { BackendSession, Call, Outcome } from '../backend.ts'
import { runBlock } from './blocks.ts'
import { change, DEADLOCK } from './changes.ts'
import { asOracleError } from './errors.ts'
import type { Link } from './link.ts'
import type { Moments } from './moments.ts'
import type { MariadbSettings } from './settings.ts'
import { type Flashback, wantedOf, withoutBinds, withValues } from './translate.ts'

const WITHOUT_EFFECT = /^\s*(alter\s+session|comment\s+on|set\s+role)\b/i
const SNAPSHOT = /^\s*set\s+transaction\s+(read\s+only|isolation\s+level\s+serializable)\b/i
const NOTHING = { rowsAffected: 0 }

export class MariadbSession implements BackendSession {
  readonly #link: Link
  readonly #moments: Moments
  readonly #flashback: Flashback
  readonly #ddl: (statement: string) => string
  /** Autocommit is off. */
  #changing = false
  /** The one that this session asked for last. */
  #scn: string | null = null
  inTransaction = false

  constructor(link: Link, moments: Moments, { flashback, ddl }: Required<Pick<MariadbSettings, 'flashback' | 'ddl'>>) {
    this.#link = link
    this.#moments = moments
    this.#flashback = flashback
    this.#ddl = ddl
  }

  async execute(call: Call): Promise<Outcome> {
    const { statement, signal } = call
    await this.#link.settle()
    const cancel = () => void this.#link.kill()
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

  async commit(): Promise<void> {
    await this.#link.settle()
    // Turning it on commits what is open; the count is the transaction's name (sql/oracle/mariadb/shim.sql).
    if (this.#changing) await this.#link.run('set autocommit = 1, @ponte_transaction = ifnull(@ponte_transaction, 0) + 1')
    this.#changing = false
    this.inTransaction = false
  }

  async rollback(): Promise<void> {
    await this.#link.settle()
    if (this.#changing) await this.#link.run('rollback')
    await this.commit()
  }

  async ping(): Promise<void> {
    await this.#link.settle()
    await this.#link.run('do 0')
  }

  async close(): Promise<void> {
    this.#moments.release(this.#scn)
    this.#link.destroy()
  }

  async #dispatch(call: Call): Promise<Outcome> {
    const { statement } = call
    switch (statement.kind) {
      case 'query':
        return await this.#query(call)
      case 'dml':
        return await this.#changeWith(() => change(this.#link, call, this.#flashback))
      case 'plsql':
        return await this.#changeWith(() => runBlock(this.#link, call, this.#flashback))
      case 'commit':
        await this.commit()
        return NOTHING
      case 'rollback':
        if (/\bto\b/i.test(statement.sql)) await this.#link.run(statement.sql)
        else await this.rollback()
        return NOTHING
      default:
        return await this.#runOther(call)
    }
  }

  async #query({ statement, binds, rows }: Call): Promise<Outcome> {
    const row = rows[0] ?? []
    const wanted = wantedOf(statement, binds, row)
    if (wanted.scn && this.#flashback !== 'refused') {
      this.#moments.release(this.#scn)
      this.#scn = await this.#moments.take()
    }
    const sql = withValues(statement, binds, row, this.#flashback, this.#scn ?? undefined)
    const run = (link: Link) => link.stream(sql, statement.sql)
    if (wanted.asOf !== null) return await this.#moments.read(wanted.asOf, run)
    if (/\bfor\s+update\b/i.test(sql)) await this.#beginLocking()
    return await run(this.#link)
  }

  /** DDL, savepoints, settings of the session. */
  async #runOther({ statement }: Call): Promise<Outcome> {
    const { sql, kind } = statement
    if (kind === 'ddl') {
      const mended = this.#ddl(sql)
      if (!WITHOUT_EFFECT.test(mended)) await this.#link.run(withoutBinds({ ...statement, sql: mended }, this.#flashback))
      await this.commit()
    } else if (SNAPSHOT.test(sql)) await this.#beginSnapshot(/read\s+only/i.test(sql))
    else if (!WITHOUT_EFFECT.test(sql)) await this.#link.run(withoutBinds(statement, this.#flashback))
    return NOTHING
  }

  /** One snapshot for all that is read until the end of the transaction. */
  async #beginSnapshot(readOnly: boolean): Promise<void> {
    await this.#beginLocking()
    await this.#link.run('set transaction isolation level repeatable read')
    await this.#link.run(`start transaction with consistent snapshot${readOnly ? ', read only' : ''}`)
  }

  async #beginLocking(): Promise<void> {
    await this.#turnOff()
    this.inTransaction = true
  }

  /** Whether a transaction is open afterwards is what the server says: a block may end it, and rows before a bad one stand. */
  async #changeWith<T>(work: () => Promise<T>): Promise<T> {
    await this.#turnOff()
    try {
      return await work()
    } finally {
      this.inTransaction = this.#link.inTransaction
    }
  }

  async #turnOff(): Promise<void> {
    if (!this.#changing) await this.#link.run('set autocommit = 0')
    this.#changing = true
  }
}
