/**
 * What the dialects have in common: the same statements on the same tables. The statements of this folder are written once, with `?` for
 * values; where the dialects differ, `SqlDialect` says how.
 */
import { cleanText } from '../../../base/text.ts'
import type { Row } from '../../../engine/model.ts'

/** A whole number is exact as a bigint; a list stands for `in (?)` and holds 1 to `pageSize` values. */
export type Value = string | bigint | null
export type Values = readonly (Value | readonly Value[])[]

/** The rows of a query: upper-case names, text or null, the empty string is null. */
export type Ask = (sql: string, values?: Values) => Promise<Row[]>

/** One transaction's connection. */
export interface Link {
  readonly rows: Ask
  /** How many rows a write matched. */
  changed(sql: string, values?: Values): Promise<number>
  /** A procedure of the schema. */
  call(name: string, values: readonly Value[]): Promise<void>
  /** All rows or an error. @param rows one value per column each; none: nothing happens */
  insertAll(table: string, columns: readonly string[], rows: readonly (readonly Value[])[]): Promise<void>
}

/**
 * Runs `work` as one transaction, and again when the server ended it; then it decides anew.
 * @param subject what is written, by id and without personal data
 * @param committed asked in a transaction of its own when the answer to the commit was lost: whether the effect is there. It takes the
 * lock that `work` took, so that the lost session is over by then.
 * @throws PonteError `erp.*`; nothing was changed then, save for a commit in doubt, which may be repeated
 */
export type Transact<L extends Link = Link> = <T>(
  subject: string,
  work: (link: L) => Promise<T>,
  committed?: (link: L) => Promise<boolean>,
) => Promise<T>

export interface SqlDialect {
  /** True where two values differ; null is a value. */
  differs(one: string, other: string): string
  /** True where a text column holds exactly the value `?`, whatever their collations. */
  isText(column: string): string
  concat(...parts: readonly string[]): string
  /** The first rows of an ordered query. */
  first(sql: string, rows: number): string
  /** A timestamp column as ISO text of UTC: sessions are of UTC. */
  isoTime(column: string): string
  /** The ERP's own time, as such text, of the moment `?`: ISO text of UTC without its Z. */
  readonly erpTime: string
  /** A field of a JSON object of texts; null where it has none. */
  field(json: string, name: string): string
  /** The key of the e-mail of a row of CONTACT or of the view over it. */
  emailKey(table: string): string
  /** What a row of ERROR_LOG is about: the text before the first colon. */
  readonly errorSubject: string
  /** Routines of the schema. */
  readonly titleCase: string
  readonly storeContactId: string
  packageCall(routine: string, values: string): string
  /** Text as `industries.description_key` compares it. */
  descriptionKey(text: string): string
  /** True for text of 1 to 9 digits. */
  isShortNumber(text: string): string
  /** id and fingerprint of every LEADS row: equal fingerprints, equal rows. */
  readonly fingerprints: string
  /** Events of one lead and its persons come one after another, also when the lead is not there yet. One value: the lead's id. */
  readonly lockLead: string
  /** `on`: until the transaction ends the triggers leave the ERP alone, because it may have moved on while these values were under way. */
  mirrorOnly(link: Link, on: boolean): Promise<void>
}

/** Of lists and of reads that go on where the last one ended. */
export const pageSize = 500

/** What `work` gives for the ids, page by page. */
export async function inPages<T>(ids: readonly bigint[], work: (page: readonly bigint[]) => Promise<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for (let from = 0; from < ids.length; from += pageSize) found.push(...(await work(ids.slice(from, from + pageSize))))
  return found
}

/** As many whole characters as fit, in number and in bytes: a VARCHAR2 holds 4,000 bytes. null stays null. */
export function cut(text: string, characters: number): string {
  let [kept, bytes] = ['', 0]
  for (const character of [...cleanText(text)].slice(0, characters)) {
    bytes += Buffer.byteLength(character)
    if (bytes > 4_000) break
    kept += character
  }
  return kept
}
