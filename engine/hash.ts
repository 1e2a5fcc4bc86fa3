/**
 * Hashes that mark nulls and the borders of fields, byte for byte the same in Node and in SQL:
 * md5 over the parts joined with `|`, where null is `N` and a text is `<length in code points>:<text>`.
 */
import { createHash } from 'node:crypto'
import { codePointCount } from './rules.ts'

/** Row hash of values in compare form, in column order: 32 lower-case hex characters. */
export function rowHash(values: readonly (string | null)[]): string {
  const parts = values.map((value) => (value === null ? 'N' : `${codePointCount(value)}:${value}`))
  return createHash('md5').update(parts.join('|'), 'utf8').digest('hex')
}

/** The text under the hash, as SQL over `columns` (plain SQL names, at least one). Wrap it in `md5(...)` for the row hash. */
export function hashedTextSql(columns: readonly string[]): string {
  // concat_ws alone would skip nulls and blur neighbours.
  const parts = columns.map((c) => `case when ${c} is null then 'N' else concat(cast(char_length(${c}) as string), ':', ${c}) end`)
  return `concat_ws('|', ${parts.join(', ')})`
}

/** Row hash as SQL, equal to `rowHash`. */
export function hashSql(columns: readonly string[]): string {
  return `md5(${hashedTextSql(columns)})`
}

/** Batch hash: md5 of the row hashes in ascending order, one after the other without a separator. */
export function batchHash(sortedHashes: Iterable<string>): string {
  const hash = createHash('md5')
  for (const row of sortedHashes) hash.update(row)
  return hash.digest('hex')
}
