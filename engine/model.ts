/**
 * The nouns of a comparison.
 *
 * row:      one record as text: numbers exact decimal, dates ISO, empty is null
 * desired:  side B, the ERP's view: what the CRM should hold
 * known:    side A, the mirror: what the CRM is known to hold; absent for detectors of things never sent
 * change:   a key whose desired row differs from its known row after both are normalised (`B - A` per key)
 * snapshot: the immutable Parquet that remembers one compare
 */
import type { Rule } from './rules.ts'

export type Cell = string | null
export type Row = Readonly<Record<string, Cell>>

export interface Column {
  /** Upper-case name: the view's column and the key in a queue line. */
  readonly name: string
  /** Raw text of the source -> the value that we send and remember. Idempotent. */
  readonly rule: Rule
  /** Applied after `rule`, for the hash only (upper case, no accents...). `false`: carried, never compared. */
  readonly compare?: Rule | false
}

/** A source as a reader thread sees it: it imports `module` and calls its `read` once per range. */
export interface SourceRef {
  /** file:// URL of a module that exports `read: ReadRange`. */
  readonly module: string
  /** Structured-cloneable settings (connection, view, snapshot id...). May hold a password: never log. */
  readonly settings: unknown
  /** Disjoint base-key ranges that together cover the source; one task each. */
  readonly ranges: readonly unknown[]
}

export interface CompareSpec {
  /** e.g. `leads.update`; names the snapshot folder. Letters, digits, dots, hyphens. */
  readonly entity: string
  readonly columns: readonly Column[]
  /** Columns that make the key, joined with `-` after their `rule`. A null part makes the row keyless: it is counted and left out. */
  readonly key: readonly string[]
  readonly desired: SourceRef
  /** null: everything desired is a change of op `insert`. Given: only keys on both sides are compared, op `update`. */
  readonly known: SourceRef | null
}

export interface Change {
  readonly op: 'insert' | 'update'
  readonly key: string
  /** md5 of the desired row in compare form, 32 hex characters. */
  readonly hash: string
  readonly before: Row | null
  readonly after: Row
}

export interface StepTiming {
  readonly step: 'pull' | 'normalise' | 'hash' | 'diff' | 'json' | 'snapshot'
  readonly wallMs: number
  readonly cpuMs: number
  readonly rows: number
}

export interface Guard {
  readonly guard: 'duplicate-keys' | 'empty-source' | 'shrunken-source' | 'mass-change'
  readonly message: string
  /** Up to 20 keys, for the operator. */
  readonly keys: readonly string[]
}

export interface Comparison {
  readonly entity: string
  readonly sequence: number
  readonly rows: { readonly desired: number; readonly known: number; readonly keyless: number }
  readonly changed: number
  /** Known keys with no desired row: reported, nothing is sent (`onVanish`). Up to 20 keys named. */
  readonly vanished: { readonly count: number; readonly keys: readonly string[] }
  /** Keys left out because they came more than once (only with an accepted guard). */
  readonly duplicates: number
  /** md5 of the sorted hashes of the changed rows, 32 hex characters. Same data in any order, same hash. */
  readonly batchHash: string
  readonly steps: readonly StepTiming[]
  /** The changed rows in key order, in batches. May be called once. */
  changes(): AsyncIterable<readonly Change[]>
  /** Makes this compare the newest snapshot: Parquet files first, the pointer renamed last. Call after the outbox is full. */
  promote(): Promise<void>
  /** Frees memory and temporary files. Always call it, also after promote. */
  close(): Promise<void>
}

export type CompareOutcome =
  | { readonly kind: 'compared'; readonly comparison: Comparison }
  | { readonly kind: 'stopped'; readonly guards: readonly Guard[] }

export interface CompareOptions {
  /** Run id; names the snapshot. */
  readonly run: string
  /** An operator accepted the guards of an earlier run: go on, leaving duplicate keys out. */
  readonly acceptGuards?: boolean
  /** More rows than this that begin to differ at once stop the compare, percent of the known ones. Left out: any number may. */
  readonly changedLimitPercent?: number
  readonly signal?: AbortSignal
  /** Rows pulled so far, for progress bars. */
  readonly onProgress?: (progress: { side: 'desired' | 'known'; rows: number }) => void
}

/** One comparing machine. `local` runs piscina + DuckDB; a Spark cluster can stand behind the same interface. */
export interface Engine {
  readonly name: string
  compare(spec: CompareSpec, options: CompareOptions): Promise<CompareOutcome>
  /** Interrupts what runs, waits for it, then frees everything (engine pitfall: never terminate a busy DuckDB). */
  close(): Promise<void>
}
