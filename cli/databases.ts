/** Where the two databases are; the embedded server is started (or joined) when one of them is not configured. */
import { join } from 'node:path'
import pg from 'pg'
import { PonteError } from '../base/error.ts'
import { erpError } from '../connectors/erp/dialects/postgres/errors.ts'
import { startEmbedded } from '../connectors/erp/embedded/embedded.ts'
import { dialectOf } from '../connectors/erp/open.ts'
import { refuseLetters } from '../connectors/pg/encoding.ts'
import { type MigrateResult, migrate } from '../connectors/pg/migrate.ts'
import type { Settings } from '../deploy/env.ts'
import type { Closer } from './closer.ts'

const erpSchema = new URL('../sql/postgres/', import.meta.url)

export interface Databases {
  readonly erpUrl: string
  readonly stateUrl: string
  /** True when the ERP is Ponte's own embedded one: it is installed and upgraded without asking. */
  readonly embeddedErp: boolean
}

export async function openDatabases(settings: Settings, closer: Closer): Promise<Databases> {
  if (settings.erpUrl && settings.stateUrl) return { erpUrl: settings.erpUrl, stateUrl: settings.stateUrl, embeddedErp: false }
  const server = await startEmbedded({ dataDir: join(settings.stateDir, 'postgres') })
  closer.add(() => server.stop())
  return {
    erpUrl: settings.erpUrl ?? server.url('ponte_erp'),
    stateUrl: settings.stateUrl ?? server.url('ponte_state'),
    embeddedErp: settings.erpUrl === null,
  }
}

/** A pool on the ERP for commands that install or load it on PostgreSQL. @throws PonteError `erp.postgres_only` */
export function erpPool(url: string, closer: Closer): pg.Pool {
  if (dialectOf(url) !== 'postgres')
    throw new PonteError('erp.postgres_only', 'this command works on an ERP on PostgreSQL only', {
      hint: 'unset MYSQL_URL, ORACLE_URL and ERP_DIALECT for the embedded one, or set DATABASE_URL to a PostgreSQL',
      exitCode: 2,
    })
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 10_000, application_name: 'ponte' })
  pool.on('error', () => {})
  closer.add(() => pool.end())
  return pool
}

/**
 * Installs or upgrades the integration's schema in the ERP, whatever its dialect; only the driver that is needed is loaded.
 * @throws PonteError `erp.*`, `pg.*`, `mysql.*`, `oracle.*`
 */
export async function installErp(url: string, closer: Closer): Promise<MigrateResult> {
  switch (dialectOf(url)) {
    case 'mysql':
      return (await import('../connectors/erp/dialects/mysql/install.ts')).migrateMysqlErp(url)
    case 'oracle':
      return (await import('../connectors/erp/dialects/oracle/install.ts')).migrateOracleErp(url)
    case 'postgres':
      return migrateErp(erpPool(url, closer))
  }
}

/** The same on PostgreSQL. @throws PonteError `erp.*`, `pg.*` */
export async function migrateErp(pool: pg.Pool): Promise<MigrateResult> {
  try {
    await refuseLetters(pool)
    return await migrate(pool, erpSchema, { takeOver: true })
  } catch (error) {
    throw erpError(error)
  }
}
