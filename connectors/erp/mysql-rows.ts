/** Rows and values between mysql2 and the contract: text or null, canonical names, whole numbers exact. */
import type mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import type { Row } from '../../engine/model.ts'

/** Runs a statement on some connection of the pool. */
export type Ask = <T extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]) => Promise<T[]>

/** A row under canonical names; the empty string is null (architecture 3). */
export function upperKeys(row: object): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toUpperCase(), value === null ? null : String(value) || null]))
}

/** The rows of a select. */
export async function rowsOf<T extends object = Record<string, unknown>>(
  connection: mysql.Connection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return (await connection.query<mysql.RowDataPacket[]>(sql, [...values]))[0] as unknown as T[]
}

/** How many rows a write matched. */
export async function changed(connection: mysql.Connection, sql: string, values: readonly unknown[] = []): Promise<number> {
  return (await connection.query<mysql.ResultSetHeader>(sql, [...values]))[0].affectedRows
}

/** An id as a number that is exact: text beside a bigint column would be compared as a double. null stays null. @throws PonteError `erp.value_refused` */
export function whole(id: string | null): bigint | null {
  if (id === null) return null
  if (/^-?\d{1,18}$/.test(id)) return BigInt(id)
  throw new PonteError('erp.value_refused', 'an id is not a whole number', { hint: 'compare the line with the column it goes to' })
}

/** Ids for `in (?)`; a list that is empty finds nothing. */
export const wholeList = (ids: readonly string[]): (bigint | null)[] => (ids.length === 0 ? [null] : ids.map(whole))
