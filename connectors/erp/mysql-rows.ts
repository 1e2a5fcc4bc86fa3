/** Rows and values between mysql2 and the contract. */
import type mysql from 'mysql2/promise'
import { whole } from './text-rows.ts'

/** Runs a statement on some connection of the pool. */
export type Ask = <T extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]) => Promise<T[]>

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

/** Ids for `in (?)`; a list that is empty finds nothing. */
export const wholeList = (ids: readonly string[]): (bigint | null)[] => (ids.length === 0 ? [null] : ids.map(whole))
