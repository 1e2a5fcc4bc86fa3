/** A bare DuckDB for tests: texts in as a table, texts out as they are in the database. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { readColumns } from '../duck-text.ts'

export async function withDuck<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  try {
    return await use(connection)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** All rows of a query of text columns. */
export async function textRows(connection: DuckDBConnection, sql: string): Promise<(string | null)[][]> {
  const result = await connection.run(sql)
  const rows: (string | null)[][] = []
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const columns = readColumns(chunk)
    for (let row = 0; row < chunk.rowCount; row += 1) rows.push(columns.map((column) => column[row]!))
  }
  return rows
}
