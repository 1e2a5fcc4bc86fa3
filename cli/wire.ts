/** Builds what a command needs from the settings, in one place, and takes it down in reverse order. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Logger } from 'pino'
import { createLog } from '../base/log.ts'
import { postgresQuota } from '../connectors/crm/postgres-quota.ts'
import { defaultBackoff } from '../connectors/crm/retry.ts'
import { spotter } from '../connectors/crm/spotter.ts'
import type { Spotter } from '../connectors/crm/types.ts'
import { startEmbedded } from '../connectors/erp/embedded.ts'
import { postgresErp } from '../connectors/erp/postgres.ts'
import { migrate } from '../connectors/pg/migrate.ts'
import { openState } from '../connectors/state/pool.ts'
import { needCrm, type Settings } from '../deploy/env.ts'
import { localEngine } from '../engine/local/local-engine.ts'
import type { Context } from '../jobs/context.ts'
import { openLane } from '../queue-dirs/lane.ts'

/** How long a job and its letters stay with a process that was killed. */
const leaseMs = 10_000

export const erpSchema = new URL('../sql/postgres/', import.meta.url)

/** Collects what must be closed; closes it in reverse order, and all of it even when one fails. */
export interface Closer {
  add(close: () => Promise<unknown>): void
  close(): Promise<void>
}

export function createCloser(): Closer {
  const closes: (() => Promise<unknown>)[] = []
  return {
    add: (close) => void closes.push(close),
    async close() {
      const errors: unknown[] = []
      while (closes.length > 0) await closes.pop()!().catch((error) => errors.push(error))
      if (errors.length > 0) throw errors[0]
    },
  }
}

export interface Databases {
  readonly erpUrl: string
  readonly stateUrl: string
  /** True when the ERP is Ponte's own embedded one: it is installed and upgraded without asking. */
  readonly embeddedErp: boolean
}

/** Where the databases are; starts (or joins) the embedded server when one of them is not configured. */
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

/** A pool on the ERP for commands that install or load it. */
export function erpPool(url: string, closer: Closer): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 10_000, application_name: 'ponte' })
  pool.on('error', () => {})
  closer.add(() => pool.end())
  return pool
}

export function commandLog(settings: Settings): Logger {
  return createLog({ level: settings.logLevel, name: 'ponte', ...(settings.logFile === null ? {} : { file: settings.logFile }) })
}

/** Everything a job needs. The CRM's address is asked for only when something is sent to it. */
export async function wire(settings: Settings, closer: Closer): Promise<Context & { databases: Databases }> {
  const log = commandLog(settings)
  const databases = await openDatabases(settings, closer)
  if (databases.embeddedErp) {
    const pool = erpPool(databases.erpUrl, closer)
    await migrate(pool, erpSchema)
  }
  const state = await openState(databases.stateUrl)
  closer.add(() => state.end())
  const erp = postgresErp({ url: databases.erpUrl, maxConnections: settings.crmLimits.concurrency + 2 })
  closer.add(() => erp.close())
  await erp.ping()

  const readers = settings.engine.readers ?? Math.min(4, cpus().length)
  const engine = await localEngine({
    stateDir: settings.stateDir,
    readers,
    memoryLimit: settings.engine.memory,
    ...(settings.engine.threads === undefined ? {} : { threads: settings.engine.threads }),
  })
  closer.add(() => engine.close())
  const lanes = {
    leads: await openLane({ root: settings.queueRoot, name: 'leads', leaseMs, heartbeatMs: leaseMs / 5 }),
    contacts: await openLane({ root: settings.queueRoot, name: 'contacts', leaseMs, heartbeatMs: leaseMs / 5 }),
  }

  let client: Spotter | null = null
  closer.add(async () => client?.close())
  return {
    databases,
    erp,
    state,
    engine,
    lanes,
    log,
    get crm() {
      client ??= openCrm(settings, state, log)
      return client
    },
    options: {
      readers,
      leaseMs,
      concurrency: settings.crmLimits.concurrency,
      settleMs: settings.crmLimits.settleMs,
      countryName: settings.countryName,
      leadsPerRun: settings.leadsPerRun,
    },
  }
}

export function openCrm(settings: Settings, state: pg.Pool, log: Logger): Spotter {
  const { url, token } = needCrm(settings)
  const { limit, windowMs, concurrency, timeoutMs, backoffMs } = settings.crmLimits
  return spotter({
    baseUrl: url,
    token,
    quota: limit === 0 ? null : postgresQuota(state, { resource: new URL(url).host, limit, windowMs }),
    concurrency,
    timeoutMs,
    backoff: { ...defaultBackoff, baseMs: backoffMs },
    log,
  })
}
