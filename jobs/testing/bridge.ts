/** A whole bridge for tests: real PostgreSQL databases, real files, the real engine and client, the simulated CRM. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { createLog } from '../../base/log.ts'
import { memoryQuota } from '../../connectors/crm/memory-quota.ts'
import { postgresQuota } from '../../connectors/crm/postgres-quota.ts'
import { spotter } from '../../connectors/crm/spotter.ts'
import { postgresErp } from '../../connectors/erp/postgres.ts'
import { testDatabase } from '../../connectors/erp/testing.ts'
import { localEngine } from '../../engine/local/local-engine.ts'
import { openLane } from '../../queue-dirs/lane.ts'
import { type CrmSimulator, type CrmSimulatorSettings, startCrmSimulator } from '../../simulators/crm/simulator.ts'
import { jobNamed, jobs } from '../catalogue.ts'
import type { Context } from '../context.ts'
import { type RunOptions, type RunReport, runJob } from '../run-job.ts'

const schemas = { erp: new URL('../../sql/postgres/', import.meta.url), state: new URL('../../sql/state/', import.meta.url) }
export const token = 'bridge-test-token'

export interface BridgeOptions {
  readonly simulator?: Partial<Pick<CrmSimulatorSettings, 'quota' | 'seed' | 'options' | 'load'>>
  /** Our own limit; default none. `shared`: through the state database. */
  readonly quota?: { limit: number; windowMs: number; shared?: boolean }
  readonly settleMs?: number
  readonly leadsPerRun?: number
  readonly concurrency?: number
}

export interface Bridge {
  readonly context: Context
  readonly erp: pg.Pool
  readonly state: pg.Pool
  readonly simulator: CrmSimulator
  readonly folder: string
  readonly urls: { erp: string; state: string; crm: string }
  readonly logFile: string
  run(job: string, options?: RunOptions): Promise<RunReport>
  /** Detect, then the four delivery jobs. */
  cycle(): Promise<RunReport[]>
  close(): Promise<void>
}

export async function openBridge(options: BridgeOptions = {}): Promise<Bridge> {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-bridge-'))
  const [erpDatabase, stateDatabase] = await Promise.all([
    testDatabase({ migrate: [schemas.erp] }),
    testDatabase({ migrate: [schemas.state] }),
  ])
  const simulator = await startCrmSimulator({ dataDir: join(folder, 'crm'), token, quota: null, ...options.simulator })
  const logFile = join(folder, 'ponte.log')
  const log = createLog({ name: 'bridge', level: 'debug', file: logFile })
  const erp = postgresErp({ url: erpDatabase.url })
  const engine = await localEngine({ stateDir: folder, readers: 2, memoryLimit: '1GB' })
  const quota = options.quota
  const crm = spotter({
    baseUrl: simulator.url,
    token,
    quota: quota ? (quota.shared ? postgresQuota(stateDatabase.pool, { resource: 'crm', ...quota }) : memoryQuota(quota)) : null,
    backoff: { baseMs: 5, factor: 2, maxMs: 50 },
    timeoutMs: 5_000,
    breaker: { failures: 50, pauseMs: 50 },
    log,
  })
  const context: Context = {
    erp,
    crm,
    engine,
    state: stateDatabase.pool,
    lanes: {
      leads: await openLane({ root: join(folder, 'queue'), name: 'leads' }),
      contacts: await openLane({ root: join(folder, 'queue'), name: 'contacts' }),
    },
    log,
    options: {
      readers: 2,
      concurrency: options.concurrency ?? 4,
      settleMs: options.settleMs ?? 50,
      countryName: 'Brasil',
      leadsPerRun: options.leadsPerRun ?? 0,
    },
  }
  const run = (job: string, runOptions: RunOptions = {}) => runJob(context, jobNamed(job), runOptions)
  return {
    context,
    erp: erpDatabase.pool,
    state: stateDatabase.pool,
    simulator,
    folder,
    urls: { erp: erpDatabase.url, state: stateDatabase.url, crm: simulator.url },
    logFile,
    run,
    async cycle() {
      const reports: RunReport[] = []
      for (const job of jobs) reports.push(await run(job.name))
      return reports
    },
    async close() {
      await crm.close()
      await engine.close()
      await erp.close()
      await simulator.close()
      await erpDatabase.drop()
      await stateDatabase.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
