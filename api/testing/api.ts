/** A whole API for tests: the real app on real databases, real files and the real CRM client against the simulated CRM. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../../base/log/log.ts'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import { postgresErp } from '../../connectors/erp/dialects/postgres/erp.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { figureSources } from '../../jobs/watch/figures.ts'
import { createMetrics } from '../../jobs/watch/metrics.ts'
import { type CrmSimulator, type CrmSimulatorSettings, startCrmSimulator } from '../../lab/simulators/crm/simulator.ts'
import { openLane } from '../../queue-dirs/lane.ts'
import { createApp } from '../app.ts'
import type { ApiDeps, ApiSettings, Scope } from '../deps.ts'
import { checkDocumented } from './documented.ts'

const schemas = { erp: new URL('../../sql/postgres/', import.meta.url), state: new URL('../../sql/state/', import.meta.url) }
const crmToken = 'crm-token-for-tests'
export const tokens: Readonly<Record<Scope, string>> = {
  webhook: 'token-that-delivers',
  read: 'token-that-looks',
  operate: 'token-that-acts',
}

export interface ApiOptions {
  readonly settings?: Partial<ApiSettings>
  readonly metricsAddresses?: readonly string[]
  readonly simulator?: Partial<Pick<CrmSimulatorSettings, 'quota' | 'seed' | 'options'>>
}

export interface Ask {
  /** Default `operate`; null: none. */
  readonly as?: Scope | null
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined when it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers whose form is what it tests
  readonly json: any
}

export interface TestApi {
  readonly app: ReturnType<typeof createApp>
  readonly deps: ApiDeps
  readonly erp: pg.Pool
  readonly state: pg.Pool
  readonly simulator: CrmSimulator
  /** QUEUE_ROOT. */
  readonly queue: string
  readonly logFile: string
  /** Jobs that were woken, in order. */
  readonly woken: string[]
  /** Asks the app; fails the test when a documented route answers what its document does not say. */
  ask(method: string, path: string, ask?: Ask): Promise<Answer>
  /** Another process on the same databases and folders, as after a restart. */
  another(): ReturnType<typeof createApp>
  close(): Promise<void>
}

export async function openApi(options: ApiOptions = {}): Promise<TestApi> {
  const folder = mkdtempSync(join(tmpdir(), 'ponte-api-'))
  const [erpDatabase, stateDatabase] = await Promise.all([
    testDatabase({ migrate: [schemas.erp] }),
    testDatabase({ migrate: [schemas.state] }),
  ])
  const simulator = await startCrmSimulator({ dataDir: join(folder, 'crm'), token: crmToken, quota: null, ...options.simulator })
  const logFile = join(folder, 'ponte.log')
  const log = createLog({ name: 'api', level: 'debug', file: logFile })
  const state = new pg.Pool({ connectionString: stateDatabase.url, max: 8 })
  state.on('error', () => {})
  const woken: string[] = []
  const stopping = new AbortController()
  const queue = join(folder, 'queue')
  const lane = { root: queue, leaseMs: 10_000, heartbeatMs: 2_000, settleMs: 0 }
  const erp = postgresErp({ url: erpDatabase.url })
  const lanes = { leads: await openLane({ ...lane, name: 'leads' }), contacts: await openLane({ ...lane, name: 'contacts' }) }
  const sources = figureSources({ state, erp, lanes, log, machine: 'test', places: { queue } })
  const figures = createMetrics(sources, { version: 'test', process: 'test' })
  const deps: ApiDeps = {
    erp,
    crm: spotter({
      baseUrl: simulator.url,
      token: crmToken,
      quota: null,
      urgency: 'urgent',
      backoff: { baseMs: 5, factor: 2, maxMs: 20 },
      timeoutMs: 5_000,
      breaker: { failures: 1_000 },
      log,
    }),
    state,
    lanes,
    log,
    metrics: { figures, addresses: options.metricsAddresses ?? [] },
    wake: (job) => void woken.push(job),
    settings: { ...defaults(), ...options.settings },
    stopping: stopping.signal,
  }
  const app = createApp(deps)
  return {
    app,
    deps,
    erp: erpDatabase.pool,
    state: stateDatabase.pool,
    simulator,
    queue,
    logFile,
    woken,
    ask: (method, path, ask = {}) => request(app, method, path, ask),
    another: () => createApp(deps),
    async close() {
      stopping.abort()
      figures.close()
      // A test may have taken any of these away.
      await Promise.allSettled([deps.lanes.leads.close(), deps.lanes.contacts.close(), deps.crm.close(), deps.erp.close()])
      await Promise.allSettled([simulator.close(), state.end()])
      await erpDatabase.drop()
      await stateDatabase.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function request(app: TestApi['app'], method: string, path: string, { as = 'operate', json, form, headers }: Ask): Promise<Answer> {
  const body = json !== undefined ? JSON.stringify(json) : form !== undefined ? new URLSearchParams(form).toString() : undefined
  const type = json !== undefined ? 'application/json' : form !== undefined ? 'application/x-www-form-urlencoded' : undefined
  const response = await app.request(`http://ponte.test${path}`, {
    method,
    headers: {
      ...(as === null ? {} : { authorization: `Bearer ${tokens[as]}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  const answer = { status: response.status, headers: response.headers, text, json: parsed(text) }
  checkDocumented(app, method, path.replace(/\?.*/, ''), answer)
  return answer
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function defaults(): ApiSettings {
  return {
    tokens: (Object.keys(tokens) as Scope[]).map((scope) => ({
      name: scope,
      scope,
      sha256: createHash('sha256').update(tokens[scope]).digest('hex'),
    })),
    webhookSecrets: [],
    webhookPathSecrets: [],
    webhookAddresses: [],
    legacyDuplicateCodes: false,
    productId: 10001,
    qualification: [1, 2, 3].map((number) => ({ questionId: 100_000 + number, answerId: 200_000 + number })),
    qualificationPauseMs: 20,
    requestsPerMinute: 0,
    trustedProxies: [],
    pages: { zone: 'America/Sao_Paulo', session: { idleMs: 3_600_000, maxMs: 43_200_000 } },
  }
}
