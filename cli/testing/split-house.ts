/** An installation of which every part is a process of its own: the simulated CRM, the API, workers with schedules of seconds. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { Webhook } from 'standardwebhooks'
import { ulid } from 'ulid'
import { expect, vi } from 'vitest'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import type { Spotter } from '../../connectors/crm/spotter/types.ts'
import { testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { seedReference } from '../../jobs/testing/small-erp.ts'
import type { Effect } from '../../lab/simulators/crm/state/model.ts'
import { type Ask, asker } from '../../lab/simulators/crm/testing.ts'
import { lettersIn } from './house.ts'
import { compilePonte, type Environment, type Ponte, type Started } from './ponte.ts'

const schemas = { erp: new URL('../../sql/postgres/', import.meta.url), state: new URL('../../sql/state/', import.meta.url) }
export const patience = { timeout: 180_000, interval: 200 }
export const operator = 'operator-token-of-the-split-house'
export const webhookToken = 'webhook-token-of-the-split-house'
export const crmToken = 'crm-token-of-the-split-house'
const webhookSecret = `whsec_${Buffer.from('split-house-secret-of-32-bytes!!').toString('base64')}`

export interface SplitHouse {
  readonly ponte: Ponte
  readonly erp: pg.Pool
  readonly state: pg.Pool
  readonly queue: string
  readonly apiUrl: string
  /** Looks into the CRM, and is another program of its users. */
  readonly crm: Spotter
  /** What a user of the CRM does at its screen, and how it fails. */
  readonly crmUser: Ask
  effects(kind?: string): Promise<Effect[]>
  /** Other settings of its webhooks; where they go and how they are signed stays. */
  webhooks(further: object): Promise<void>
  /** A body, sent and signed as the CRM does. @returns the status of the answer */
  sendEvent(path: string, body: string): Promise<number>
  worker(): Promise<Started>
  /** By the name that the history of runs has for it. */
  workerNamed(name: string): Started
  /** As an operator, over HTTP. */
  operate(method: string, path: string, body?: object): Promise<{ status: number; json: Record<string, never> }>
  letters(lane: 'leads' | 'contacts', folder: string): string[]
  /** Resolves when each of these jobs has begun and ended so many runs from now. */
  rounds(count: number, jobs?: readonly string[]): Promise<void>
  log(): string
  close(): Promise<void>
}

const ticking = [
  'job_execute_spark',
  'job_insert_leads_in_spotter',
  'job_update_leads_in_spotter',
  'job_insert_contacts_in_spotter',
  'job_update_contacts_in_spotter',
  'job_update_leads_in_erp',
  'job_update_converted_lead_in_erp',
  'job_update_contact_in_erp',
  'job_descarta_lead',
  'job_orca_lead_in_spotter',
  'job_vende_lead_in_spotter',
]

export async function openSplitHouse(): Promise<SplitHouse> {
  const ponte = compilePonte()
  const folder = mkdtempSync(join(tmpdir(), 'ponte-split-'))
  mkdirSync(join(folder, 'state'), { mode: 0o750 })
  const [erp, state] = [await testDatabase({ migrate: [schemas.erp] }), await testDatabase({ migrate: [schemas.state] })]
  await seedReference(erp.pool)
  const document = async (started: Started) => JSON.parse(await started.shows('}\n'))
  const simulator = ponte.start([
    'simulator',
    'crm',
    '--port',
    '0',
    '--limit',
    '0',
    '--token',
    crmToken,
    '--data',
    join(folder, 'crm'),
    '--json',
  ])
  const { url: crmUrl, controlUrl } = await document(simulator)
  const env: Environment = {
    ...Object.fromEntries(ticking.map((job) => [`SCHEDULE_${job.toUpperCase()}`, '*/2 * * * * *'])),
    ...{ SCHEDULE_JOB_VALIDADE_FULL: 'off', SCHEDULE_BACKUP_POSTGRESQL: 'off', JOB_RETRY_MS: '500' },
    ...{ DATABASE_URL: erp.url, STATE_DATABASE_URL: state.url, QUEUE_ROOT: join(folder, 'queue'), STATE_DIR: join(folder, 'state') },
    ...{ API_URL: crmUrl, API_TOKEN: crmToken, CRM_RATE_LIMIT: '0', CRM_BACKOFF_MS: '10', CRM_SETTLE_MS: '100', CRM_CONCURRENCY: '2' },
    ...{ ENGINE_READERS: '1', ENGINE_THREADS: '1', ENGINE_MEMORY: '512MB', LOG_LEVEL: 'debug', LEADS_PER_RUN: '10' },
    ...{ DISCARD_LIMIT_PERCENT: '100', FULL_SYNC_MIN_PERCENT: '0', SALES_EMAIL_FALLBACK: 'sales@example.com' },
    ...{ PORT: '0', PONTE_TOKENS: `ops:operate:${operator},crm:webhook:${webhookToken}`, WEBHOOK_SECRETS: webhookSecret },
  }
  const api = ponte.start(['api', '--json'], env)
  const { url: apiUrl } = await document(api)
  const crmUser = asker(controlUrl)
  const webhooks = async (further: object) => {
    const { status } = await crmUser('PUT', 'webhooks', { baseUrl: apiUrl, token: webhookToken, secrets: [webhookSecret], ...further })
    expect(status).toBe(200)
  }
  await webhooks({})
  const workers: Started[] = []
  const crm = spotter({ baseUrl: crmUrl, token: crmToken, quota: null })
  return {
    ponte,
    erp: erp.pool,
    state: state.pool,
    queue: join(folder, 'queue'),
    apiUrl,
    crm,
    crmUser,
    webhooks,
    async sendEvent(path, body) {
      const [id, at] = [ulid(), new Date()]
      const headers = {
        authorization: `Bearer ${webhookToken}`,
        'content-type': 'application/json',
        ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)) },
        'webhook-signature': new Webhook(webhookSecret).sign(id, at, body),
      }
      return (await fetch(`${apiUrl}${path}`, { method: 'POST', headers, body })).status
    },
    async effects(kind) {
      const { json } = await crmUser('GET', `effects?by=api&limit=50000${kind === undefined ? '' : `&kind=${kind}`}`)
      return json.effects as Effect[]
    },
    async worker() {
      const worker = ponte.start(['worker', '--json'], env)
      workers.push(worker)
      await worker.shows('}\n')
      return worker
    },
    workerNamed: (name) => workers.find(({ child }) => name.endsWith(`:${child.pid}`))!,
    async operate(method, path, body) {
      const headers = { authorization: `Bearer ${operator}`, ...(body ? { 'content-type': 'application/json' } : {}) }
      const answer = await fetch(`${apiUrl}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
      return { status: answer.status, json: (await answer.json()) as Record<string, never> }
    },
    letters: (lane, name) => lettersIn(join(folder, 'queue', lane, name)),
    async rounds(count, jobs = ticking) {
      const { rows } = await state.pool.query<{ now: Date }>('select clock_timestamp() as now')
      await vi.waitFor(async () => {
        const ended = await state.pool.query<{ job: string; n: number }>(
          'select job, count(*)::int as n from runs where started_at > $1 and ended_at is not null group by job',
          [rows[0]!.now],
        )
        for (const job of jobs) expect(ended.rows.find((row) => row.job === job)?.n ?? 0, job).toBeGreaterThanOrEqual(count)
      }, patience)
    },
    log: () => readFileSync(join(folder, 'state', 'ponte.log'), 'utf8'),
    async close() {
      for (const { child } of [...workers, api, simulator]) child.kill('SIGKILL')
      await Promise.all([...workers, api, simulator].map(({ ended }) => ended))
      await crm.close()
      await erp.drop()
      await state.drop()
      rmSync(folder, { recursive: true, force: true })
      ponte.remove()
    },
  }
}
