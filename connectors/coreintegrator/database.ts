/** CoreIntegrator's database: the pool, waiting for it, transactions. */
import { setTimeout as sleep } from 'node:timers/promises'
import mysql, { type Pool, type PoolConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import { socketOf } from '../mysql/socket.ts'
import { closeWhenSilent } from '../silence.ts'

export type Database = Pool
export type Connection = PoolConnection

export interface DatabaseSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly name: string
}

const CONNECTIONS = 10
const CONNECT_TIMEOUT_MS = 5_000
const WAIT_STEP_MS = 2_000
/** Whoever writes to the ERP's table must not wait for rows that a scan of ours only passed, nor we for long for theirs. */
const sessionSettings = [
  'set session transaction isolation level read committed',
  'set session innodb_lock_wait_timeout = 5',
  // The one that holds the lock is idle for as long as a sync lasts.
  'set session wait_timeout = 28800',
]
/** Longest time of one command: each looks at a few rows, or goes once through the customers. */
export const COMMAND_MS = 60_000
/** Another transaction won, or held a row for too long: ours was rolled back and may simply be run again. */
const worthRepeating = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'])
const REPEATS = 3

/** Connects when first used. @param commandMs longest time of one command */
export function openDatabase(settings: DatabaseSettings, commandMs = COMMAND_MS): Database {
  const { host, port, user, password, name } = settings
  const pool = mysql.createPool({
    ...{ host, port, user, password, database: name },
    connectionLimit: CONNECTIONS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    charset: 'utf8mb4_general_ci',
    // Ids beyond 2^53 arrive as text.
    supportBigNumbers: true,
    // A dead peer must not hold a connection for ever.
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
  })
  pool.pool.on('connection', (connection) => {
    for (const setting of sessionSettings) connection.query(setting, () => {})
    closeWhenSilent(socketOf(connection), commandMs)
  })
  return pool
}

/** @throws what the driver throws when the database does not answer */
export async function ping(database: Database): Promise<void> {
  await database.query('select 1')
}

/**
 * Tries every 2 s until the database answers, but not without end.
 *
 * @param onTry called after each failure
 * @throws PonteError `coreintegrator.database_away` after `waitMs`, `coreintegrator.login_refused` at once; the signal's reason
 */
export async function waitForDatabase(
  database: Database,
  options: { waitMs: number; signal: AbortSignal; onTry?: (error: unknown) => void },
): Promise<void> {
  const until = performance.now() + options.waitMs
  for (;;) {
    options.signal.throwIfAborted()
    try {
      return await ping(database)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      if (code === 'ER_ACCESS_DENIED_ERROR' || code === 'ER_DBACCESS_DENIED_ERROR')
        throw new PonteError('coreintegrator.login_refused', 'the database refused the login', {
          hint: 'check DB_USER, DB_PASSWORD and DB_NAME, and what that user may do',
          cause: new Error(code),
          exitCode: 2,
        })
      options.onTry?.(cause)
      if (performance.now() + WAIT_STEP_MS > until) throw away(cause, options.waitMs)
    }
    await sleep(WAIT_STEP_MS, undefined, { signal: options.signal }).catch(() => {})
  }
}

/**
 * One transaction on a connection of its own, which is given back whatever happens. Repeated when another transaction won.
 *
 * @throws what `work` throws, after a roll-back
 */
export async function transaction<T>(database: Database, work: (connection: Connection) => Promise<T>): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    const connection = await database.getConnection()
    try {
      await connection.beginTransaction()
      const result = await work(connection)
      await connection.commit()
      connection.release()
      return result
    } catch (error) {
      await connection.rollback().then(
        () => connection.release(),
        () => connection.destroy(),
      )
      if (repeats >= REPEATS || !worthRepeating.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
}

/** Rows of a statement. `values` are bound, never part of the text. */
export async function rowsOf<T>(on: Database | Connection, sql: string, values: readonly (string | number | null)[] = []): Promise<T[]> {
  const [rows] = await on.execute<RowDataPacket[]>(sql, [...values])
  return rows as T[]
}

/** Runs a statement that changes rows. @returns how many rows its condition found */
export async function change(on: Database | Connection, sql: string, values: readonly (string | number | null)[] = []): Promise<number> {
  const [result] = await on.execute<ResultSetHeader>(sql, [...values])
  return result.affectedRows
}

function away(cause: unknown, waitMs: number): PonteError {
  return new PonteError('coreintegrator.database_away', `the database did not answer within ${Math.round(waitMs / 1000)} s`, {
    hint: 'check DB_HOST and DB_PORT, and that the server runs; DB_WAIT_SECONDS says how long to wait',
    cause: new Error((cause as NodeJS.ErrnoException).code ?? 'no answer'),
  })
}
