/** How to reach an ERP on MySQL or MariaDB. May hold a password: never log it. */
import mysql from 'mysql2/promise'
import { PonteError } from '../../../../base/error.ts'
import { socketOf } from '../../../mysql/socket.ts'
import { closeWhenSilent } from '../../../silence.ts'

export interface MysqlSettings {
  /** mysql://user:password@host:3306/database */
  readonly url: string
  /** Connections for commands; those of an open extract come on top. 1 or more, default 4. */
  readonly maxConnections?: number
  /** Longest time of one command in milliseconds, waiting for locks included, default 60,000. Reading a range is not limited by it. */
  readonly statementTimeoutMs?: number
  /** Told, in a sentence without personal data, when an extract cannot be read by several connections. */
  readonly warn?: (text: string) => void
}

const CONNECT_LIMIT_MS = 10_000
/** A connection that is silent for so long is asked whether the other side is still there; the system's own default is two hours. */
const PROBE_MS = 30_000
const SQL_MODE = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'
const SESSION = `set names utf8mb4 collate utf8mb4_bin, time_zone = '+00:00', sql_mode = '${SQL_MODE}'`

/** Exact decimals, whole numbers beyond 2^53 and dates arrive as text. @throws PonteError `erp.bad_url` */
export function connectionOptions(settings: MysqlSettings): mysql.ConnectionOptions {
  return {
    ...address(settings.url),
    charset: 'utf8mb4_bin',
    connectTimeout: CONNECT_LIMIT_MS,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    enableKeepAlive: true,
    keepAliveInitialDelay: PROBE_MS,
  }
}

/** A connection of its own, in the same state as those of the pool. */
export async function openConnection(settings: MysqlSettings): Promise<mysql.Connection> {
  const connection = await mysql.createConnection(connectionOptions(settings))
  // A lost connection fails the command under way; that is where it is told.
  connection.on('error', () => {})
  await connection.query(SESSION)
  return connection
}

/**
 * A pool for commands. Sessions read what is committed: after waiting for a lock of `ponte_locks` a transaction must see what the one
 * before it wrote.
 */
export function commandPool(settings: MysqlSettings): mysql.Pool {
  const limit = settings.statementTimeoutMs ?? 60_000
  const pool = mysql.createPool({ ...connectionOptions(settings), connectionLimit: settings.maxConnections ?? 4 })
  pool.pool.on('connection', (connection) => {
    const failed = () => {}
    connection.query(SESSION, failed)
    connection.query(`set session transaction isolation level read committed`, failed)
    connection.query(`set innodb_lock_wait_timeout = ${Math.max(1, Math.ceil(limit / 1000))}`, failed)
    // MariaDB's name and unit, then MySQL's; the other one is refused.
    connection.query(`set max_statement_time = ${limit / 1000}`, failed)
    connection.query(`set max_execution_time = ${Math.ceil(limit)}`, failed)
    connection.on('error', failed)
    closeWhenSilent(socketOf(connection), limit)
  })
  return pool
}

function address(url: string): mysql.ConnectionOptions {
  // The parser's own message would print the URL, password included.
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^(mysql|mariadb):$/.test(parsed.protocol)) {
    throw new PonteError('erp.bad_url', 'the URL of the ERP database is not a mysql:// URL', {
      hint: 'MYSQL_URL looks like mysql://user@host:3306/database; special characters in it are percent-encoded',
      exitCode: 2,
    })
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: Number(parsed.port || 3306),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    ...(parsed.searchParams.get('ssl') === 'true' ? { ssl: {} } : {}),
  }
}
