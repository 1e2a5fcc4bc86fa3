/** The connection to Ponte's own PostgreSQL, brought up to its schema. */
import pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { migrate } from '../pg/migrate.ts'

const schema = new URL('../../sql/state/', import.meta.url)

/**
 * Opens the state database and installs or upgrades its schema.
 * @param url postgres:// URL of the state database
 * @throws PonteError `state.unreachable`
 */
export async function openState(url: string, maxConnections = 10): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: url, max: maxConnections, connectionTimeoutMillis: 10_000, application_name: 'ponte-state' })
  // An idle client that loses its server must not take the process down; the next query reports it.
  pool.on('error', () => {})
  try {
    await migrate(pool, schema)
    return pool
  } catch (cause) {
    await pool.end()
    if (cause instanceof PonteError) throw cause
    throw new PonteError('state.unreachable', "Ponte's state database does not answer.", {
      hint: 'Check STATE_DATABASE_URL (host, port, user, password), or leave it out to use the embedded database.',
      cause,
    })
  }
}
