/** How to reach an ERP on PostgreSQL. Plain data: it is cloned into reader threads. May hold a password: never log it. */
import type { Socket } from 'node:net'
import pg from 'pg'
import { PonteError } from '../../../../base/error.ts'
import { keepAlive } from '../../../pg/keep-alive.ts'
import { closeWhenSilent } from '../../../silence.ts'

export type PostgresSettings = PostgresAddress & {
  /** Connections for commands; readers and an open extract come on top. 1 or more, default 4. */
  readonly maxConnections?: number
  /** Longest time of one command in milliseconds, default 60,000. Reading a range is not limited by it: its pace is the reader's. */
  readonly statementTimeoutMs?: number
}

type PostgresAddress =
  | { readonly url: string }
  | { readonly host: string; readonly port?: number; readonly user: string; readonly password: string; readonly database: string }

const CONNECT_LIMIT_MS = 10_000

/** Settings of a single connection. */
export function clientConfig(settings: PostgresSettings, application: string): pg.ClientConfig {
  const address = 'url' in settings ? { connectionString: checkedUrl(settings.url) } : pick(settings)
  return { ...address, application_name: application, connectionTimeoutMillis: CONNECT_LIMIT_MS, ...keepAlive }
}

/**
 * SQL: an extract waits for its turn, and stands still while the engine stores what it got: no limit of the server, database or role may
 * end it then. Not every version knows each of them.
 */
export const withoutLimits = `select set_config(name, '0', false) from pg_settings
  where name in ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`

/** A pool for commands. */
export function commandPool(settings: PostgresSettings): pg.Pool {
  const limit = settings.statementTimeoutMs ?? 60_000
  const pool = new pg.Pool({
    ...clientConfig(settings, 'ponte-erp'),
    max: settings.maxConnections ?? 4,
    onConnect: (client) => {
      closeWhenSilent((client as unknown as { connection: { stream: Socket } }).connection.stream, limit)
      // Not as a parameter of the start, which PgBouncer refuses.
      return client.query(`set statement_timeout = ${Math.ceil(limit)}`)
    },
  })
  // An idle connection that loses its server must not take the process down; the next command reports it.
  pool.on('error', () => {})
  return pool
}

function pick(settings: Exclude<PostgresAddress, { url: string }>) {
  return { host: settings.host, port: settings.port ?? 5432, user: settings.user, password: settings.password, database: settings.database }
}

function checkedUrl(url: string): string {
  // The parser's own message would print the URL, password included.
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url
  throw new PonteError('erp.bad_url', 'the URL of the ERP database is not a postgres:// URL', {
    hint: 'DATABASE_URL looks like postgres://user@host:5432/database; special characters in it are percent-encoded',
    exitCode: 2,
  })
}
