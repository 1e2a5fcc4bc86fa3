/** CoreIntegrator as it runs, for tests: a real MariaDB, the real service on a port, the simulated CRM. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pool } from 'mysql2/promise'
import { createLog } from '../../base/log.ts'
import { change, openDatabase, rowsOf } from '../../connectors/coreintegrator/database.ts'
import { findMariadb, type PrivateMariadb, startPrivateMariadb } from '../../connectors/coreintegrator/private-mariadb.ts'
import type { LogRow } from '../../connectors/coreintegrator/types.ts'
import { readCoreIntegratorSettings } from '../../deploy/coreintegrator-env.ts'
import type { FaultsInput } from '../../simulators/coreintegrator-crm/faults.ts'
import { type CustomerCrmSimulator, startCustomerCrm } from '../../simulators/coreintegrator-crm/simulator.ts'
import { createCloser } from '../closer.ts'
import { startCoreIntegrator } from '../coreintegrator-service.ts'

/** False: the caller registers no tests; the line says why. */
export function hasMariadb(suite: string): boolean {
  if (findMariadb() !== null) return true
  console.log(`LEFT OUT: ${suite} (needs MariaDB: apt-get install mariadb-server)`)
  return false
}

export interface TestMariadb extends PrivateMariadb {
  readonly folder: string
  readonly pool: Pool
  /** No table of CoreIntegrator is left. */
  empty(): Promise<void>
  remove(): Promise<void>
}

export async function openTestMariadb(): Promise<TestMariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-coreintegrator-'))
  const server = await startPrivateMariadb(folder)
  const pool = openDatabase(server.settings)
  return {
    ...server,
    folder,
    pool,
    async empty() {
      await pool.query('drop table if exists erp_customers, sync_logs, sync_outbox')
    },
    async remove() {
      await pool.end()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Service {
  readonly url: string
  readonly logFile: string
  sync(): Promise<{ status: number; body: { message?: string; error?: string; total?: number; success?: number; failed?: number } }>
  logs(query?: string): Promise<LogRow[]>
  get(path: string): Promise<{ status: number; body: unknown }>
  close(): Promise<void>
}

/** Environment of a service on this server: quick pauses, a cron that does not come by itself. */
export function environment(mariadb: PrivateMariadb, crmUrl: string): Record<string, string> {
  const { host, port, user, password, name } = mariadb.settings
  return {
    ...{ DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: name },
    ...{ CRM_URL: crmUrl, PORT: '0', RETRY_BASE_MS: '5', SYNC_CRON: '0 0 1 1 *', DB_WAIT_SECONDS: '5' },
  }
}

let logs = 0

export async function startService(mariadb: TestMariadb, crmUrl: string, env: Record<string, string> = {}): Promise<Service> {
  const closer = createCloser()
  const stop = new AbortController()
  const logFile = join(mariadb.folder, `service-${++logs}.log`)
  const log = createLog({ level: 'trace', name: 'coreintegrator', file: logFile })
  const settings = readCoreIntegratorSettings({ ...environment(mariadb, crmUrl), ...env })
  const url = await startCoreIntegrator(settings, { log, closer, signal: stop.signal })
  const get = async (path: string) => {
    const answer = await fetch(`${url}${path}`)
    return { status: answer.status, body: (await answer.json()) as unknown }
  }
  return {
    url,
    logFile,
    get,
    logs: async (query = '') => (await get(`/logs${query}`)).body as LogRow[],
    async sync() {
      const answer = await fetch(`${url}/sync`, { method: 'POST' })
      return { status: answer.status, body: (await answer.json()) as never }
    },
    async close() {
      stop.abort()
      await closer.close()
    },
  }
}

export interface Stack {
  readonly mariadb: TestMariadb
  readonly crm: CustomerCrmSimulator
  readonly service: Service
}

/** A fresh database, CRM and service, ended whatever happens. */
export async function withStack(
  mariadb: TestMariadb,
  options: { faults?: FaultsInput; random?: () => number; env?: Record<string, string> },
  work: (stack: Stack) => Promise<void>,
): Promise<void> {
  await mariadb.empty()
  const crm = await startCustomerCrm({
    ...(options.faults && { faults: options.faults }),
    ...(options.random && { random: options.random }),
  })
  const service = await startService(mariadb, crm.url, options.env)
  try {
    await work({ mariadb, crm, service })
  } finally {
    await service.close()
    await crm.close()
  }
}

export function insertCustomer({ pool }: TestMariadb, id: number | null, name: string | null, phone: string | null): Promise<number> {
  return change(pool, 'insert into erp_customers (cust_id, cust_name, phone_no) values (?, ?, ?)', [id, name, phone])
}

/** The same for many, as customers 1000, 1001 and so on. */
export async function insertMany({ pool }: TestMariadb, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => [1_000 + i, `Customer ${i}`, String(9_000_000_000 + i)])
  await pool.query('insert into erp_customers (cust_id, cust_name, phone_no) values ?', [rows])
}

export async function unsynced({ pool }: TestMariadb): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(pool, 'select count(*) as n from erp_customers where synced is not true')
  return Number(row!.n)
}

/** Customers with their number of SUCCESS rows, where that is not one. */
export async function wronglyLogged({ pool }: TestMariadb): Promise<unknown[]> {
  return rowsOf(
    pool,
    `select c.id, count(l.id) as n from erp_customers c left join sync_logs l on l.erp_id = c.id and l.status = 'SUCCESS'
      group by c.id having n <> 1`,
  )
}
