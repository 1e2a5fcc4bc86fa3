/**
 * A whole installation of version 0.2.0, killed in the middle of its work, is upgraded as deploy/README.md says: what was under way there
 * ends here, each once, by the simulated CRM's own log; what was over is not begun anew. Its files and databases are as 0.2.0 itself left
 * them (testing/make-0-2-0.ts).
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { jobs } from '../../jobs/catalogue.ts'
import { type RunReport, runJob } from '../../jobs/run/run-job.ts'
import { openContext, token } from '../../jobs/testing/bridge.ts'
import { type CrmSimulator, startCrmSimulator } from '../../lab/simulators/crm/simulator.ts'
import about from '../testing/from-0-2-0/about.json' with { type: 'json' }
import { lettersIn, withDocument } from '../testing/house.ts'
import { compilePonte, type Environment, type Ponte } from '../testing/ponte.ts'

const left = (file: string) => fileURLToPath(new URL(`../testing/from-0-2-0/${file}`, import.meta.url))

let ponte: Ponte
let folder: string
let erp: TestDatabase
let state: TestDatabase
let simulator: CrmSimulator
let env: Environment
let work: Awaited<ReturnType<typeof openContext>>

async function restored(name: string): Promise<TestDatabase> {
  const database = await testDatabase()
  const client = await database.pool.connect()
  await client.query(gunzipSync(readFileSync(left(`${name}.sql.gz`))).toString())
  // A dump leaves its session without a search path.
  client.release(true)
  return database
}

beforeAll(async () => {
  ponte = compilePonte()
  folder = mkdtempSync(join(tmpdir(), 'ponte-upgrade-'))
  execFileSync('tar', ['-C', folder, '-xzf', left('files.tar.gz')])
  ;[erp, state] = await Promise.all([restored('erp'), restored('state')])
  // Budgets and orders lapse: they are as far from today as they were from that day.
  const age = `interval '${Math.round((Date.now() - Date.parse(about.made)) / 86_400_000)} days'`
  await erp.pool.query(`update budget_item set item_date = item_date + ${age}; update sales_order_item set item_date = item_date + ${age}`)
  simulator = await startCrmSimulator({ dataDir: join(folder, 'crm'), token, quota: null })
  // Whoever makes a lead twice has it twice.
  simulator.setPolicies({ duplicatePolicy: 'accept', uniqueClientCode: false })
  const home = join(folder, 'ponte')
  env = {
    ...{ DATABASE_URL: erp.url, STATE_DATABASE_URL: state.url, QUEUE_ROOT: join(home, 'queue'), STATE_DIR: home },
    ...{ API_URL: simulator.url, API_TOKEN: token, CRM_RATE_LIMIT: '0', ENGINE_READERS: '1', ENGINE_THREADS: '1', ENGINE_MEMORY: '512MB' },
  }
}, 120_000)
afterAll(async () => {
  await work?.close()
  await simulator?.close()
  await Promise.all([erp?.drop(), state?.drop()])
  ponte?.remove()
  rmSync(folder, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: a test looks into rows whose form it asks for itself
const rowsOf = async (database: TestDatabase, sql: string): Promise<any[]> => (await database.pool.query(sql)).rows
const sentSince = (seq: number) => simulator.effects({ by: 'api', since: seq })
type Effect = Awaited<ReturnType<typeof sentSince>>[number]

/** What each entity's changes do in the CRM. */
const kinds: Readonly<Record<string, string>> = {
  'leads.insert': 'leadAdded',
  'leads.update': 'leadUpdated',
  'contacts.insert': 'personAdded',
  'contacts.update': 'personUpdated',
  'leads.budget': 'productAdded',
}

interface Change {
  readonly entity: string
  readonly key: string
  readonly doubt: boolean
}
const queued = (): Promise<Change[]> =>
  rowsOf(state, "select entity, key, intent_at is not null as doubt from changes where status = 'queued' order by id")
let changes: Change[]

async function round(): Promise<Map<string, RunReport>> {
  const reports = new Map<string, RunReport>()
  for (const job of jobs) if (!job.manual) reports.set(job.name, await runJob(work.context, job, {}))
  expect([...reports.values()].filter(({ status }) => !['success', 'skipped'].includes(status))).toEqual([])
  return reports
}

test('ponte migrate brings both databases over, with everything in them, and doctor is content', async () => {
  changes = await queued()
  expect(changes).toHaveLength(30)
  // Of each kind one was done without an answer, and one was not.
  for (const entity of Object.keys(kinds)) expect(changes.filter((one) => one.entity === entity && one.doubt)).toHaveLength(2)

  const migrated = withDocument(await ponte(['migrate', '--json'], env))
  expect(migrated.document).toMatchObject({ ok: true, told: [] })
  expect(withDocument(await ponte(['migrate', '--json'], env)).document).toMatchObject({ ok: true, applied: [] })
  expect(await queued()).toEqual(changes)
  const { document } = withDocument(await ponte(['doctor', '--json'], env))
  expect(document.checks.filter(({ status }: { status: string }) => status === 'failed')).toEqual([])
}, 60_000)

test('N changes in, N effects: none doubled, none lost; besides, what 0.2.0 read wrongly is put right, once', async () => {
  const { length: sentBefore } = await sentSince(about.since)
  work = await openContext({ erpUrl: erp.url, stateUrl: state.url, crmUrl: simulator.url, folder: env.STATE_DIR!, options: {} })
  const compare = (await round()).get('job_execute_spark')!
  // Snapshots, index and what was held are gone on with; a CEP and a phone that 0.2.0 read wrongly differ now.
  expect(compare.counts).toMatchObject({ queued: 2, held: 1 })

  const made = new Map<string, number>()
  for (const { key, id } of await rowsOf(erp, "select client || '-' || code as key, id_crm::integer as id from branches"))
    made.set(`leads.insert ${key}`, id)
  for (const { key, id } of await rowsOf(erp, 'select code as key, id_crm::integer as id from contact'))
    made.set(`contacts.insert ${key}`, id)
  const isOf = (effect: Effect, { entity, key }: Change) =>
    effect.kind === kinds[entity] && effect.id === (made.get(`${entity} ${key}`) ?? Number.parseInt(key, 10))
  const sent = await sentSince(about.since)
  const times = changes.map((change) => ({ ...change, times: sent.filter((effect) => isOf(effect, change)).length }))
  expect(times.filter((one) => one.times !== 1)).toEqual([])
  for (const kind of ['leadAdded', 'personAdded']) {
    const keys = (await sentSince(0)).filter((effect) => effect.kind === kind).map(({ key }) => key)
    expect(new Set(keys).size, kind).toBe(keys.length)
  }
  // New leads bring their contacts with them; nothing else is new, and what was held is held.
  const unasked = sent.slice(sentBefore).filter((effect) => !changes.some((change) => isOf(effect, change)))
  expect(unasked.filter(({ kind }) => kind !== 'personAdded')).toMatchObject([
    { kind: 'leadUpdated', id: about.spelled.lead, body: { lead: { zipcode: '20040020' } } },
    { kind: 'personUpdated', id: about.spelled.person, body: { phone1: '1140020922' } },
  ])
  expect(await queued()).toEqual([])
  expect(letters('processar', 'processando', '.tmp')).toEqual([])
  expect(letters('falhas')).toHaveLength(2)
}, 120_000)

test('what users of the CRM had changed is in the ERP, the last of it', async () => {
  const edits = new Map<number, string>()
  for (const { id, kind, body } of await simulator.effects({ by: 'user', since: about.since }))
    if (kind === 'leadUpdated' && typeof (body as { phone1?: string }).phone1 === 'string')
      edits.set(id, (body as { phone1: string }).phone1)
  expect(edits.size).toBe(7)
  const phones = await erp.pool.query('select id_crm as id, phone from branches where id_crm = any($1)', [[...edits.keys()]])
  expect(new Map(phones.rows.map(({ id, phone }) => [Number(id), phone]))).toEqual(edits)
  expect(await rowsOf(erp, "select id_crm from contact where name = 'Pessoa ' || id_crm")).toHaveLength(2)
})

test('another round of all jobs sends nothing, and neither do refused letters whose change has been sent since', async () => {
  const { length } = await sentSince(0)
  const compare = (await round()).get('job_execute_spark')!
  expect(compare.counts).toMatchObject({ changed: 0, queued: 0, held: 0 })
  const requeued = withDocument(await ponte(['falhas', 'requeue', '--all', '--deliver', '--json'], env))
  expect(requeued.document).toMatchObject({ ok: true })
  expect(letters('falhas', 'processar', 'processando')).toEqual([])
  expect(await sentSince(0)).toHaveLength(length)
}, 120_000)

test('people and machines log in as before, and schedules go on: what was paused stays paused', async () => {
  const started = ponte.start(['up', '--json'], { ...env, PORT: '0', UI_PORT: '0', SCHEDULE_JOB_INSERT_LEADS_IN_SPOTTER: '* * * * * *' })
  const { url, pages } = JSON.parse(await started.shows('}\n')) as { url: string; pages: string }
  const login = await fetch(`${pages}/login`)
  const csrf = /name="csrf" value="([^"]+)"/.exec(await login.text())![1]!
  const answer = await fetch(`${pages}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: new URL(pages).origin, cookie: login.headers.getSetCookie()[0]!.split(';')[0]! },
    body: new URLSearchParams({ csrf, name: about.user, password: about.password }),
  })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/ui'])

  const as = (bearer: string, path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${bearer}` } })
  const paused = async () =>
    ((await (await as(about.readToken, '/jobs')).json()) as { name: string; paused: boolean }[])
      .filter((job) => job.paused)
      .map(({ name }) => name)
  expect(await paused()).toEqual(['job_validade_full'])
  const event = JSON.stringify({ Lead: { Id: Number(about.held), Stage: 'Desenvolvimento/Orçamento', Company: 'x' } })
  expect((await as(about.webhookToken, '/atualizalead', { method: 'POST', body: event })).status).toBe(200)
  const ticks = async () =>
    (
      await rowsOf(
        state,
        "select 1 from runs where job = 'job_insert_leads_in_spotter' and trigger = 'schedule' and status in ('success', 'skipped')",
      )
    ).length
  await expect.poll(ticks, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0)
  started.child.kill('SIGTERM')
  expect((await started.ended).code).toBe(0)
}, 120_000)

/** Letters of both lanes that lie in these folders. */
function letters(...places: string[]): string[] {
  return ['leads', 'contacts'].flatMap((lane) => places.flatMap((place) => lettersIn(join(env.QUEUE_ROOT!, lane, place))))
}
