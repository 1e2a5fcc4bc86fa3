/** The two commands that only look: plan and doctor. Real processes. */
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Settings } from '../../deploy/env.ts'
import { createCloser } from '../closer.ts'
import { addLeads, type House, openHouse, withDocument } from '../testing/house.ts'
import { compareClocks } from './doctor-clocks.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
  await addLeads(house.erp, 1, 3)
})
afterAll(() => house.close())

describe('ponte plan', () => {
  const traces = async () => ({
    files: readdirSync(house.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'ponte.log')
      .map((entry) => entry.name),
    changes: (await house.state.query('select * from changes')).rows,
    runs: (await house.state.query('select * from runs')).rows,
    ledger: (await house.state.query('select * from agreed')).rows,
    effects: await house.effects(),
    requests: house.simulator.requests().authenticated,
  })

  test('says field by field what would be sent, in how many calls and how long that takes, and leaves no trace', async () => {
    const before = await traces()
    const { code, stdout } = await house.ponte(['plan', '--limit', '2'], { ...house.env, CRM_RATE_LIMIT: '1', CRM_RATE_WINDOW_MS: '60000' })
    expect(stdout).toMatch(/^leads\.insert 1-1$/m)
    expect(stdout).toMatch(/^ +NAME +— → EMPRESA 1 LTDA$/m)
    expect(stdout).toContain('and 1 more of leads.insert')
    expect(stdout).toContain('4 CRM calls for what is to be sent and what waits, about 3 min 00 s at 1 requests per 60 s.')
    expect(code).toBe(0)
    expect(await traces()).toEqual(before)
  })

  test('shows old and new of a record that both sides hold, and changes nothing', async () => {
    await house.run('run', 'job_execute_spark')
    await house.run('run', 'job_insert_leads_in_spotter')
    await house.erp.query('alter table leads disable trigger user')
    await house.erp.query(
      `insert into leads (id, name, stage, taxid, address_street, address_zipcode, address_number, address_district, city, state, sales_rep, tax_registration, client_code)
       select b.id_crm, b.description, 'Desenvolvimento/Orçamento', b.taxid, b.address, b.zipcode, b.address_number, b.district, 'São Paulo', 'São Paulo', b.sales_rep, b.tax_registration, b.client
         from branches b where b.client = 1`,
    )
    await house.erp.query('alter table leads enable trigger user')
    await house.erp.query(`update branches set address = 'Avenida Nova', complement = 'Sala 9' where client = 1`)
    const before = await traces()
    const { code, document } = await house.json('plan', 'leads.update')
    expect({ code, document }).toMatchObject({
      code: 0,
      document: {
        ok: true,
        calls: { least: 4, most: 4 },
        plans: [{ entity: 'leads.update', changed: 1, send: 1, calls: { least: 3, most: 3 } }],
      },
    })
    expect(document.plans[0].changes[0].fields).toEqual([
      { field: 'ADDRESS_STREET', from: 'Rua das Flores', to: 'Avenida Nova' },
      { field: 'ADDRESS_COMPLEMENT', from: null, to: 'Sala 9' },
    ])
    expect(await traces()).toEqual(before)
  })
})

describe('ponte run', () => {
  test.each<[why: string, job: string, change: Record<string, string>, told: RegExp]>([
    ['no recipient', 'backup_postgresql', {}, /^backup_postgresql: nothing done\n.*\n +No backup is made: BACKUP_RECIPIENTS is not set/],
    ['shadow mode', 'job_insert_leads_in_spotter', { SHADOW: 'true' }, /: nothing done\n.*\n +Shadow mode: another system does this/],
  ])('says why it did nothing: %s', async (_, job, change, told) => {
    const { code, stdout } = await house.ponte(['run', job], { ...house.env, ...change })
    expect(stdout).toMatch(told)
    expect(code).toBe(0)
  })
})

describe('ponte doctor', () => {
  let env: House['env']
  beforeAll(async () => {
    env = { ...house.env, BACKUP_RECIPIENTS: await identityToRecipient(await generateX25519Identity()) }
  })
  const doctor = async (change: Record<string, string | undefined> = {}) => {
    const { code, document } = withDocument(await house.ponte(['doctor', '--json'], { ...env, ...change }))
    expect(document.ok).toBe(code === 0)
    const of = (status: string) => document.checks.filter((one: { status: string }) => one.status === status)
    for (const one of [...of('failed'), ...of('warning')]) expect(one.hint ?? one.detail).toMatch(/\w/)
    return {
      code,
      failed: of('failed').map((one: { name: string }) => one.name),
      warnings: of('warning').map((one: { name: string }) => one.name),
    }
  }
  const withPort = (url: string, port: string) => Object.assign(new URL(url), { port }).href

  test('is green when everything works', async () => {
    expect(await doctor()).toEqual({ code: 0, failed: [], warnings: [] })
    const { stdout } = await house.ponte(['doctor'], env)
    expect(stdout).toMatch(/\nReady\.\n$/)
    expect(stdout).not.toContain(new URL(house.env.DATABASE_URL!).password || 'no password in this URL')
  })

  test.each<[part: string, change: () => Record<string, string | undefined>, failed: string[]]>([
    ['the ERP', () => ({ DATABASE_URL: withPort(house.env.DATABASE_URL!, '1') }), ['ERP']],
    ['the ERP schema', () => ({ DATABASE_URL: house.env.STATE_DATABASE_URL }), ['ERP schema']],
    ['the state database', () => ({ STATE_DATABASE_URL: withPort(house.env.STATE_DATABASE_URL!, '1') }), ['state database', 'CRM']],
    ['the CRM', () => ({ API_URL: 'http://127.0.0.1:1/v3/' }), ['CRM']],
    ['the Redis', () => ({ REDIS_URL: 'redis://127.0.0.1:1' }), ['schedules']],
    ['a schedule of no job', () => ({ SCHEDULE_JOB_NOBODY: '* * * * *' }), ['schedules']],
    ['the token', () => ({ API_TOKEN: 'wrong' }), ['CRM']],
    ['the queue, which others may read', () => ({ QUEUE_ROOT: openFolder() }), ['queue']],
    ['the queue, which is a file', () => ({ QUEUE_ROOT: plainFile() }), ['disk of queue', 'queue']],
  ])('names what is broken: %s', async (_, change, failed) => {
    expect(await doctor(change())).toMatchObject({ code: 1, failed })
  })

  test('compares the clocks: the CRM’s by its Date header, the state database’s and the ERP’s', async () => {
    const crm = createServer((_, answer) => answer.writeHead(401, { date: new Date(Date.now() + 3_600_000).toUTCString() }).end())
    await once(crm.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void crm.close())
    const url = `http://127.0.0.1:${(crm.address() as AddressInfo).port}/v3/`
    const compare = async (behindMs: number) => {
      const state = { query: async () => ({ rows: [{ at: new Date(Date.now() - behindMs) }] }) } as unknown as pg.Pool
      const settings = { crm: { url } } as Settings
      const closer = createCloser()
      return compareClocks(settings, { erpUrl: house.env.DATABASE_URL!, state }, closer).finally(() => closer.close())
    }
    expect(await compare(0)).toMatchObject({
      detail: expect.stringMatching(/^beside this machine, the CRM is (59 min|1 h) [^,]* ahead$/),
      hint: expect.stringContaining('NTP'),
    })
    expect((await compare(90_000)).detail).toMatch(/^beside this machine, the state database is 1 min \d+ s behind, the CRM is/)
    await expect(compare(400_000)).rejects.toMatchObject({
      code: 'doctor.clock_wrong',
      message: expect.stringContaining('no job runs here'),
    })
  })

  test('warns that no backup is made, that the last one is old, and that shadow mode does nothing', async () => {
    expect(await doctor({ BACKUP_RECIPIENTS: undefined, SHADOW: 'true' })).toEqual({
      code: 0,
      failed: [],
      warnings: ['backups', 'shadow mode'],
    })
    await house.state.query(`update runs set started_at = started_at - interval '8 days'`)
    expect(await doctor()).toEqual({ code: 0, failed: [], warnings: ['backups'] })
    await house.state.query(
      `insert into job_ends (job, status, last_run, last_ended_at, last_seconds) values ('backup_postgresql', 'success', 'x', now(), 1)`,
    )
    expect(await doctor()).toEqual({ code: 0, failed: [], warnings: [] })
  })

  test('warns that nothing can be delivered without a CRM', async () => {
    expect(await doctor({ API_URL: undefined, API_TOKEN: undefined })).toEqual({ code: 0, failed: [], warnings: ['CRM'] })
  })

  function openFolder(): string {
    const folder = join(house.folder, 'open-queue')
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    return folder
  }
  function plainFile(): string {
    const file = join(house.folder, 'not-a-folder')
    writeFileSync(file, '')
    return file
  }
})
