/** What a dialect gives to the contract suite: a freshly migrated ERP and a way to look behind its connector. */
import type { Erp } from './erp.ts'

export interface ErpHarness {
  readonly erp: Erp
  /** Runs one statement beside the connector, and returns its rows with lower-case column names and text values. */
  sql(statement: string): Promise<Readonly<Record<string, string | null>>[]>
  close(): Promise<void>
}
