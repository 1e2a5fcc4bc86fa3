/** The seam between dialects: the right connector for the ERP's URL. */
import { PonteError } from '../../base/error.ts'
import type { Erp } from './erp.ts'
import { type Server, whoAnswers } from './who-answers.ts'

export interface OpenErpOptions {
  /** Its scheme is the dialect. May hold a password: never log it. */
  readonly url: string
  readonly maxConnections?: number
  /** Told, in a sentence without personal data, when the ERP is read with less than was asked for. */
  readonly warn?: (text: string) => void
}

export type Dialect = Erp['dialect']

const schemes: Readonly<Record<string, Dialect>> = {
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  oracle: 'oracle',
}

/** @throws PonteError `erp.bad_url` */
export function dialectOf(url: string): Dialect {
  const dialect = schemes[url.slice(0, Math.max(0, url.indexOf('://'))).toLowerCase()]
  if (dialect !== undefined) return dialect
  throw new PonteError('erp.bad_url', 'the URL of the ERP database is none of postgres://, mysql:// and oracle://', {
    hint: 'set DATABASE_URL for PostgreSQL, MYSQL_URL for MySQL and MariaDB, or ORACLE_URL',
    exitCode: 2,
  })
}

/**
 * Opens no connection until something is asked. Only the driver that is needed is loaded. `ping` of it also throws `erp.other_server`, when
 * the address leads to another kind of server.
 * @throws PonteError `erp.bad_url`
 */
export async function openErp(options: OpenErpOptions): Promise<Erp> {
  const erp = await connector(options)
  return { ...erp, ping: () => erp.ping().catch(async (error) => Promise.reject(await otherServer(erp.dialect, options.url, error))) }
}

async function connector({ url, maxConnections, warn }: OpenErpOptions): Promise<Erp> {
  const pool = maxConnections === undefined ? {} : { maxConnections }
  const dialect = dialectOf(url)
  if (dialect === 'oracle') {
    const { oracleErp } = await import('./dialects/oracle/erp.ts')
    return oracleErp({ url, ...pool }, warn)
  }
  if (dialect === 'mysql') {
    const { mysqlErp } = await import('./dialects/mysql/erp.ts')
    return mysqlErp({ url, ...pool, ...(warn === undefined ? {} : { warn }) })
  }
  const { postgresErp } = await import('./dialects/postgres/erp.ts')
  return postgresErp({ url, ...pool })
}

const servers = { postgres: 'PostgreSQL', mysql: 'MySQL or MariaDB', oracle: 'Oracle' } as const satisfies Record<Dialect, Server>
const ports = { postgres: 5432, mysql: 3306, oracle: 1521 } as const

/** The error itself, or who answers instead. */
async function otherServer(dialect: Dialect, url: string, error: unknown): Promise<unknown> {
  if (!(error instanceof PonteError) || error.code !== 'erp.unreachable' || !URL.canParse(url)) return error
  const { hostname, port } = new URL(url)
  const there = await whoAnswers(hostname.replace(/^\[|\]$/g, ''), Number(port || ports[dialect]))
  if (there === null || there === servers[dialect]) return error
  return new PonteError('erp.other_server', `at the address of the ERP database answers ${there}, not ${servers[dialect]}`, {
    hint: 'set ERP_DIALECT (postgres, mysql or oracle) beside DB_*, or correct host and port',
    cause: error,
    exitCode: 2,
  })
}
