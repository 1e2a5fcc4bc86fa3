/** What an operator sees when a part of the installation is away or refuses, and that nothing is lost by it. Real processes. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addLeads, type House, openHouse, waiting, withDocument } from '../testing/house.ts'

const secret = 'hunter2-never-shown'
let house: House
beforeAll(async () => {
  house = await openHouse()
  await addLeads(house.erp, 1, 3)
  expect(await house.json('run', 'job_execute_spark')).toMatchObject({ code: 0, document: { ok: true, counts: { changed: 3, queued: 3 } } })
})
afterAll(() => house.close())

const wrongLogin = (url: string) => Object.assign(new URL(url), { username: 'intruder', password: secret }).href
const closedPort = (url: string) => Object.assign(new URL(url), { port: '1', password: secret }).href
const otherDatabase = (url: string) => Object.assign(new URL(url), { pathname: '/nothing_here' }).href

describe.each(['run job_execute_spark', 'plan', 'migrate', 'demo-data --branches 1'])('ponte %s', (command) => {
  const fails = async (name: 'DATABASE_URL' | 'STATE_DATABASE_URL', change: (url: string) => string) => {
    const { code, document, stdout } = withDocument(
      await house.ponte([...command.split(' '), '--json'], { ...house.env, [name]: change(house.env[name]!) }),
    )
    expect(stdout).not.toContain(secret)
    expect(document.error.hint).toContain(name)
    return { code, error: document.error.code }
  }

  test('with a login that the ERP refuses is configuration: 2', async () => {
    expect(await fails('DATABASE_URL', wrongLogin)).toEqual({ code: 2, error: 'erp.login_refused' })
  })
  test('with a database that does not exist is configuration: 2', async () => {
    expect(await fails('DATABASE_URL', otherDatabase)).toEqual({ code: 2, error: 'erp.database_missing' })
  })
  test('with an ERP that does not answer fails: 1', async () => {
    expect(await fails('DATABASE_URL', closedPort)).toEqual({ code: 1, error: 'erp.unreachable' })
  })
})

describe("Ponte's own database", () => {
  test.each([
    [wrongLogin, 2, 'state.login_refused'],
    [otherDatabase, 2, 'state.database_missing'],
    [closedPort, 1, 'state.unreachable'],
  ])('%o: exit code %i, %s', async (change, code, error) => {
    const env = { ...house.env, STATE_DATABASE_URL: change(house.env.STATE_DATABASE_URL!) }
    const result = withDocument(await house.ponte(['run', 'job_execute_spark', '--json'], env))
    expect(result).toMatchObject({ code, document: { ok: false, error: { code: error } } })
    expect(result.stdout).not.toContain(secret)
  })
})

describe('ponte alerts', () => {
  test('tells what is wrong, since when and what to do; and when nobody looks', async () => {
    expect((await house.run('alerts')).stdout).toBe('No open alerts.\n')
    await house.state.query(`insert into alerts (code, subject, status, summary, since) values
      ('job_failed', 'job_x', 'firing', 'job_x failed', now() - interval '2 hours'), ('disk_low', 'vm1/queue', 'firing', '3 percent free', now())`)
    const { code, stdout, stderr } = await house.run('alerts')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Nobody looks for alerts now/) })
    expect(stdout).toMatch(
      /^2 open alerts; nobody is told of them \(ALERT_WEBHOOK_URL\)\.\n\nCRITICAL {2}disk_low\n {2}3 percent free \(since /,
    )
    expect(stdout).toMatch(/\nWARNING {2}job_failed\n {2}job_x failed \(since 20\S+ \S+ -03, 2 h 00 min ago\)\n/)
    expect(stdout).toMatch(/\n {2}Do: `du -xsh .*\n {2}It is over when: .*\n {2}→ deploy\/RUNBOOK\.md#disk_low\n/)
    await house.state.query(`insert into leases (name, holder, expires_at) values ('watching', 'x', now() + interval '1 minute')
      on conflict (name) do update set expires_at = excluded.expires_at`)
    const { document, stderr: quiet } = await house.json('alerts')
    expect({ document, quiet }).toMatchObject({
      quiet: '',
      document: {
        ok: true,
        watched: true,
        alerts: [{ code: 'disk_low', severity: 'critical' }, { open: [{ subject: 'job_x', told: false }] }],
      },
    })
    await house.state.query('delete from alerts')
  })

  test('with the database away names that, since when a process of this machine noted it', async () => {
    const since = Date.parse('2026-11-27T02:00:00Z')
    const noted = join(house.env.STATE_DIR!, 'state-unreachable.alert')
    writeFileSync(noted, JSON.stringify({ since, notifications: 1, notifiedAt: since }))
    const env = { ...house.env, STATE_DATABASE_URL: closedPort(house.env.STATE_DATABASE_URL!) }
    const { code, document } = withDocument(await house.ponte(['alerts', '--json'], env))
    rmSync(noted)
    expect({ code, document }).toMatchObject({
      code: 1,
      document: {
        ok: false,
        watched: null,
        alerts: [{ code: 'state_unreachable', open: [{ since: '2026-11-27T02:00:00.000Z', told: true }] }],
      },
    })
  })
})

test('a person is told what happened, what it came from and what to do', async () => {
  const { code, stderr, stdout } = await house.ponte(['plan'], { ...house.env, DATABASE_URL: closedPort(house.env.DATABASE_URL!) })
  expect(stderr).toMatch(/^\nponte: The ERP database does not answer \(.*ECONNREFUSED.*\)\.\n {2}→ Check host and port .*\.\n$/)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
})

describe('a delivery job', () => {
  const job = 'job_insert_leads_in_spotter'
  const nothingLost = async () => {
    expect(waiting(house)).toBe(3)
    expect(house.letters('leads', 'falhas')).toEqual([])
    expect(await house.effects()).toBe(0)
  }

  test('without API_URL names it and API_TOKEN: 2, and the letters stay', async () => {
    const { code, document } = withDocument(
      await house.ponte(['run', job, '--json'], { ...house.env, API_URL: undefined, API_TOKEN: undefined }),
    )
    expect({ code, ok: document.ok }).toEqual({ code: 2, ok: false })
    expect(document.message).toMatch(/API_URL is missing.*\n.*API_TOKEN is missing/)
    await nothingLost()
  })

  test('against a CRM that cannot be reached fails: 1, and the letters stay', async () => {
    const { code, stdout } = await house.ponte(['run', job], { ...house.env, API_URL: 'http://127.0.0.1:1/v3/' })
    expect(stdout).toContain('FAILED')
    expect(stdout).toMatch(/What was not delivered stays queued/)
    expect(code).toBe(1)
    await nothingLost()
  })

  test('with a token that the CRM refuses is configuration: 2, the token is not shown, and the letters stay', async () => {
    const { code, document, stdout } = withDocument(await house.ponte(['run', job, '--json'], { ...house.env, API_TOKEN: secret }))
    expect(document.message).toMatch(/refused the token.*API_TOKEN/)
    expect(stdout).not.toContain(secret)
    expect({ code, ok: document.ok }).toEqual({ code: 2, ok: false })
    await nothingLost()
  })

  test('delivers all of it, once, when the CRM is back', async () => {
    const { code, document } = await house.json('run', job)
    expect({ code, document }).toMatchObject({ code: 0, document: { ok: true, counts: { delivered: 3, dead: 0, open: 0 } } })
    expect(await house.effects('leadAdded')).toBe(3)
    expect(house.letters('leads', 'processar')).toEqual([])
  })
})
