/**
 * Makes cli/testing/from-0-2-0 again: a whole installation of version 0.2.0 that was killed in the middle of its work, as its own code
 * left it. Commands of 0.2.0 do everything; this file only plays the ERP's users, the CRM's users, and the one who kills.
 *
 *   npx tsx cli/testing/make-0-2-0.ts <folder of a built 0.2.0> <bin of a PostgreSQL 15 or newer, with pg_dump> [user who may run it]
 *
 *   erp.sql.gz, state.sql.gz   pg_dump of both databases      files.tar.gz   ponte/ (queue and snapshots), crm/ (the simulator's)
 *   about.json                 what a test must know and cannot find there
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import pg from 'pg'

const [old, bin, serverUser] = process.argv.slice(2)
if (!old || !bin) throw new Error('usage: make-0-2-0.ts <folder of a built 0.2.0> <bin of PostgreSQL> [user for its server]')
const into = new URL('from-0-2-0/', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'ponte-0-2-0-'))
chmodSync(folder, 0o755)
const home = join(folder, 'ponte')
const running = new Set<ChildProcess>()

/** Another user's id, where the server refuses to run as this one (root). */
const account = serverUser
  ? {
      uid: Number(execFileSync('id', ['-u', serverUser], { encoding: 'utf8' })),
      gid: Number(execFileSync('id', ['-g', serverUser], { encoding: 'utf8' })),
    }
  : {}

async function startServer(): Promise<(database: string) => string> {
  const data = join(folder, 'pg')
  mkdirSync(data, { mode: 0o700 })
  if (account.uid !== undefined) chownSync(data, account.uid, account.gid)
  const quiet = { ...account, cwd: data, stdio: 'ignore' as const }
  const init = ['-D', join(data, 'data'), '-U', 'ponte', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']
  execFileSync(join(bin!, 'initdb'), init, quiet)
  const flags = { port: '23151', unix_socket_directories: data, listen_addresses: '127.0.0.1', fsync: 'off' }
  const options = Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  running.add(spawn(join(bin!, 'postgres'), ['-D', join(data, 'data'), ...options], quiet))
  const url = (database: string) => `postgres://ponte@127.0.0.1:${flags.port}/${database}`
  const admin = await until('PostgreSQL answers', async () => {
    const client = new pg.Client({ connectionString: url('postgres') })
    return client.connect().then(
      () => client,
      () => null,
    )
  })
  for (const name of ['erp', 'state']) await admin.query(`create database ${name} template template0`)
  await admin.end()
  return url
}

async function until<T>(what: string, look: () => Promise<T | null | false> | T | null | false): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const seen = await look()
    if (seen) return seen
  }
  throw new Error(`not within a minute: ${what}`)
}

const crmPort = 23152
const apiPort = 23153
let env: Record<string, string> = {}

function start(args: readonly string[], more: Record<string, string> = {}, input = '') {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [join(old!, 'dist/cli/main.js'), ...args], { env: { PATH, HOME, ...env, ...more } })
  running.add(child)
  child.stdin.on('error', () => {}).end(input)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve)).finally(() => running.delete(child))
  return {
    ended,
    /** As nobody can prepare for. */
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    /** Its document, as soon as it stands there. */
    document: async (): Promise<Document> => {
      await until(`a document of ponte ${args.join(' ')}`, () => stdout.endsWith('}\n'))
      const document = JSON.parse(stdout)
      if (document.error) throw new Error(`ponte ${args.join(' ')}: ${stdout}${stderr}`)
      return document
    },
  }
}
// biome-ignore lint/suspicious/noExplicitAny: documents of many commands
type Document = any

async function ponte(args: readonly string[], more: Record<string, string> = {}, input = ''): Promise<Document> {
  const command = start([...args, '--json'], more, input)
  await command.ended
  return command.document()
}

/** Runs a job; says how it ended. */
async function run(job: string, more: Record<string, string> = {}): Promise<void> {
  const { status, counts } = await ponte(['run', job], more)
  const { detectors: _, ...numbers } = counts
  console.log(job, status, JSON.stringify(numbers))
}

const records = [
  ...['job_execute_spark', 'job_insert_leads_in_spotter', 'job_update_leads_in_spotter'],
  ...['job_insert_contacts_in_spotter', 'job_update_contacts_in_spotter'],
]
async function round(): Promise<void> {
  for (const job of records) await run(job)
  for (const job of ['job_update_leads_in_erp', 'job_update_converted_lead_in_erp', 'job_update_contact_in_erp']) await run(job)
}

/** The simulated CRM's control: its users, its faults, its log. */
async function crm(method: string, path: string, body?: unknown): Promise<Document> {
  const answer = await fetch(`http://127.0.0.1:${crmPort}/__control/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}
const lastSeq = async (): Promise<number> => (await crm('GET', '')).lastSeq

const files = (lane: string, place: string) =>
  readdirSync(join(home, 'queue', lane, place), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))

/** All webhooks of the CRM were answered. */
async function told(): Promise<void> {
  await crm('POST', 'webhooks/flush')
  console.log('webhooks', JSON.stringify(await crm('GET', 'webhooks')))
}

try {
  const url = await startServer()
  env = {
    ...{ DATABASE_URL: url('erp'), STATE_DATABASE_URL: url('state'), QUEUE_ROOT: join(home, 'queue'), STATE_DIR: home },
    ...{ API_URL: `http://127.0.0.1:${crmPort}/v3/`, API_TOKEN: 'demo', CRM_RATE_LIMIT: '0', CRM_BACKOFF_MS: '10', CRM_SETTLE_MS: '50' },
    ...{ ENGINE_READERS: '1', ENGINE_THREADS: '1', ENGINE_MEMORY: '512MB', LOG_FILE: join(folder, 'ponte.log'), CRM_CONCURRENCY: '2' },
  }
  const seeds = join(folder, 'seeds.ndjson')
  await ponte(['demo-data', '--branches', '30', '--seed', '4', '--today', '2026-12-01', '--crm-file', seeds])
  const erp = new pg.Pool({ connectionString: url('erp') })
  erp.on('error', () => {})

  // People and machines that log in; what a worker puts up; a job that somebody paused.
  const password = 'a password of version 0.2.0'
  await ponte(['users', 'add', 'ana', '--role', 'operator', '--password-stdin'], {}, `${password}\n`)
  const { token: webhookToken } = await ponte(['token', 'add', 'crm', '--scope', 'webhook'])
  const { token: readToken } = await ponte(['token', 'add', 'grafana', '--scope', 'read'])
  await ponte(['pause'])
  const worker = start(['worker', '--json'], { SCHEDULE_PURGE: '15 5 * * *' })
  await worker.document()
  await worker.kill()
  await ponte(['resume'])
  await ponte(['pause', 'job_validade_full'])

  const api = start(['api', '--json'], { PORT: String(apiPort) })
  await api.document()
  const flags = { port: crmPort, token: 'demo', data: join(folder, 'crm'), limit: 0, load: seeds }
  const hooks = { webhooks: `http://127.0.0.1:${apiPort}`, 'webhook-token': webhookToken }
  const simulator = start(
    ['simulator', 'crm', '--json', ...Object.entries({ ...flags, ...hooks }).flatMap(([name, value]) => [`--${name}`, `${value}`])],
    {},
  )
  await simulator.document()

  // At peace: leads made, contacts with them, half of them moved on by the CRM's users; budgets and sales told.
  await round()
  const integrated = 'Desenvolvimento/Orçamento'
  const { effects: made } = await crm('GET', 'effects?kind=leadAdded&by=api')
  for (const { id } of made.slice(0, 8)) await crm('POST', `leads/${id}`, { stage: integrated })
  await told()
  for (let again = 0; again < 2; again++) await round()
  for (const job of ['job_orca_lead_in_spotter', 'job_vende_lead_in_spotter', 'job_leads_full_sync', 'job_execute_spark']) await run(job)

  // What 0.2.0 read wrongly is what the CRM holds.
  const { rows: spelled } = await erp.query<{ lead: string; person: string }>(
    `select b.id_crm as lead, c.id_crm as person from branches b join leads l on l.id = b.id_crm join contact c on c.branch_client = b.client and c.branch_code = b.code
      where c.id_crm is not null and b.id_crm = (select max(id) from leads) limit 1`,
  )
  const { lead, person } = spelled[0]!
  await erp.query(`update branches set zipcode = '20.040-020' where id_crm = $1`, [lead])
  await erp.query(`update contact set phone = '(11) 4002.0922' where id_crm = $1`, [person])
  await round()
  await run('job_execute_spark')

  // One lead that never comes to be as the ERP has it: sent three times, then held.
  const { rows: linked } = await erp.query<{ client: string; code: number; id: string }>(
    'select b.client, b.code, l.id from branches b join leads l on l.id = b.id_crm order by l.id',
  )
  const held = linked[0]!.id
  const aside = async (sql: string, values: unknown[]) => {
    const session = await erp.connect()
    await session.query("begin; set local ponte.mirror_only = 'on'")
    await session.query(sql, values)
    await session.query('commit')
    session.release()
  }
  const loop = async (n: number) => {
    await aside('update leads set address_district = $1 where id = $2', [`Bairro ${n}`, held])
    await run('job_execute_spark')
    await run('job_update_leads_in_spotter')
  }
  for (let n = 1; n <= 4; n++) await loop(n)

  const flag = (n: number) =>
    erp.query(
      `update branches set integrate_crm = 'S' where (client, code) in (select client, code from branches where id_crm is null and integrate_crm is distinct from 'S' order by client, code limit $1)`,
      [n],
    )
  const move = (n: number, { client, code }: (typeof linked)[number]) =>
    erp.query('update branches set address_number = $1 where client = $2 and code = $3', [7000 + n, client, code])

  // Letters that the CRM refused.
  const policies = { uniqueClientCode: false }
  await flag(2)
  await move(0, linked[1]!)
  await run('job_execute_spark')
  await crm('PUT', 'faults', { ...policies, errors400: { times: 3, methods: ['POST', 'PUT'] } })
  await run('job_insert_leads_in_spotter')
  await run('job_update_leads_in_spotter')

  // Work for every job.
  const since = await lastSeq()
  await flag(7)
  const moved = linked.slice(2, 9)
  for (const [n, one] of moved.entries()) await move(10 + n, one)
  await erp.query(
    `update contact set phone = '119' || (87650000 + code) where code in (select code from contact where id_crm is not null order by code limit 7)`,
  )
  for (const [n, { client, code }] of moved.entries())
    await erp.query(
      `insert into contact (code, name, email, phone, branch_client, branch_code, is_primary) values ($1, $2, $3, '1133334444', $4, $5, 'N')`,
      [900 + n, `Nova Pessoa ${n}`, `nova${n}@example.com`, client, code],
    )
  await erp.query('update budget_item_quant_delivery set price = price + 1')
  await run('job_execute_spark')

  // What the CRM's users do meanwhile.
  const untouched = linked.slice(9)
  for (const [n, { id }] of untouched.entries()) await crm('POST', `leads/${id}`, { phone1: `551132${100_000 + n}` })
  const { rows: people } = await erp.query(
    `select id_crm as id from contact where id_crm is not null and id_crm <> ${person} order by code desc limit 2`,
  )
  for (const { id } of people) await crm('POST', `persons/${id}`, { name: `Pessoa ${id}`, touchLead: true })
  await told()

  // In the middle of everything: per job one write is done whose answer never comes, and one never arrives.
  const hang = { CRM_TIMEOUT_MS: '600000', CRM_LIST_TIMEOUT_MS: '600000' }
  const working = [] as ReturnType<typeof start>[]
  const fault = (paths: string[], methods: string[]) => ({ times: 1, paths, methods, ms: 600_000 })
  await crm('PUT', 'faults', { ...policies, stallMs: fault(['Leads'], ['GET']) })
  working.push(start(['run', 'job_update_leads_in_erp', '--json'], hang))
  await until('the inbound job holds letters', () => files('leads', 'processando').length > 0)
  await sleep(1_000)
  for (const [job, path, method, kind] of [
    ['job_insert_leads_in_spotter', 'LeadsAdd', 'POST', 'leadAdded'],
    ['job_update_leads_in_spotter', 'LeadsUpdate', 'PUT', 'leadUpdated'],
    ['job_insert_contacts_in_spotter', 'personsAdd', 'POST', 'personAdded'],
    ['job_update_contacts_in_spotter', 'personsUpdate', 'PUT', 'personUpdated'],
    ['job_orca_lead_in_spotter', 'recommendedProductsAdd', 'POST', 'productAdded'],
  ] as const) {
    const before = await lastSeq()
    const slowly = { ...policies, delayMs: { paths: [path], methods: [method], ms: 400 } }
    await crm('PUT', 'faults', { ...slowly, replyLate: fault([path], [method]) })
    working.push(start(['run', job, '--json'], hang))
    await until(`an effect of ${job}`, async () => (await crm('GET', `effects?since=${before}&kind=${kind}&by=api`)).effects.length > 0)
    await crm('PUT', 'faults', { ...slowly, stallMs: fault([path], [method]) })
    await sleep(1_500)
  }
  for (const [n, { id }] of untouched.slice(0, 3).entries()) await crm('POST', `leads/${id}`, { phone1: `551133${100_000 + n}` })
  await told()
  await Promise.all([...working.map(({ kill }) => kill()), api.kill(), simulator.kill()])
  await erp.end()

  rmSync(into, { recursive: true, force: true })
  mkdirSync(into)
  for (const name of ['erp', 'state']) {
    const dump = execFileSync(
      join(bin, 'pg_dump'),
      ['--no-owner', '--no-privileges', '--inserts', '--rows-per-insert=200', '-d', url(name)],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 30,
      },
    )
    // Commands of psql, which are no SQL.
    writeFileSync(join(into, `${name}.sql.gz`), gzipSync(dump.replace(/^\\(un)?restrict .*\n/gm, ''), { level: 9 }))
  }
  execFileSync('tar', ['-C', folder, '--sort=name', '--owner=0', '--group=0', '-czf', join(into, 'files.tar.gz'), 'ponte', 'crm'])
  writeFileSync(
    join(into, 'about.json'),
    `${JSON.stringify({ made: new Date(), since, held, spelled: { lead: Number(lead), person: Number(person) }, user: 'ana', password, webhookToken, readToken }, null, 2)}\n`,
  )
  console.log(`made: ${into}`)
} finally {
  for (const child of running) child.kill('SIGKILL')
  await sleep(500)
  rmSync(folder, { recursive: true, force: true })
}
