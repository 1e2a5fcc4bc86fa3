/** What stands behind the wire: something that runs SQL. One session here is one connection of the driver. */
import type { Statement } from './statement.ts'
import type { Bind, Column, Value } from './wire/types.ts'

export interface Login {
  /** As the driver sent it, in upper case unless it was quoted. */
  readonly user: string
  readonly service: string
}

export interface Call {
  readonly statement: Statement
  readonly binds: readonly Bind[]
  /** One row of values per execution, in the order of `binds`; null where nothing is sent (RETURNING). */
  readonly rows: readonly (readonly BindValue[])[]
  /** At least 1; more than `rows` only when there are no binds. */
  readonly executions: number
  /** Go on after a row that fails, and report it. */
  readonly batchErrors: boolean
  /** Aborted when the driver cancels the call or goes away: end it soon, whatever the outcome. */
  readonly signal: AbortSignal
}
/** A list for index-by tables. */
export type BindValue = Value | readonly Value[]

/** At most as many rows as were asked for; fewer: there are no more. */
export type Page =
  | { readonly rows: readonly (readonly Value[])[] }
  /** Rows that were put into wire form before (see `encodeRows`). */
  | { readonly count: number; readonly encoded: Buffer }

export interface RowSource {
  readonly columns: readonly Column[]
  /** Throws OracleError, also in the middle of a result. */
  next(rows: number, signal: AbortSignal): Promise<Page>
  /** The cursor is closed or executed again. */
  close(): Promise<void>
}

export interface Done {
  readonly rowsAffected: number
  /** Per execution (executeMany with dmlRowCounts). */
  readonly rowCounts?: readonly number[]
  readonly batchErrors?: readonly { readonly row: number; readonly error: OracleErrorLike }[]
  /** PL/SQL: all binds after each execution. */
  readonly outBinds?: readonly (readonly BindValue[])[]
  /** RETURNING: per execution, per returned bind, the values of all rows. */
  readonly returned?: readonly (readonly (readonly Value[])[])[]
}
interface OracleErrorLike {
  readonly number: number
  readonly full: string
}
export type Outcome = RowSource | Done
export const isRows = (outcome: Outcome): outcome is RowSource => 'columns' in outcome

export interface BackendSession {
  /** Throws OracleError when the statement failed; it is undone then, and the transaction stays open. */
  execute(call: Call): Promise<Outcome>
  readonly inTransaction: boolean
  commit(): Promise<void>
  rollback(): Promise<void>
  ping(): Promise<void>
  /** Rolls back. Never throws; safe to repeat. */
  close(): Promise<void>
}

export interface Backend {
  /** Called once the password was right. Throws OracleError. */
  open(login: Login): Promise<BackendSession>
  close(): Promise<void>
}
