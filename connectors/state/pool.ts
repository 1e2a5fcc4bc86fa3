/** The connection to Ponte's own PostgreSQL, brought up to its schema. */
import pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { keepAlive } from '../pg/keep-alive.ts'
import { migrate } from '../pg/migrate.ts'
import { isTls } from '../tls.ts'
import { refuseUnfinished } from './backup/restores.ts'

const schema = new URL('../../sql/state/', import.meta.url)

/**
 * Opens the state database and installs or upgrades its schema.
 * @param url postgres:// URL of the state database
 * @throws PonteError `state.unreachable`; with exit code 2 `state.login_refused`, `state.database_missing`, `state.permission_denied`,
 *   `state.tls`, `pg.encoding`, `restore.unfinished`
 */
export async function openState(url: string, maxConnections = 10): Promise<pg.Pool> {
  const pool = createStatePool(url, maxConnections)
  try {
    await prepareState(pool)
    return pool
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** A pool that connects when it is first used, for a process that must start while the database is away. */
export function createStatePool(url: string, maxConnections = 10): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    // A half-open connection must not hold a worker for ever. Longer than a migration waits for its locks.
    query_timeout: 90_000,
    ...keepAlive,
    application_name: 'ponte-state',
  })
  // An idle client that loses its server must not take the process down; the next query reports it.
  pool.on('error', () => {})
  return pool
}

/** Installs or upgrades the schema, and sees that it may be worked with. @throws what `openState` throws */
export async function prepareState(pool: pg.Pool): Promise<void> {
  await installState(pool)
  await refuseUnfinished(pool)
}

/** The schema alone, for a restore. @throws what `openState` throws */
export async function installState(pool: pg.Pool): Promise<void> {
  try {
    await migrate(pool, schema)
  } catch (cause) {
    throw stateError(cause)
  }
}

/** By SQLSTATE: what the settings must answer for; trying again cannot help. */
const misconfigured: Readonly<Record<string, readonly [code: string, message: string]>> = {
  '28P01': ['state.login_refused', "Ponte's state database refuses the login"],
  '28000': ['state.login_refused', "Ponte's state database refuses the login"],
  '3D000': ['state.database_missing', "Ponte's state database does not exist on its server"],
  '42501': ['state.permission_denied', "Ponte's state database denies permission: its user must be able to create tables"],
}

function stateError(cause: unknown): PonteError {
  if (cause instanceof PonteError) return cause
  const wrong = misconfigured[(cause as { code?: string }).code ?? '']
  if (wrong)
    return new PonteError(wrong[0], wrong[1], {
      hint: 'check STATE_DATABASE_URL (user, password, database), or leave it out to use the embedded database',
      cause,
      exitCode: 2,
    })
  if (isTls(cause))
    return new PonteError('state.tls', "the encrypted connection to Ponte's state database could not be made", {
      hint: 'the cause says why; a certificate of your own authority is trusted when NODE_EXTRA_CA_CERTS names its file, and the certificate must name the host in STATE_DATABASE_URL',
      cause,
      exitCode: 2,
    })
  return new PonteError('state.unreachable', "Ponte's state database does not answer", {
    hint: 'check STATE_DATABASE_URL (host, port), and whether the server runs; or leave it out to use the embedded database',
    cause,
  })
}
