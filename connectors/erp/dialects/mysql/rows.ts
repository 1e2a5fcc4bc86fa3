/** Rows and counts of mysql2. */
import type mysql from 'mysql2/promise'

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
