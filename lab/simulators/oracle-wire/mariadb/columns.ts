/** MariaDB's columns as Oracle would describe them. */
import type { Column } from '../wire/types.ts'

/** What MariaDB tells of a column, as mysql2 reads it. */
export interface Field {
  readonly name: string
  readonly orgTable?: string
  readonly columnType?: number
  readonly columnLength?: number
  readonly decimals?: number
  readonly characterSet?: number
  readonly flags: number | string[]
}

const code = {
  double: 5,
  float: 4,
  timestamp: 7,
  date: 10,
  datetime: 12,
  newDate: 14,
  decimal: 246,
  blobs: [249, 250, 251, 252],
  string: 254,
} as const
const INTEGERS = new Set([1, 2, 3, 8, 9, 13])
const BINARY = 63
const NOT_NULL = 1
const UNSIGNED = 32
const BYTES_PER_CHARACTER = 4
const LONGEST = 4000

/** `sql` decides the case of names: Oracle turns all into upper case that do not stand in quotes. */
export function columnOf(field: Field, sql: string): Column {
  const flags = Number(field.flags)
  const name = sql.includes(`"${field.name}"`) ? field.name : field.name.toUpperCase()
  return { name, nullable: (flags & NOT_NULL) === 0, ...typeOf(field, (flags & UNSIGNED) !== 0) }
}

function typeOf(
  { columnType = 253, columnLength = 0, decimals = 0, characterSet = 0, orgTable }: Field,
  unsigned: boolean,
): Omit<Column, 'name'> {
  if (columnType === code.decimal) {
    const precision = columnLength - (decimals > 0 ? 1 : 0) - (unsigned ? 0 : 1)
    return precision > 38 ? { type: 'NUMBER' } : { type: 'NUMBER', precision, scale: decimals }
  }
  if (INTEGERS.has(columnType) || columnType === code.double || columnType === code.float) return { type: 'NUMBER' }
  if (columnType === code.date || columnType === code.newDate) return { type: 'DATE' }
  if (columnType === code.datetime && decimals === 0) return { type: 'DATE' }
  if (columnType === code.datetime || columnType === code.timestamp) return { type: 'TIMESTAMP', scale: decimals }
  const isBlob = (code.blobs as readonly number[]).includes(columnType)
  if (characterSet === BINARY && isBlob) return { type: 'BLOB' }
  const size = Math.max(1, Math.min(characterSet === BINARY ? columnLength : Math.ceil(columnLength / BYTES_PER_CHARACTER), LONGEST))
  // An expression's text is VARCHAR2 in Oracle however long it might be; only a column of a table is a CLOB.
  if (isBlob) return orgTable ? { type: 'CLOB' } : { type: 'VARCHAR2', size: LONGEST }
  // Numbers and dates that MariaDB turns into text carry the binary character set too, but never the type of bytes.
  return { type: 'VARCHAR2', size }
}
