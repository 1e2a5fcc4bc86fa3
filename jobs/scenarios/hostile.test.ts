/** What must not happen to the delivery path: a letter that blocks the lane, a line lost between two systems, a record doubled. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDead } from '../../operations/open-dead.ts'
import { requeue } from '../../operations/requeue.ts'
import { balanceOf } from '../run/balance.ts'
import { type Bridge, type BridgeOptions, openBridge } from '../testing/bridge.ts'
import { creations, expectExactlyOnce } from '../testing/checks.ts'
import { operatorAt } from '../testing/operator.ts'
import { addBranch, addContact, seedReference } from '../testing/small-erp.ts'

let bridge: Bridge
const open = async (options?: BridgeOptions) => {
  bridge = await openBridge(options)
  await seedReference(bridge.erp)
}
beforeEach(() => open())
afterEach(() => bridge.close())

const insertLeads = 'job_insert_leads_in_spotter'
const updateLeads = 'job_update_leads_in_spotter'
const insertContacts = 'job_insert_contacts_in_spotter'
const folder = (...path: string[]) => join(bridge.folder, 'queue', ...path)
const filesIn = (...path: string[]) =>
  readdirSync(folder(...path)).filter((name) => name.endsWith('.json') && !name.endsWith('.error.json'))
/** Puts a letter into processar as the old system would have; its modification time is old enough to be taken. */
const drop = async (lane: 'leads' | 'contacts', name: string, body: string | Buffer) => {
  const { rename, utimes } = await import('node:fs/promises')
  const at = folder(lane, '.tmp', name)
  writeFileSync(at, body)
  await utimes(at, new Date(0), new Date(0))
  await rename(at, folder(lane, 'processar', name))
}
const newLead = async (name: string, taxId: string) => {
  const result = await bridge.context.crm.addLead({ name, cpfcnpj: taxId })
  if (!result.ok) throw new Error(result.message)
  return result.value
}
const effects = async (kind: string) => (await bridge.simulator.effects()).filter((effect) => effect.kind === kind)
const taxId = (client: number) => String(10_000_000_000_000 + client)

describe('a letter that nobody can read', () => {
  test('goes to falhas with its reason, and those behind it are delivered', async () => {
    await drop(
      'leads',
      'insert_leads_in_crm_00000000000000000000000000000000_2020_01_01_00_00_00_000_0001.json',
      Buffer.from([0xff, 0xfe, 0x00]),
    )
    await addBranch(bridge.erp, { client: 10, taxId: taxId(10) })
    await bridge.run('job_execute_spark')
    const report = await bridge.run(insertLeads)
    expect(report).toMatchObject({ status: 'success', counts: { delivered: 1, rejected: 1, letters: 2 } })
    expect(await effects('leadAdded')).toHaveLength(1)
    const [dead] = filesIn('leads', 'falhas')
    expect((await bridge.context.lanes.leads.showDead(dead!)).letter.lines).toMatchObject([{ code: 'queue.not_utf8' }])
  })
})

describe('letters of other origin', () => {
  test('a name of no known form is taken, and its lines are understood in any case and order', async () => {
    const lead = await newLead('dona', taxId(1))
    await drop(
      'contacts',
      'insert_contact_crm-por-mao.json',
      [
        `{"email":"A@Example.com","leadId":${lead},"name":"Ana"}`,
        `{"leadid":"${lead}","NAME":"Bia","EMAIL":"bia@example.com"}`,
        `{"name":"Ana outra vez","lead_id":"${lead}","email":"a@example.com "}`,
        `  { "name" : "Ana de novo" , "LEAD_ID" : "${lead}" , "email" : "a@EXAMPLE.com" }`,
      ].join('\n'),
    )
    const report = await bridge.run(insertContacts)
    expect(report).toMatchObject({ status: 'success', counts: { lines: 4, delivered: 4 } })
    expect((await bridge.context.crm.persons(lead)).map((person) => person.email)).toEqual(['a@example.com', 'bia@example.com'])
    expect(await balanceOf(bridge.state, report.run)).toMatchObject({ changed: 4, delivered: 4, balanced: true })
  })

  test('control characters and half characters, in values, ids and names of changes, hold up nothing; a list where a text belongs is named', async () => {
    const lead = await newLead('dona', taxId(1))
    const line = (email: string, more: object) => JSON.stringify({ NAME: 'Jo\0ao \ud800', EMAIL: email, LEAD_ID: lead, ...more })
    const lines = [
      line('a@example.com', {}),
      line('b@example.com', { _RUN: 'r\0', _ENTITY: 'contacts.insert', _KEY: 'k\0', _HASH: 'h\0' }),
      line('c@example.com', { LEAD_ID: `${lead}\0` }),
      line('d@example.com', { NAME: ['x'] }),
      line('e@example.com', {}),
    ]
    await drop('contacts', 'update_contacts_in_crm_a.json', lines[0]!.replace('"LEAD_ID"', '"ID":"77","LEAD_ID"'))
    await drop('contacts', 'insert_contact_crm-antigo.json', lines.join('\n'))
    expect(await bridge.run(insertContacts)).toMatchObject({ status: 'success', counts: { lines: 5, delivered: 4, dead: 1, open: 0 } })
    expect((await bridge.context.crm.persons(lead)).map(({ name, email }) => `${name} ${email}`)).toEqual(
      ['a', 'b', 'c', 'e'].map((one) => `Joao ${one}@example.com`),
    )
    // Nobody has the number 77 in the CRM.
    expect(await bridge.run('job_update_contacts_in_spotter')).toMatchObject({ status: 'success', counts: { lines: 1, dead: 1, open: 0 } })
    const dead = await Promise.all(filesIn('contacts', 'falhas').map((name) => bridge.context.lanes.contacts.showDead(name)))
    expect(dead.flatMap(({ letter }) => letter.lines.map(({ code }) => code)).sort()).toEqual(['NOT_FOUND', 'line.not_a_text'])
  })

  test('two lines of one lead in one letter: both are sent, the later one stands', async () => {
    const lead = await newLead('velho', taxId(1))
    const line = (name: string) => JSON.stringify({ id: lead, name, cpfcnpj: taxId(1), representante: 7, cod_cliente: 1 })
    await drop('leads', 'update_leads_in_app_abc.json', [line('UM'), line('DOIS'), line('UM')].join('\n'))
    expect(await bridge.run(updateLeads)).toMatchObject({ status: 'success', counts: { delivered: 3 } })
    expect((await effects('leadUpdated')).length).toBe(3)
    expect(await bridge.context.crm.leadById(lead)).toMatchObject({ lead: 'UM' })
  })

  test('single letters about one lead do not race: its persons are looked up one after another', async () => {
    const lead = await newLead('dona', taxId(1))
    bridge.simulator.setFaults({ delayMs: 20 })
    for (let n = 0; n < 6; n++)
      await bridge.context.lanes.contacts.enqueue(
        'insert_contact_crm',
        'x',
        JSON.stringify({ NAME: `Ana ${n}`, EMAIL: 'ana@example.com', LEAD_ID: lead }),
      )
    await bridge.run(insertContacts)
    expect(await effects('personAdded')).toHaveLength(1)
    expect(filesIn('contacts', 'processar')).toEqual([])
  })
})

describe('the ERP is away after the CRM took a lead', () => {
  test('the line stays, nothing is doubled, and the lead is found again even by a CRM that accepts repeated tax ids', async () => {
    bridge.simulator.setPolicies({ duplicatePolicy: 'accept' })
    await addBranch(bridge.erp, { client: 10, taxId: taxId(10) })
    await bridge.run('job_execute_spark')
    await bridge.erp.query('alter procedure prc_store_crm_client_id(text, bigint) rename to gone')
    const away = await bridge.run(insertLeads)
    expect(away).toMatchObject({ status: 'failed', counts: { lines: 1, open: 1 } })
    expect(await balanceOf(bridge.state, away.run)).toMatchObject({ changed: 1, pending: 1, balanced: true })
    await bridge.erp.query('alter procedure gone(text, bigint) rename to prc_store_crm_client_id')
    expect(await bridge.run(insertLeads)).toMatchObject({ status: 'success', counts: { delivered: 1 } })
    await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
    expect((await bridge.erp.query('select id_crm from branches')).rows[0].id_crm).not.toBeNull()
  })

  test('refused for good: the letter is dead, its neighbours go on, and sending it again adopts what was created', async () => {
    bridge.simulator.setPolicies({ duplicatePolicy: 'accept' })
    for (const client of [10, 11]) await addBranch(bridge.erp, { client, taxId: taxId(client) })
    await bridge.run('job_execute_spark')
    await bridge.erp.query('alter table branches add constraint shut check (client <> 10 or id_crm is null)')
    expect(await bridge.run(insertLeads)).toMatchObject({ status: 'success', counts: { delivered: 1, dead: 1 } })
    await bridge.erp.query('alter table branches drop constraint shut')
    // The next compare sends it again by itself; so does an operator. Either way it is looked for first.
    await bridge.run('job_execute_spark')
    await bridge.run(insertLeads)
    const [dead] = filesIn('leads', 'falhas')
    expect(await requeue(operatorAt(bridge), await openDead(bridge.context.lanes, dead!), null)).toMatchObject({ again: 0, superseded: 1 })
    expect(await bridge.run(insertLeads)).toMatchObject({ status: 'skipped' })
    await expectExactlyOnce(bridge, { leads: 2, persons: 0 })
  })
})

describe('the state database goes away in the middle', () => {
  test('the run ends at once and says so, and the next one doubles nothing', async () => {
    bridge.simulator.setPolicies({ duplicatePolicy: 'accept' })
    for (let client = 1; client <= 30; client++) {
      await addBranch(bridge.erp, { client, taxId: taxId(client) })
      await addContact(bridge.erp, { code: client, client, name: `C ${client}`, email: `c${client}@example.com` })
    }
    await bridge.run('job_execute_spark')
    const database = new URL(bridge.where.stateUrl).pathname.slice(1)
    const admin = async (sql: string) => {
      const { default: pg } = await import('pg')
      const client = new pg.Client({ connectionString: bridge.where.erpUrl })
      await client.connect()
      await client.query(sql).finally(() => client.end())
    }
    const cut = bridge.simulator.onEffect((effect) => {
      if (effect.seq !== 12) return
      void admin(
        `alter database ${database} with allow_connections false; select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
      )
    })
    bridge.simulator.setFaults({ delayMs: 30 })
    await expect(bridge.run(insertLeads)).rejects.toMatchObject({ code: 'state.unreachable' })
    cut()
    expect(filesIn('leads', 'falhas')).toEqual([])
    await admin(`alter database ${database} with allow_connections true`)
    await bridge.state.query(`update leases set expires_at = '-infinity'`)
    bridge.simulator.setFaults({})
    for (const job of [insertLeads, insertContacts])
      expect(await bridge.run(job)).toMatchObject({ status: 'success', counts: { open: 0, dead: 0 } })
    await expectExactlyOnce(bridge, { leads: 30, persons: 30 })
  })
})

describe('a newer change while the older one is in doubt', () => {
  test('waits for it: the CRM ends with the newest values, and gets no old value after a new one', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: taxId(10) })
    await bridge.cycle()
    const id = Number((await bridge.erp.query('select id_crm from branches')).rows[0].id_crm)
    await bridge.erp.query('alter table leads disable trigger user')
    await bridge.erp.query(
      `insert into leads (id, name, stage, taxid, client_code) select id_crm, description, 'Ativação', taxid, client from branches`,
    )
    await bridge.erp.query('alter table leads enable trigger user')
    await bridge.erp.query(`update branches set address = 'Rua Um'`)
    await bridge.run('job_execute_spark')
    bridge.simulator.setFaults({ answersLost: { share: 1, paths: ['leadsupdate'] } })
    // The answer is lost, and then nobody can look what became of it.
    const stop = bridge.simulator.onEffect(() => bridge.simulator.setFaults({ errors5xx: { share: 1, methods: ['GET'] } }))
    expect((await bridge.run(updateLeads)).status).toBe('failed')
    stop()
    await bridge.erp.query(`update branches set address = 'Rua Dois'`)
    expect(await bridge.run('job_execute_spark')).toMatchObject({ counts: { changed: 1, suppressed: 1, queued: 0 } })
    bridge.simulator.setFaults({})
    await bridge.cycle()
    await bridge.cycle()
    const streets = (await effects('leadUpdated')).map((effect) => (effect.body as { lead: { address: string } }).lead.address)
    expect(streets).toEqual(['Rua Um', 'Rua Dois'])
    expect(await bridge.context.crm.leadById(id)).toMatchObject({ street: 'Rua Dois' })
  })
})

describe('LEADS_PER_RUN', () => {
  test('holds for the whole run, also when passing faults make it go over the letters again', async () => {
    await bridge.close()
    await open({ leadsPerRun: 5 })
    for (let client = 1; client <= 12; client++) await addBranch(bridge.erp, { client, taxId: taxId(client) })
    await bridge.run('job_execute_spark')
    bridge.simulator.setFaults({ errors5xx: { share: 1, times: 3, paths: ['customfields'] } })
    for (const done of [5, 10, 12]) {
      const report = await bridge.run(insertLeads)
      expect(report.status).toBe('success')
      expect((await creations(bridge)).leads.size).toBe(done)
      expect(await balanceOf(bridge.state, report.run)).toMatchObject({ balanced: true })
    }
    await expectExactlyOnce(bridge, { leads: 12, persons: 0 })
  })
})
