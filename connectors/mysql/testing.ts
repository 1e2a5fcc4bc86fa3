/** Databases for tests on MariaDB: one shared server per user of the machine (test-server.ts), a fresh database per call. */
import { randomBytes } from 'node:crypto'
import mysql from 'mysql2/promise'
import { findMariadb } from './programs.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export interface TestMariaDb {
  readonly url: string
  /** Numbers that JavaScript cannot hold and dates are text; statements may be several. */
  readonly pool: mysql.Pool
  /** Ends the pool and drops the database. */
  drop(): Promise<void>
}

export interface TestMariaDbOptions {
  /** Of the sessions of `pool`, e.g. `ORACLE`; a session made from `url` sets its own. */
  readonly sqlMode?: string
  /** Brings the new database up before it is handed out. */
  readonly migrate?: (pool: mysql.Pool) => Promise<unknown>
}

/** Left behind by tests that were killed, in milliseconds. */
const STALE_AFTER = 3_600_000

let server: Promise<TestServer> | undefined

/**
 * Whether MariaDB is not installed; then the line that names the suite is printed, and the caller registers no test.
 * @param suite as the report should name it, e.g. `connectors/erp/mysql`
 */
export function mariaDbMissing(suite: string): boolean {
  if (findMariadb() !== null) return false
  console.log(`LEFT OUT: ${suite}: it needs MariaDB (Debian: apt-get install mariadb-server).`)
  return true
}

/** A database of its own. Databases that no one dropped are swept after an hour. @throws PonteError `test.mariadb` */
export async function testMariaDb(options: TestMariaDbOptions = {}): Promise<TestMariaDb> {
  server ??= startTestServer().then(async (started) => {
    await sweep(started)
    return started
  })
  const { url } = await server
  const name = `ponte_test_${Date.now()}_${randomBytes(5).toString('hex')}`
  await asAdmin(url(''), (admin) => admin.query(`create database ${name} character set utf8mb4`))
  const pool = mysql.createPool({
    uri: url(name),
    connectionLimit: 10,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    multipleStatements: true,
  })
  const { sqlMode } = options
  if (sqlMode !== undefined) pool.pool.on('connection', (connection) => connection.query('set session sql_mode = ?', [sqlMode], () => {}))
  await options.migrate?.(pool)
  return {
    url: url(name),
    pool,
    async drop() {
      await pool.end()
      await asAdmin(url(''), (admin) => admin.query(`drop database if exists ${name}`))
    },
  }
}

async function sweep({ url }: TestServer): Promise<void> {
  await asAdmin(url(''), async (admin) => {
    const [rows] = await admin.query<mysql.RowDataPacket[]>(
      "select schema_name as name from information_schema.schemata where schema_name like 'ponte\\_test\\_%'",
    )
    const stale = rows.map((row) => String(row.name)).filter((name) => Date.now() - Number(name.split('_')[2]) > STALE_AFTER)
    for (const name of stale) await admin.query(`drop database if exists ${name}`)
  })
}

async function asAdmin<T>(url: string, work: (admin: mysql.Connection) => Promise<T>): Promise<T> {
  const admin = await mysql.createConnection(url)
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}
