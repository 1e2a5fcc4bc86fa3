/** What a dialect gives to the contract suite: a freshly migrated ERP and a way to look behind its connector. */
import type { Erp } from '../../erp.ts'

export interface ErpHarness {
  readonly erp: Erp
  /** A further connector to the same database; the caller closes it. */
  connector(settings: { readonly statementTimeoutMs: number }): Erp
  /** Runs one statement beside the connector, and returns its rows with lower-case column names and text values. */
  sql(statement: string): Promise<Readonly<Record<string, string | null>>[]>
  /** Another user's transaction, open, in which this statement was run. */
  hold(statement: string): Promise<{ sql(statement: string): Promise<void>; commit(): Promise<void> }>
  /** How many sessions of this database wait for a lock of another one. Ask five times a second at most: InnoDB answers faster ones from memory. */
  waiting(): Promise<number>
  /** Equal before and after: nothing was written to the ERP's own tables. */
  versions(): Promise<unknown>
  close(): Promise<void>
}

/** What the suites of the schema alone need. */
export interface SchemaHarness extends Pick<ErpHarness, 'sql' | 'versions' | 'close'> {
  /** A further session, where `sql` is one alone. */
  session?(): Promise<ErpHarness['sql']>
}
