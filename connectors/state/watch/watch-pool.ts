/** Connections of their own for those who watch: they never wait for, nor hold up, those who work. */
import pg from 'pg'
import { keepAlive } from '../../pg/keep-alive.ts'

/** Nothing that is looked at is worth more of the server's time. */
const STATEMENT_MS = 5_000

/** Connects when it is first used. */
export function createWatchPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 3,
    connectionTimeoutMillis: STATEMENT_MS,
    // Not as a parameter of the start, which PgBouncer refuses.
    onConnect: (client) => client.query(`set statement_timeout = ${STATEMENT_MS}`),
    // When the server itself does not answer any more.
    query_timeout: STATEMENT_MS + 1_000,
    ...keepAlive,
    application_name: 'ponte-watch',
  })
  pool.on('error', () => {})
  return pool
}
