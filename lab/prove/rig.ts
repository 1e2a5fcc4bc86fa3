/** An installation whose every part is a process of its own: simulated CRM, API, workers; ERP and state are real databases. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Effect } from '../simulators/crm/state/model.ts'
import type { ExperimentContext } from './experiment.ts'
import { type Ended, type Environment, freePort, type Program, start, until } from './programs.ts'

export interface Rig {
  readonly queue: string
  readonly stateDir: string
  readonly env: Environment
  readonly erp: pg.Pool
  readonly state: pg.Pool
  readonly apiUrl: string
  /** Of webhooks; and what signs them. */
  readonly token: string
  readonly secret: string
  /** Runs a command to its end. */
  ponte(args: readonly string[], env?: Environment): Promise<Ended>
  /** Starts a service; resolves when it says that it serves. */
  api(env?: Environment): Promise<Program>
  worker(env?: Environment): Promise<Program>
  /** The simulated CRM's control. @throws when it refuses */
  // biome-ignore lint/suspicious/noExplicitAny: its answers have many forms
  control(method: string, path: string, body?: unknown): Promise<any>
  /** Webhooks go to the API from now on, again and again until they are taken. */
  webhooks(further?: object): Promise<void>
  /** What the CRM's log says, read from its file. */
  effects(): Effect[]
  /** Resolves when each of the ticking jobs has begun and ended so many runs from now; false when the time is over. */
  rounds(count: number, seconds?: number): Promise<boolean>
  /** Files that wait, are held or half written in the queue; events that no job here takes, and signs of life, apart. */
  leftovers(): string[]
  /** Letters in a folder of both lanes, of this queue or another. */
  letters(folder: string, queue?: string): string[]
  /** Orderly end of API and workers. */
  stop(): Promise<void>
}

export interface RigOptions {
  readonly env?: Environment
  /** On a disk of the experiment's own. */
  readonly queue?: string
  /** Only compares and deliveries run: events that come in stay where they can be counted. */
  readonly isOutward?: boolean
  readonly erpUrl?: string
  /** What the CRM is reached by; default as it says itself. */
  readonly crmUrl?: (own: string) => string
  /** Puts a program before the simulated CRM: ip netns exec... */
  readonly crmPrefix?: readonly string[]
  readonly crmHost?: string
  readonly crmFlags?: readonly string[]
}

const everyTwoSeconds = '*/2 * * * * *'
const crmToken = 'token-of-the-laboratory'
const outward = [
  'job_execute_spark',
  'job_insert_leads_in_spotter',
  'job_update_leads_in_spotter',
  'job_insert_contacts_in_spotter',
  'job_update_contacts_in_spotter',
]
const inward = ['job_update_leads_in_erp', 'job_update_converted_lead_in_erp', 'job_update_contact_in_erp']
const silent = [
  'job_orca_lead_in_spotter',
  'job_vende_lead_in_spotter',
  'job_descarta_lead',
  'job_validade_full',
  'backup_postgresql',
  'purge',
]
const schedule = (jobs: readonly string[], when: string) => Object.fromEntries(jobs.map((job) => [`SCHEDULE_${job.toUpperCase()}`, when]))
/** Of an API that takes webhooks in and leaves them where they can be counted. */
export const takesInOnly: Environment = { API_URL: undefined, API_TOKEN: undefined }

/** Everything is there, and the simulated CRM runs; API and workers are started by the experiment. */
export async function openRig(context: ExperimentContext, options: RigOptions = {}): Promise<Rig> {
  const { folder, main } = context
  const queue = options.queue ?? join(folder, 'queue')
  const stateDir = join(folder, 'state')
  mkdirSync(stateDir, { recursive: true, mode: 0o750 })
  const databases = await context.cluster.pair()
  const erpUrl = options.erpUrl ?? databases.erp
  const pools = [erpUrl, databases.state].map((connectionString) => new pg.Pool({ connectionString, max: 4 }))
  const [erp, state] = pools as [pg.Pool, pg.Pool]
  for (const pool of pools) {
    // An experiment may end the server under them.
    pool.on('error', () => {})
    context.onEnd(() => pool.end())
  }

  const crmFolder = join(folder, 'crm')
  const crmArgs = ['simulator', 'crm', '--port', '0', '--limit', '0', '--token', crmToken, '--data', crmFolder, '--json']
  const [program, ...before] = [...(options.crmPrefix ?? []), process.execPath]
  const more = [...(options.crmHost ? ['--host', options.crmHost] : []), ...(options.crmFlags ?? [])]
  const crm = start(program!, [...before, main, ...crmArgs, ...more])
  context.onEnd(() => crm.kill())
  const { url, controlUrl } = await crm.document()

  const [token, secret] = [`webhook-${randomBytes(16).toString('hex')}`, `whsec_${randomBytes(32).toString('base64')}`]
  const port = await freePort()
  const env: Environment = {
    ...{ DATABASE_URL: erpUrl, STATE_DATABASE_URL: databases.state, QUEUE_ROOT: queue, STATE_DIR: stateDir },
    ...{ API_URL: options.crmUrl?.(url) ?? url, API_TOKEN: crmToken, CRM_RATE_LIMIT: '0', CRM_CONCURRENCY: '4' },
    ...{ CRM_BACKOFF_MS: '50', CRM_SETTLE_MS: '500', CRM_TIMEOUT_MS: '5000', JOB_RETRY_MS: '500' },
    ...{ ENGINE_READERS: '1', ENGINE_THREADS: '1', ENGINE_MEMORY: '512MB', DISCARD_LIMIT_PERCENT: '100' },
    ...{ PORT: String(port), PONTE_TOKENS: `lab:webhook:${token}`, WEBHOOK_SECRETS: secret },
    ...schedule(silent, 'off'),
    ...schedule(inward, options.isOutward ? 'off' : everyTwoSeconds),
    ...schedule(outward, everyTwoSeconds),
    ...options.env,
  }
  const ticking = options.isOutward ? outward : [...outward, ...inward]
  const services: Program[] = []
  const serve = async (name: string, further?: Environment) => {
    const service = start(process.execPath, [main, name, '--json'], { ...env, ...further })
    services.push(service)
    context.onEnd(() => service.kill())
    await service.document()
    return service
  }
  const control: Rig['control'] = async (method, path, body) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(new URL(path, controlUrl), { method, ...sent })
    if (!answer.ok) throw new Error(`the simulated CRM refuses ${method} ${path}: ${await answer.text()}`)
    return answer.json()
  }
  const apiUrl = `http://127.0.0.1:${port}`
  const files = (root: string, ...names: string[]) =>
    ['leads', 'contacts'].flatMap((lane) =>
      names.flatMap((name) => filesIn(join(root, lane, name)).map((file) => `${lane}/${name}/${file}`)),
    )
  return {
    ...{ queue, stateDir, env, erp, state, apiUrl, token, secret, control },
    ponte: (args, further) => start(process.execPath, [main, ...args], { ...env, ...further }).ended,
    api: (further) => serve('api', further),
    worker: (further) => serve('worker', further),
    webhooks: async (further = {}) =>
      void (await control('PUT', 'webhooks', { baseUrl: apiUrl, token, secrets: [secret], attempts: 100, maxMs: 1_000, ...further })),
    effects: () => readEffects(join(crmFolder, 'effects.ndjson')),
    async rounds(count, seconds = 60) {
      const { rows } = await state.query<{ now: Date }>('select clock_timestamp() as now')
      return until(seconds, async () => {
        const ended = await state.query<{ job: string }>(
          'select job from runs where started_at > $1 and ended_at is not null and job = any($2) group by job having count(*) >= $3',
          [rows[0]!.now, ticking, count],
        )
        return ended.rows.length === ticking.length
      })
    },
    leftovers: () =>
      files(queue, 'processar', 'processando', '.tmp').filter((file) => {
        if (file.endsWith('/.heartbeat')) return false
        return !(options.isOutward && file.includes('/processar/update_leads_in_erp'))
      }),
    letters: (name, root = queue) => files(root, name).filter((file) => file.endsWith('.json') && !file.endsWith('.error.json')),
    async stop() {
      // One that an experiment stopped would not hear of it.
      for (const { child } of services) child.kill('SIGCONT')
      await Promise.all(services.splice(0).map((service) => service.kill('SIGTERM')))
    },
  }
}

/** Whole lines only: the last one may be being written. */
function readEffects(file: string): Effect[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Effect)
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath.slice(folder.length)}/${entry.name}`.slice(1))
}
