/** The one serialiser of queue lines: engines hand over text columns, the JSON is made here. */
import type { Row } from './model.ts'

/**
 * One JSON object without a newline: `meta` first, then the row's columns, keys in upper case, nulls explicit. Where both
 * have a key, the row's value stands.
 */
export function jsonLine(row: Row, meta: Readonly<Record<string, string | number | null>> = {}): string {
  const line: Record<string, string | number | null> = {}
  for (const name in meta) line[name.toUpperCase()] = meta[name]!
  for (const name in row) line[name.toUpperCase()] = row[name]!
  return JSON.stringify(line)
}
