/** Installing, filling and serving: migrate, demo-data, the simulator, the embedded database. Real processes. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { withReceiver } from '../../lab/simulators/crm/webhooks/testing.ts'
import { withDocument } from '../testing/house.ts'
import { expectNoPersonalData } from '../testing/personal-data.ts'
import { compilePonte, type Environment, type Ponte } from '../testing/ponte.ts'

let ponte: Ponte
let folder: string
let erp: TestDatabase
let state: TestDatabase
let env: Environment
beforeAll(async () => {
  ponte = compilePonte()
  folder = mkdtempSync(join(tmpdir(), 'ponte-installation-'))
  erp = await testDatabase()
  state = await testDatabase()
  env = { DATABASE_URL: erp.url, STATE_DATABASE_URL: state.url, QUEUE_ROOT: join(folder, 'queue'), STATE_DIR: join(folder, 'state') }
})
afterAll(async () => {
  await erp.drop()
  await state.drop()
  rmSync(folder, { recursive: true })
  ponte.remove()
})
const json = async (...args: string[]) => withDocument(await ponte([...args, '--json'], env))

test('a job on an ERP without the schema says what is missing and what to run', async () => {
  const { code, stdout } = await ponte(['run', 'job_execute_spark'], env)
  expect(stdout).toMatch(/lacks an object.*ponte migrate/i)
  expect(code).toBe(1)
})

test('ponte migrate installs the schemas, and a second time changes nothing', async () => {
  const first = await json('migrate')
  expect(first).toMatchObject({ code: 0, document: { ok: true, unchanged: 0 } })
  expect(first.document.applied.length).toBeGreaterThan(5)
  const second = await json('migrate')
  expect(second).toMatchObject({ code: 0, document: { ok: true, applied: [], unchanged: first.document.applied.length } })
})

describe('ponte demo-data', () => {
  const branches = async () => (await erp.pool.query('select count(*)::integer as n from branches')).rows[0].n

  test("refuses somebody's own ERP, whatever the options", async () => {
    await erp.pool.query(`insert into clients (client_code, company_name) values (77, 'REAL CLIENT')`)
    for (const options of [[], ['--replace']]) expect((await json('demo-data', '--branches', '5', ...options)).code).toBe(1)
    const { rows } = await erp.pool.query('select company_name from clients')
    expect(rows).toEqual([{ company_name: 'REAL CLIENT' }])
    await erp.pool.query('delete from clients')
  })

  test('fills an empty ERP and writes what the CRM begins with', async () => {
    const file = join(folder, 'crm.ndjson')
    const { code, document } = await json('demo-data', '--branches', '30', '--seed', '3', '--crm-file', file)
    expect({ code, document }).toMatchObject({ code: 0, document: { ok: true, branches: 30, crmFile: file } })
    expect(await branches()).toBe(30)
    const kinds = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).kind)
    expect(kinds.filter((kind) => kind === 'lead')).toHaveLength(document.crmLeads)
    expect(kinds.filter((kind) => kind === 'person')).toHaveLength(document.crmPersons)
    expect(document.crmLeads).toBe(document.linked)
  })

  test('refuses to go on top of it; --replace empties a demo ERP first', async () => {
    const refused = await json('demo-data', '--branches', '5')
    expect(refused).toMatchObject({
      code: 1,
      document: { ok: false, error: { code: 'demo.not_empty', hint: expect.stringContaining('--replace') } },
    })
    expect(await branches()).toBe(30)
    expect(await json('demo-data', '--branches', '5', '--replace')).toMatchObject({ code: 0 })
    expect(await branches()).toBe(5)
  })
})

test('ponte simulator crm starts, answers, and ends on SIGTERM with 0; its one document is there at once', async () => {
  const running = ponte.start(['simulator', 'crm', '--port', '0', '--data', join(folder, 'crm'), '--token', 'abc', '--json'], env)
  const { url } = JSON.parse(await running.shows('\n'))
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v3\/$/)
  expect((await fetch(new URL('industries', url), { headers: { token_exact: 'abc' } })).status).toBe(200)
  expect((await fetch(new URL('industries', url), { headers: { token_exact: 'other' } })).status).toBe(401)
  running.child.kill('SIGTERM')
  expect(withDocument(await running.ended)).toMatchObject({ code: 0, document: { ok: true, url }, stderr: '' })
})

test('ponte simulator crm --webhooks posts what changes, with the token and a signature', () =>
  withReceiver(async ({ url: receiver, received }) => {
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
    const webhooks = ['--webhooks', receiver, '--webhook-token', 'hook-token', '--webhook-secret', secret]
    const place = ['--port', '0', '--data', join(folder, 'crm-webhooks'), '--json']
    const running = ponte.start(['simulator', 'crm', ...place, ...webhooks], env)
    const { controlUrl } = JSON.parse(await running.shows('\n'))
    await fetch(new URL('leads', controlUrl), { method: 'POST', body: JSON.stringify({ lead: 'Nova', stage: 'Ativação' }) })
    await fetch(new URL('webhooks/flush', controlUrl), { method: 'POST' })
    const [one] = received
    expect(received).toHaveLength(1)
    expect([one!.path, one!.headers.authorization, one!.json.Lead.Company]).toEqual(['/convertedlead', 'Bearer hook-token', 'Nova'])
    expect(new Webhook(secret).verify(one!.raw, one!.headers as Record<string, string>)).toEqual(one!.json)
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
  }))

describe('with nothing configured', () => {
  // Root lends the embedded server to an account of its own, which must be able to reach the data folder; then it stays in ours.
  const home = (name: string) => {
    const path = join(folder, name)
    mkdirSync(path)
    for (const each of [folder, path]) chmodSync(each, 0o755)
    return path
  }
  /** Command lines of running processes that name the path. A bare machine has no `ps`. */
  const serversIn = (path: string) =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .map(commandOf)
      .filter((command) => command.includes(path))
  const commandOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      // It ended while we looked.
      return ''
    }
  }

  test('a plan runs on the embedded database, and leaves no server behind', async () => {
    const state = home('embedded')
    const running = ponte.start(['plan', '--json'], {
      QUEUE_ROOT: join(folder, 'embedded-queue'),
      STATE_DIR: state,
      ENGINE_MEMORY: '512MB',
    })
    let seen = 0
    const watch = setInterval(() => {
      seen = Math.max(seen, serversIn(join(state, 'postgres', 'pg')).length)
    }, 200)
    const { code, document } = withDocument(await running.ended)
    clearInterval(watch)
    expect({ code, document }).toMatchObject({ code: 0, document: { ok: true, calls: { least: 0, most: 0 } } })
    expect(seen).toBeGreaterThan(0)
    expect(serversIn(state)).toEqual([])
  })

  test('the demo tells its story as one document, in which everything agrees; its log names nobody, at the most talkative level', async () => {
    const place = join(folder, 'demo')
    mkdirSync(place)
    chmodSync(place, 0o755)
    home('demo/data')
    const result = await ponte(['demo', '--branches', '120', '--json'], { LOG_LEVEL: 'trace' }, place)
    const { code, document } = withDocument(result)
    expect({ code, document }).toMatchObject({
      code: 0,
      document: {
        ok: true,
        branches: 120,
        secondRun: { changes: 0, crmWrites: 0 },
        idleCycles: { changes: 0, crmWrites: 0, erpWrites: 0 },
        falhas: 0,
        balanced: true,
      },
    })
    expect(document.webhooks).toBeGreaterThan(20)
    expect(document.erpApplied).toBeGreaterThan(20)
    expect(document.echoesSuppressed).toBeGreaterThan(0)
    expectNoPersonalData(join(place, 'data/demo'), result.stdout, result.stderr)
    expect(document.leadsCreated).toBe(document.eligible)
    expect(document.crmUpdates).toBe(document.erpEdits)
    expect(serversIn(place)).toEqual([])
  })
})
