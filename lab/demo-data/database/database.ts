/**
 * What the demo and the demo data ask of an ERP's database beyond `Erp`: to fill it, to look into it and to work in it as the ERP's own
 * people do. One implementation per dialect, `database-<dialect>.ts`, which `open-database.ts` finds by the URL; nothing else of this
 * room or of the demo knows a dialect, so a new dialect is one file and one line.
 *
 * Statements given to `rows` are written once for all of them: ANSI joins, `exists (select 1 ...)`, `interval '1' second`,
 * `localtimestamp(6)`; no casts, no `limit` (that is `most`), no `for update of`, no reserved words as names.
 */
import type { Cell } from '../../../engine/model.ts'

export type Value = Cell | number
/** Names in lower case; numbers in plain decimal notation, and the empty string may be null (Oracle). */
export type Found = Readonly<Record<string, Cell>>

export interface DemoSession {
  /**
   * Runs one statement.
   * @param values what stands for each `?`, in order; a list stands for what is between the parentheses of `in (?)`, and an empty one
   *   finds nothing
   * @param most so many rows at most; with it the statement holds no `for update`
   * @returns the rows of a select, none for anything else
   */
  rows<Row extends Found = Found>(sql: string, values?: readonly (Value | readonly Value[])[], most?: number): Promise<Row[]>
}

/** A transaction for the loader: nobody else loads at the same time, and the mirror's triggers stay out of it. */
export interface DemoLoading extends DemoSession {
  /** Deletes every row; a roll-back brings them back. */
  empty(tables: readonly string[]): Promise<void>
  /** Appends rows; values are text, days as YYYY-MM-DD. @returns how many */
  append(table: { readonly name: string; readonly columns: readonly string[] }, rows: Iterable<readonly Cell[]>): Promise<number>
  /** The codes that the ERP gives next are beyond these. */
  reserveCodes(last: { readonly client: number; readonly contact: number }): Promise<void>
}

export interface DemoDatabase extends DemoSession {
  /** All of `work` or nothing. Outside of it each statement is a transaction of its own. */
  transaction<T>(work: (session: DemoSession) => Promise<T>): Promise<T>
  /** The same for the loader; afterwards the tables' statistics are made anew. */
  load<T>(tables: readonly string[], work: (loading: DemoLoading) => Promise<T>): Promise<T>
  /** Begins to count writes; what it answers says how many rows of these tables were written since, by anybody. */
  countWrites(tables: readonly string[]): Promise<() => Promise<number>>
  close(): Promise<void>
}
