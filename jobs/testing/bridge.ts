/** A whole bridge for tests: real databases, real files, the real engine and client, the simulated CRM. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../../base/log/log.ts'
import { memoryQuota } from '../../connectors/crm/memory-quota.ts'
import { postgresQuota } from '../../connectors/crm/postgres-quota.ts'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import { type Dialect, openErp } from '../../connectors/erp/open.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { localEngine } from '../../engine/local/local-engine.ts'
import { Readers } from '../../engine/local/pull.ts'
import { type CrmSimulator, type CrmSimulatorSettings, startCrmSimulator } from '../../lab/simulators/crm/simulator.ts'
import { openLane } from '../../queue-dirs/lane.ts'
import { jobNamed, jobs, recordJobs } from '../catalogue.ts'
import type { Context } from '../context.ts'
import { type RunOptions, type RunReport, runJob } from '../run/run-job.ts'
import { type ErpSql, erpDatabase } from './erp-sql.ts'

const stateSchema = new URL('../../sql/state/', import.meta.url)
export const token = 'bridge-test-token'

export interface BridgeOptions {
  /** Of the ERP; default postgres. */
  readonly dialect?: Dialect
  readonly simulator?: Partial<Pick<CrmSimulatorSettings, 'quota' | 'seed' | 'options' | 'load'>>
  /** Our own limit; default none. `shared`: through the state database. */
  readonly quota?: { limit: number; windowMs: number; shared?: boolean }
  readonly settleMs?: number
  readonly leadsPerRun?: number
  readonly leaseMs?: number
  /**
   * Of child processes that are to be killed: whoever follows waits no longer than that. This process keeps a lease that a busy machine does
   * not take from it.
   */
  readonly childLeaseMs?: number
  readonly concurrency?: number
  readonly changedLimitPercent?: number
  readonly discardLimitPercent?: number
  readonly fullSyncMinPercent?: number
  readonly crmTimeoutMs?: number
  readonly salesEmailFallback?: string
  readonly backupRecipients?: readonly string[]
  readonly backupKeep?: number
  readonly shadow?: boolean
}

export interface Bridge {
  readonly context: Context
  /** Of an ERP on PostgreSQL. */
  readonly erp: pg.Pool
  /** The ERP on whatever dialect. */
  readonly sql: ErpSql
  readonly state: pg.Pool
  readonly simulator: CrmSimulator
  readonly folder: string
  readonly where: Whereabouts
  readonly logFile: string
  run(job: string, options?: RunOptions): Promise<RunReport>
  /** Detect, then the four delivery jobs: the way ERP -> CRM of records. */
  cycle(): Promise<RunReport[]>
  /** Every job that runs by schedule, once, in the order of the catalogue. */
  allJobs(): Promise<RunReport[]>
  close(): Promise<void>
}

/** What a process needs to take part: where everything is. Plain data, so that a test can hand it to a child. */
export interface Whereabouts {
  readonly erpUrl: string
  readonly stateUrl: string
  readonly crmUrl: string
  readonly folder: string
  readonly options: BridgeOptions
}

/** Reader threads take a second of CPU to start: the bridges of one process share them. */
let readers: Readers | undefined

/** The context of one process, real in every part. @param readers of a process that opens many; else it has its own */
export async function openContext(
  { erpUrl, stateUrl, crmUrl, folder, options }: Whereabouts,
  readers: number | Readers = 2,
): Promise<{ context: Context; close(): Promise<void> }> {
  const log = createLog({ name: 'bridge', level: 'debug', file: join(folder, 'ponte.log') })
  const state = new pg.Pool({ connectionString: stateUrl, max: 8 })
  state.on('error', () => {})
  const erp = await openErp({ url: erpUrl })
  const engine = await localEngine({ stateDir: folder, readers, memoryLimit: '1GB' })
  const { quota, leaseMs = 10_000 } = options
  const crm = spotter({
    baseUrl: crmUrl,
    token,
    quota: quota ? (quota.shared ? postgresQuota(state, { resource: 'crm', ...quota }) : memoryQuota(quota)) : null,
    backoff: { baseMs: 5, factor: 2, maxMs: 50 },
    timeoutMs: options.crmTimeoutMs ?? 5_000,
    listTimeoutMs: options.crmTimeoutMs ?? 80_000,
    breaker: { failures: 50, pauseMs: 50 },
    log,
  })
  const queue = { root: join(folder, 'queue'), leaseMs, heartbeatMs: leaseMs / 5 }
  const context: Context = {
    erp,
    crm,
    inboundCrm: crm,
    engine,
    state,
    lanes: { leads: await openLane({ ...queue, name: 'leads' }), contacts: await openLane({ ...queue, name: 'contacts' }) },
    log,
    options: {
      readers: 2,
      leaseMs,
      concurrency: options.concurrency ?? 4,
      settleMs: options.settleMs ?? 50,
      countryName: 'Brasil',
      leadsPerRun: options.leadsPerRun ?? 0,
      keepDays: 30,
      changedLimitPercent: options.changedLimitPercent ?? 30,
      discardLimitPercent: options.discardLimitPercent ?? 20,
      fullSyncMinPercent: options.fullSyncMinPercent ?? 50,
      productId: 10_001,
      salesEmailFallback: options.salesEmailFallback ?? null,
      reportsDir: join(folder, 'reports'),
      shadow: options.shadow ?? false,
      stateDir: folder,
      version: 'test',
      backup: { dir: join(folder, 'backups'), recipients: options.backupRecipients ?? [], keep: options.backupKeep ?? 7 },
    },
  }
  return {
    context,
    async close() {
      await crm.close()
      await engine.close()
      await erp.close()
      await state.end()
    },
  }
}

/** Of this process beside children with short ones. A dead child's letters are taken back after as long. */
const besideChildrenMs = 3_000

export async function openBridge({ childLeaseMs, ...options }: BridgeOptions = {}): Promise<Bridge> {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-bridge-'))
  const [erp, stateDatabase] = await Promise.all([erpDatabase(options.dialect ?? 'postgres'), testDatabase({ migrate: [stateSchema] })])
  const simulator = await startCrmSimulator({ dataDir: join(folder, 'crm'), token, quota: null, ...options.simulator })
  const where: Whereabouts = {
    erpUrl: erp.url,
    stateUrl: stateDatabase.url,
    crmUrl: simulator.url,
    folder,
    options: { ...options, ...(childLeaseMs ? { leaseMs: childLeaseMs } : {}), simulator: {} },
  }
  readers ??= new Readers(2)
  const own = childLeaseMs ? { ...where, options: { ...options, leaseMs: besideChildrenMs } } : where
  const { context, close } = await openContext(own, readers)
  const run = (job: string, runOptions: RunOptions = {}) => runJob(context, jobNamed(job), runOptions)
  return {
    context,
    get erp() {
      if (erp.pool === null) throw new Error('the ERP of this test is not on PostgreSQL: use `sql`')
      return erp.pool
    },
    sql: erp.sql,
    state: stateDatabase.pool,
    simulator,
    folder,
    where,
    logFile: join(folder, 'ponte.log'),
    run,
    async cycle() {
      const reports: RunReport[] = []
      for (const job of recordJobs) reports.push(await run(job.name))
      return reports
    },
    async allJobs() {
      const reports: RunReport[] = []
      for (const job of jobs) if (!job.manual) reports.push(await run(job.name))
      return reports
    },
    async close() {
      await close()
      await simulator.close()
      await erp.drop()
      await stateDatabase.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
