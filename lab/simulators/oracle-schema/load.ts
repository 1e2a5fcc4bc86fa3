/** The Oracle schema on a MariaDB database: for tests of the scripts and for the simulated Oracle. */
import { readFile } from 'node:fs/promises'
import type { Connection } from 'mysql2/promise'
import { PonteError } from '../../../base/error.ts'
import { oracleMode } from '../oracle-wire/mariadb/backend.ts'
import { forMariaDb, type Kept } from './rewrite.ts'

const SHIM = new URL('../../../sql/oracle/mariadb/shim.sql', import.meta.url)

/** What a session needs to mean what Oracle means: modes, byte-wise comparison, reads that see what others committed. */
export const oracleSession = `set sql_mode = '${oracleMode}', time_zone = '+00:00', tx_isolation = 'READ-COMMITTED', collation_connection = @@collation_database`

/** Statements by how they were run. */
export type Loaded = Readonly<Record<Kept, number>>

/** Gives an empty database Oracle's way of comparing text, and what MariaDB lacks. May be run again. @throws PonteError `simulator.oracle_schema` */
export async function prepareForOracle(connection: Connection): Promise<void> {
  // Oracle compares text by its bytes, and trailing blanks count.
  await connection.query('alter database collate = utf8mb4_nopad_bin')
  await connection.query(oracleSession)
  for (const statement of (await readFile(SHIM, 'utf8')).split(/^\/$/m)) {
    const text = statement.replaceAll(/^--.*$/gm, '').trim()
    if (text !== '') await run(connection, text)
  }
}

/**
 * Runs the shim, then the statements, on the connection's database, which must be empty.
 * @param statements of `sql/oracle`, split
 * @throws PonteError `simulator.oracle_schema` with the statement's first line
 */
export async function loadOracleSchema(connection: Connection, statements: readonly string[]): Promise<Loaded> {
  await prepareForOracle(connection)
  const loaded: Record<Kept, number> = { 'word for word': 0, rewritten: 0, 'stood in for': 0 }
  for (const statement of statements) {
    const { sql, kept } = forMariaDb(statement)
    await run(connection, sql)
    loaded[kept] += 1
  }
  return loaded
}

async function run(connection: Connection, sql: string): Promise<void> {
  try {
    await connection.query(sql)
  } catch (cause) {
    throw new PonteError('simulator.oracle_schema', `MariaDB refuses: ${sql.split('\n')[0]}`, {
      hint: 'write it in the subset that both accept, or add a rule to lab/simulators/oracle-schema/rewrite.ts',
      cause,
    })
  }
}
