/**
 * One client is forgotten and its neighbours are not, though they share letters, an e-mail address and numbers. Judged by every byte that
 * Ponte keeps: files, the whole state, snapshots.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withExport } from '../connectors/state/backup/export.ts'
import { acquireLease } from '../connectors/state/runs/leases.ts'
import { balanceOf } from '../jobs/run/balance.ts'
import { wasBusy } from '../jobs/run/run-job.ts'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { inCrm } from '../jobs/testing/crm-leads.ts'
import { onlyDead, operatorAt } from '../jobs/testing/operator.ts'
import { addBranch, addContact, seedReference } from '../jobs/testing/small-erp.ts'
import { discardDead } from './discard-dead.ts'
import { editDead } from './edit-dead.ts'
import { erase } from './erase.ts'
import { aboutOf } from './erase-about.ts'

const gone = {
  taxId: '11222333000181',
  name: 'Zacarias Esquecido',
  email: 'zaca.esquecido@example.com',
  own: 'so.dele@example.com',
  company: 'ESQUECIDA LTDA',
}
/** Its tax id holds the other's digits, marks between; its contact has the same e-mail address. */
const stays = { taxId: '91122233300018', name: 'Bia Fica', company: 'FICA SA' }

let bridge: Bridge
let run: string
let goneLead: string
let staysLead: string
/** A client and its neighbour, in every kind of place. */
async function bothEverywhere(): Promise<void> {
  bridge = await openBridge({ settleMs: 50 })
  await seedReference(bridge.erp)
  // Ids that no other number looks like.
  await bridge.simulator.load([{ kind: 'lead', id: 4_711_000, lead: 'another', stage: 'Entrada' }])
  await addBranch(bridge.erp, { client: 1, taxId: gone.taxId, name: gone.company })
  await addBranch(bridge.erp, { client: 2, taxId: stays.taxId, name: stays.company })
  await addContact(bridge.erp, { code: 1, client: 1, name: gone.name, email: gone.email })
  await addContact(bridge.erp, { code: 3, client: 1, name: 'Outro Esquecido', email: gone.own })
  await addContact(bridge.erp, { code: 2, client: 2, name: stays.name, email: gone.email })
  run = (await bridge.cycle())[0]!.run
  const ids = (await bridge.erp.query<{ id: string }>('select id_crm::text as id from branches order by client')).rows
  ;[goneLead, staysLead] = [ids[0]!.id, ids[1]!.id]
  await inCrm(bridge, `/leads/${goneLead}`, { stage: 'Desenvolvimento/Orçamento', phone1: '5511911112222' })
  await inCrm(bridge, `/leads/${staysLead}`, { stage: 'Desenvolvimento/Orçamento' })
  await bridge.run('job_update_leads_in_erp')
  // An edit of both waits in one letter; one of each was refused in another; webhooks of both wait.
  await bridge.erp.query('update branches set address_number = 222')
  await bridge.run('job_execute_spark')
  bridge.simulator.setFaults({ errors400: { share: 1, methods: ['PUT', 'POST'] } })
  await bridge.run('job_update_leads_in_spotter')
  bridge.simulator.setFaults({})
  await operatorWas()
  await bridge.erp.query('update branches set address_number = 333')
  await bridge.run('job_execute_spark')
  const hook = (id: string, cnpj: string) => JSON.stringify({ Lead: { Id: Number(id), Cnpj: cnpj, Stage: 'Entrada' } })
  await bridge.context.lanes.leads.enqueue('update_leads_in_erp', 'esquecida', hook(goneLead, '11.222.333/0001-81'))
  await bridge.context.lanes.leads.enqueue('update_leads_in_erp', 'fica', hook(staysLead, '91.122.233/3000-18'))
  mkdirSync(join(bridge.folder, 'reports'), { recursive: true })
  writeFileSync(join(bridge.folder, 'reports/validade_full_x.json'), `{"cnpj":"11.222.333/0001-81","id":${goneLead}}`)
  writeFileSync(join(bridge.folder, 'reports/validade_full_y.json'), `{"cnpj":"91.122.233/3000-18","id":${staysLead}}`)
  await bridge.state.query(
    `insert into conflicts (entity, key, field, agreed, erp, crm, winner, event) values ('leads', $1, 'NAME', $2, $2, $2, 'erp', 'e')`,
    [goneLead, gone.company],
  )
  await bridge.state.query(`insert into audit (actor, action, target, before) values ('user:ana', 'falhas.edit', 'x', $1)`, [
    { TAXID: gone.taxId },
  ])
}

/** Refused lines of both were edited and put away: by what names the record, but not its tax id. */
async function operatorWas(): Promise<void> {
  for (const [id, complement] of [
    [goneLead, 'FUNDOS DO ZACA'],
    [staysLead, 'FUNDOS DA BIA'],
  ] as const) {
    const dead = await onlyDead(bridge)
    const line = dead.lines!.find(({ about }) => about.leadId === id)!.reason.line
    await editDead(operatorAt(bridge), dead, { line, set: { address_complement: complement }, requeue: false })
  }
  await discardDead(operatorAt(bridge), await onlyDead(bridge), null, `fechou: fale com ${gone.own}`)
  await bridge.erp.query('update branches set address_number = 223')
  await bridge.run('job_execute_spark')
  bridge.simulator.setFaults({ errors400: { share: 1, methods: ['PUT', 'POST'] } })
  await bridge.run('job_update_leads_in_spotter')
  bridge.simulator.setFaults({})
  await onlyDead(bridge)
}

/** Out of the integration in the ERP, and gone from the CRM. */
async function leave(): Promise<void> {
  await bridge.erp.query(`update branches set integrate_crm = 'N', id_crm = null where client = 1`)
  await inCrm(bridge, `/leads/${goneLead}`, null)
}
const forget = (options: { dryRun?: boolean; anyway?: boolean; patienceMs?: number; crm?: Parameters<typeof erase>[0]['crm'] } = {}) =>
  erase(
    {
      ...bridge.context,
      crm: options.crm ?? null,
      queueRoot: join(bridge.folder, 'queue'),
      stateDir: bridge.folder,
      reportsDir: join(bridge.folder, 'reports'),
    },
    gone.taxId,
    {
      dryRun: options.dryRun ?? false,
      anyway: options.anyway ?? false,
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    },
  )

/** Everything that Ponte keeps, as text: every file but the CRM's, the log and hidden ones too, all rows of the state, all rows of snapshots. */
async function everything({ log } = { log: true }): Promise<string> {
  const kept: string[] = []
  for (const entry of readdirSync(bridge.folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.startsWith(join(bridge.folder, 'crm')) || entry.name === '.heartbeat') continue
    if (!log && entry.name === 'ponte.log') continue
    kept.push(entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1'))
  }
  await withExport(bridge.state, async ({ tables, rows }) => {
    for (const table of tables) for await (const piece of rows(table)) kept.push(`${table.name}: ${Buffer.from(piece).toString()}`)
  })
  const duck = await (await DuckDBInstance.create(':memory:')).connect()
  for (const entry of readdirSync(join(bridge.folder, 'snapshots'), { recursive: true, withFileTypes: true }))
    if (entry.name.endsWith('.parquet'))
      kept.push(JSON.stringify((await duck.runAndReadAll(`select * from '${join(entry.parentPath, entry.name)}'`)).getRowsJson()))
  duck.closeSync()
  return kept.join('\n')
}
const traces = (text: string) =>
  [
    gone.taxId,
    '11.222.333/0001-81',
    gone.name,
    gone.name.toUpperCase(),
    gone.company,
    '_esquecida_',
    '5511911112222',
    '5511933334444',
    gone.own,
  ].filter((trace) => text.toLowerCase().includes(trace.toLowerCase()))

describe('erasing a client', () => {
  beforeEach(bothEverywhere)
  afterEach(() => bridge.close())

  test('leaves no trace of it, all of its neighbours, and runs that still balance', async () => {
    await leave()
    const before = await everything()
    expect(traces(before)).toContain(gone.taxId)
    const counted = await forget({ dryRun: true })
    expect(await everything()).toBe(before)

    const done = await forget()
    const after = await everything()
    expect(traces(after)).toEqual([])
    // Its number in the CRM stays in the log alone.
    const apart = await everything({ log: false })
    const at = apart.indexOf(goneLead)
    expect(at < 0 ? '' : apart.slice(Math.max(0, at - 200), at + 100)).toBe('')
    expect(done.inHand).toBe(0)
    // What was shown is what is done; a dead line is met a second time, when it was put away.
    const sum = ({ letters }: typeof done) => Object.values(letters).reduce((all, { waiting, dead }) => all + waiting + dead, 0)
    expect(sum(done)).toBe(sum(counted))
    expect(sum(done)).toBeGreaterThanOrEqual(3)
    expect({ ...done.rows, webhooks: 0 }).toEqual({ ...counted.rows, webhooks: 0 })
    expect(done.snapshotRows).toBe(counted.snapshotRows)
    expect(done).toMatchObject({ reports: 1, rows: { conflicts: 1, audit: 3 } })
    for (const trace of [stays.taxId, stays.name, stays.company, gone.email, '91.122.233/3000-18', 'FUNDOS DA BIA'])
      expect(after, trace).toContain(trace)
    expect(await balanceOf(bridge.state, run)).toMatchObject({ balanced: true })

    // The neighbour's part of the letters is delivered; the client does not come back.
    for (let round = 0; round < 2; round++)
      for (const report of await bridge.allJobs()) expect(report.status, report.message).not.toBe('failed')
    expect(traces(await everything())).toEqual([])
    const numbers = await bridge.erp.query('select address_number::integer as n from leads where id = $1', [staysLead])
    expect(numbers.rows).toEqual([{ n: 333 }])
    expect(await forget()).toMatchObject({ snapshotRows: 0, reports: 0, rows: { changes: 0, agreed: 0, inboundEvents: 0 } })
  }, 120_000)

  test('is refused as long as the ERP names it, unless told otherwise', async () => {
    const before = await everything()
    await expect(forget()).rejects.toMatchObject({ code: 'erase.still_in_erp', exitCode: 2 })
    expect(await everything()).toBe(before)
    await forget({ anyway: true })
    expect(traces(await everything())).toEqual([])
  }, 120_000)

  test('waits for a compare that is running, which would bring it back, and keeps the next one away meanwhile', async () => {
    await leave()
    const before = await everything()
    const compare = await acquireLease(bridge.state, 'job_execute_spark', 'a compare', 60_000)
    await expect(forget({ patienceMs: 300 })).rejects.toMatchObject({ code: 'erase.job_running' })
    expect(traces(await everything())).toEqual(traces(before))
    expect(await forget({ dryRun: true })).toMatchObject({ reports: 1 })

    const waiting = forget()
    const late = await acquireLease(bridge.state, 'job_update_leads_in_erp', 'a run that comes too late', 60_000)
    await late?.release()
    await compare!.release()
    await waiting
    expect(traces(await everything())).toEqual([])
    expect(wasBusy(await bridge.run('job_execute_spark'))).toBe(false)
  }, 120_000)

  test('says what a worker has in hand, and takes it the next time', async () => {
    await leave()
    for await (const claim of bridge.context.lanes.leads.claims({ prefixes: ['update_leads_in_erp'], worker: 'w' })) {
      expect(claim.name.file).toContain('_esquecida_')
      expect((await forget()).inHand).toBe(1)
      expect(traces(await everything())).toContain('_esquecida_')
      break
    }
    expect(await forget()).toMatchObject({ inHand: 0 })
    expect(traces(await everything())).toEqual([])
  }, 120_000)
})

describe('what a webhook says', () => {
  beforeEach(bothEverywhere)
  afterEach(() => bridge.close())
  const says = (LeadId: unknown, more: object = {}) =>
    bridge.context.lanes.leads.enqueue('update_leads_in_erp', 'qualquer', JSON.stringify({ Cnpj: gone.taxId, LeadId, ...more }))

  test('of a lead beside the tax id ties nothing to it, and breaks nothing, whatever it is; what the CRM says does, in its own spelling', async () => {
    await leave()
    await bridge.simulator.load([{ kind: 'lead', id: 4_799_999, lead: 'so no CRM', stage: 'Entrada', cnpj: '11.222.333/0001-81' }])
    await bridge.state.query(`insert into tasks (id, kind, lead_id, steps) values ('t', 'handover', 4799999, '[]')`)
    await says(4_799_999)
    const hostile = ['(', '.*', '|', '', '\\', "'", '"', '\0', `${gone.taxId}(`, 'x'.repeat(5_000), { a: '(' }]
    for (const id of hostile) await says(id)
    await says(staysLead)
    await says(Number(staysLead), { Lead: { Id: staysLead } })
    const away = { leadsByTaxId: () => Promise.reject(new Error('away')) }
    const unknown = { untied: expect.arrayContaining([staysLead, '4799999']), rows: { tasks: 0 } }
    expect(await forget({ dryRun: true })).toMatchObject({ crm: 'absent', ...unknown })
    expect(await forget({ dryRun: true, crm: away })).toMatchObject({ crm: 'away', ...unknown })
    const done = await forget({ crm: bridge.context.crm })
    expect(done).toMatchObject({ crm: 'asked', untied: [staysLead], reports: 1, inHand: 0, rows: { tasks: 1 } })
    const after = await everything()
    expect(traces(after)).toEqual([])
    for (const trace of [stays.taxId, stays.name, stays.company, gone.email, '91.122.233/3000-18', 'FUNDOS DA BIA', 'validade_full_y'])
      expect(after, trace).toContain(trace)
    const left = await bridge.state.query(`select entity, key from agreed where entity = 'leads'`)
    expect(left.rows).toEqual([{ entity: 'leads', key: staysLead }])
  }, 120_000)
})

test('a pattern is no tax id', async () => {
  await expect(erase({} as never, '1122233300018(', { dryRun: true, anyway: false })).rejects.toMatchObject({
    code: 'erase.no_tax_id',
    exitCode: 2,
  })
})

describe('a line is about', () => {
  const about = (prefix: string, value: unknown) => aboutOf(prefix, typeof value === 'string' ? value : JSON.stringify(value))
  test('a tax id in any spelling, at any depth, under any of its names', () => {
    for (const value of [
      { TAXID: '11.222.333/0001-81' },
      { Lead: { cnpj: '11222333000181' } },
      { a: [{ b: { CpfCnpj: 11222333000181 } }] },
      { lead_cnpj: '11 222 333 0001 81' },
      '{"TAXID": "11.222.333/0001-81", torn',
    ])
      expect([...about('unknown', value).taxIds], JSON.stringify(value)).toContain(gone.taxId)
    expect([...about('unknown', { TAXID: '012.345.678-90' }).taxIds]).toEqual(['00001234567890'])
  })
  test('a lead by its id where that is what the number means, and nowhere else', () => {
    expect(about('update_leads_in_crm', { ID: '77' }).leadId).toBe('77')
    expect(about('insert_leads_in_crm', { ID: '77' })).toMatchObject({ leadId: null, branch: '77' })
    expect(about('update_contacts_in_crm', { ID: '77', LEAD_ID: '8' })).toMatchObject({ leadId: '8', contact: null })
    expect(about('insert_contact_crm', { CODE: '77', LEAD_ID: '8' })).toMatchObject({ leadId: '8', contact: '77' })
    expect(about('update_leads_in_erp', { Lead: { Id: 77, Group: { Id: 5 } } }).leadId).toBe('77')
    expect(about('unknown', { ID: '77', number: '8' })).toMatchObject({ leadId: null, branch: null })
  })
  test('nobody, when it is hostile', () => {
    for (const text of [
      '',
      'null',
      '[]',
      '"x"',
      '{"TAXID":{"a":1}}',
      `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
      '{"__proto__":{"TAXID":"1"}}',
    ])
      expect(about('unknown', text).leadId, text.slice(0, 20)).toBeNull()
    expect(about('insert_leads_in_crm', { ID: '7\0', TAXID: '1' }).branch).toBeNull()
    expect(about('update_leads_in_crm', { ID: '7\n', LEAD_ID: '8\0' }).leadId).toBeNull()
  })
})
