/** CoreIntegrator as it runs, for tests: a real MariaDB, the real service on a port, the simulated CRM. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../base/log/log.ts'
import { change, type Database, type DatabaseSettings, openDatabase, rowsOf } from '../../connectors/coreintegrator/database.ts'
import type { LogRow } from '../../connectors/coreintegrator/types.ts'
import { testMariaDb } from '../../connectors/mysql/testing.ts'
import { readCoreIntegratorSettings } from '../../deploy/env/coreintegrator.ts'
import type { FaultsInput } from '../../lab/simulators/coreintegrator-crm/faults.ts'
import { type CustomerCrmSimulator, startCustomerCrm } from '../../lab/simulators/coreintegrator-crm/simulator.ts'
import { createCloser } from '../closer.ts'
import { startCoreIntegrator } from '../coreintegrator/coreintegrator-service.ts'

export interface TestErp {
  readonly settings: DatabaseSettings
  readonly pool: Database
  drop(): Promise<void>
}

/** A database of its own on the shared server, without tables. */
export async function testErp(): Promise<TestErp> {
  const database = await testMariaDb()
  const { hostname, port, username, password, pathname } = new URL(database.url)
  const settings = {
    ...{ host: hostname, port: Number(port), user: decodeURIComponent(username) },
    ...{ password: decodeURIComponent(password), name: pathname.slice(1) },
  }
  const pool = openDatabase(settings)
  return {
    settings,
    pool,
    async drop() {
      await pool.end()
      await database.drop()
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
export function environment(settings: DatabaseSettings, crmUrl: string): Record<string, string> {
  const { host, port, user, password, name } = settings
  return {
    ...{ DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: name },
    ...{ CRM_URL: crmUrl, PORT: '0', RETRY_BASE_MS: '5', SYNC_CRON: '0 0 1 1 *', DB_WAIT_SECONDS: '5' },
  }
}

export async function startService(database: DatabaseSettings, crmUrl: string, env: Record<string, string> = {}): Promise<Service> {
  const closer = createCloser()
  const stop = new AbortController()
  const folder = mkdtempSync(join(tmpdir(), 'ponte-coreintegrator-'))
  closer.add(async () => rmSync(folder, { recursive: true }))
  const logFile = join(folder, 'service.log')
  const log = createLog({ level: 'trace', name: 'coreintegrator', file: logFile })
  const settings = readCoreIntegratorSettings({ ...environment(database, crmUrl), ...env })
  const url = await startCoreIntegrator(settings, { log, closer, signal: stop.signal }).catch(async (error) => {
    await closer.close()
    throw error
  })
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
  readonly erp: TestErp
  readonly crm: CustomerCrmSimulator
  readonly service: Service
}

/** A fresh database, CRM and service, ended whatever happens. */
export async function withStack(
  options: {
    faults?: FaultsInput
    random?: () => number
    env?: Record<string, string>
    /** Before the service starts. */
    prepare?: (erp: TestErp) => Promise<void>
  },
  work: (stack: Stack) => Promise<void>,
): Promise<void> {
  const closer = createCloser()
  try {
    const erp = await testErp()
    closer.add(() => erp.drop())
    await options.prepare?.(erp)
    const { faults = {}, random = Math.random } = options
    const crm = await startCustomerCrm({ faults, random })
    closer.add(() => crm.close())
    const service = await startService(erp.settings, crm.url, options.env)
    closer.add(() => service.close())
    await work({ erp, crm, service })
  } finally {
    await closer.close()
  }
}

export function insertCustomer({ pool }: TestErp, id: number | null, name: string | null, phone: string | null): Promise<number> {
  return change(pool, 'insert into erp_customers (cust_id, cust_name, phone_no) values (?, ?, ?)', [id, name, phone])
}

/** The same for many, as customers 1000, 1001 and so on. */
export async function insertMany({ pool }: TestErp, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => [1_000 + i, `Customer ${i}`, String(9_000_000_000 + i)])
  await pool.query('insert into erp_customers (cust_id, cust_name, phone_no) values ?', [rows])
}

export async function unsynced({ pool }: TestErp): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(pool, 'select count(*) as n from erp_customers where synced is not true')
  return Number(row!.n)
}

/** Customers with their number of SUCCESS rows, where that is not one. */
export async function wronglyLogged({ pool }: TestErp): Promise<unknown[]> {
  return rowsOf(
    pool,
    `select c.id, count(l.id) as n from erp_customers c left join sync_logs l on l.erp_id = c.id and l.status = 'SUCCESS'
      group by c.id having n <> 1`,
  )
}
