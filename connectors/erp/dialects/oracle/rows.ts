/** Rows and values between oracledb and the contract: text or null, canonical names. */
import oracledb from 'oracledb'
import { exact } from './connection.ts'

/** Runs a query on some connection of the pool; one that was lost is replaced once. Binds by name. */
export type Ask = <T extends object = Record<string, string | null>>(sql: string, binds?: oracledb.BindParameters) => Promise<T[]>

/** How rows are read everywhere: names as the statement spells them (upper case unless quoted), text or null. */
export const asText: oracledb.ExecuteOptions = {
  outFormat: oracledb.OUT_FORMAT_OBJECT,
  fetchTypeHandler: exact,
  fetchArraySize: 1_000,
  prefetchRows: 1_000,
}

/** The rows of a query. Dates must be asked for by `to_char`. */
export async function rowsOf<T extends object = Record<string, string | null>>(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = {},
): Promise<T[]> {
  return (await connection.execute<T>(sql, binds, asText)).rows ?? []
}

/** How many rows a change met. Nothing is committed. */
export async function changed(connection: oracledb.Connection, sql: string, binds: oracledb.BindParameters = {}): Promise<number> {
  return (await connection.execute(sql, binds)).rowsAffected ?? 0
}

/** Runs a block, e.g. `begin prc_store_crm_client_id(:taxid, :id); end;`, and gives its OUT binds. */
export async function block<T extends object = Record<string, never>>(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = {},
): Promise<T> {
  return ((await connection.execute<T>(sql, binds)).outBinds ?? {}) as T
}

/** What became of each row of a batch. */
export interface BatchResult {
  readonly rowsAffected: number
  /** Rows that were refused, by place in the list; the others stand. */
  readonly refused: readonly { readonly row: number; readonly error: unknown }[]
}

/** One change for many rows, in one round trip. Nothing is committed. `types` per bind name: executeMany guesses none from nulls. */
export async function changedMany(
  connection: oracledb.Connection,
  sql: string,
  rows: readonly Record<string, unknown>[],
  types: Readonly<Record<string, oracledb.BindDefinition>>,
): Promise<BatchResult> {
  if (rows.length === 0) return { rowsAffected: 0, refused: [] }
  const { rowsAffected = 0, batchErrors = [] } = await connection.executeMany(sql, rows as oracledb.BindParameters[], {
    bindDefs: { ...types },
    batchErrors: true,
  })
  return { rowsAffected, refused: batchErrors.map((error) => ({ row: (error as { offset?: number }).offset ?? 0, error })) }
}
