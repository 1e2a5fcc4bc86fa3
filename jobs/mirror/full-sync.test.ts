/** job_leads_full_sync against the simulated CRM: what it takes, leaves out, keeps and removes; its guard, its dry run, its ends in the middle. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { jobs } from '../catalogue.ts'
import { type Bridge, type BridgeOptions, openBridge } from '../testing/bridge.ts'
import { crmLead, crmPerson, inCrm, mirrored, mirrorRows, upTo } from '../testing/crm-leads.ts'
import { addBranch, addContact, seedReference } from '../testing/small-erp.ts'

let bridge: Bridge
const open = async (options?: BridgeOptions) => {
  bridge = await openBridge(options)
  await seedReference(bridge.erp)
}
const run = (options?: Parameters<Bridge['run']>[1]) => bridge.run('job_leads_full_sync', options)
const sql = async (text: string) => (await bridge.erp.query(text)).rows
const ids = async () => (await mirrorRows(bridge, 'id::int')).map((row) => row.id)
const staging = async () =>
  (await sql('select (select count(*) from leads_staging)::int + (select count(*) from contacts_staging)::int as n'))[0].n
const records = () =>
  readdirSync(join(bridge.folder, 'queue/leads/processados'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  )
const mirrorWithoutSpelling = () => sql('select * from leads order by id')

beforeEach(() => open())
afterEach(() => bridge.close())

describe('a full sync', () => {
  test('fills an empty mirror: rows whole, ERP clients and contacts made; the second one changes nothing', async () => {
    await bridge.simulator.load([
      crmLead({ id: 7, cnpj: '12.ABC.345/01DE-35', number: 'SN', stage: 'Ativação\u00a0', customFields: { _inscricaoestadual: '99' } }),
      crmPerson(7, 1),
      crmPerson(7, 2),
      crmLead({ id: 8, stage: 'Retenção/Expansão' }),
      crmLead({ id: 9, stage: 'Novos leads' }),
      crmLead({ id: 10, stage: 'Descartado' }),
    ])
    const report = await run()
    expect(report).toMatchObject({
      status: 'success',
      counts: { read: 4, ready: 2, leftOut: 0, fresh: 2, gone: 0, mirrored: 0, applied: 2, contactsApplied: 2, removed: 0, refused: 0 },
    })
    expect(await sql('select * from leads where id = 7')).toMatchObject([
      {
        name: 'Padaria São João 7',
        stage: 'Ativação',
        taxid: '12ABC34501DE35',
        industry: 'Varejo',
        source: 'Site',
        address_street: 'Avenida Conceição de Ipanema',
        address_zipcode: '01310100',
        address_number: 0,
        tax_registration: 'ISENTO',
      },
    ])
    expect(await sql('select id_crm::int, taxid, integrate_crm from branches order by id_crm')).toMatchObject([
      { id_crm: 7, taxid: '12ABC34501DE35', integrate_crm: 'S' },
      { id_crm: 8, integrate_crm: 'S' },
    ])
    expect(await sql('select email, lead_id::int, is_primary from contacts order by id')).toEqual([
      { email: 'jose1.7@example.com', lead_id: 7, is_primary: 'S' },
      { email: 'jose2.7@example.com', lead_id: 7, is_primary: 'N' },
    ])
    expect(await sql('select count(*)::int as n from contact')).toEqual([{ n: 2 }])
    expect(await staging()).toBe(0)
    const before = [await mirrorWithoutSpelling(), await sql('select * from branches'), await sql('select * from contact')]
    expect(await run()).toMatchObject({ counts: { applied: 0, contactsApplied: 0, removed: 0, fresh: 0 } })
    expect([await mirrorWithoutSpelling(), await sql('select * from branches'), await sql('select * from contact')]).toEqual(before)
  })

  test('takes what moved: quiet fields in the swap, fields of the ERP with their triggers, contacts one by one', async () => {
    await bridge.simulator.load([crmLead({ id: 1 }), crmPerson(1, 1), crmPerson(1, 2), crmLead({ id: 2 })])
    await run()
    await inCrm(bridge, '/leads/1', {
      street: 'Rua Nova',
      stage: 'Ativação',
      phone1: '5511900000000',
      customFields: { '_cod.gestores': ['12'] },
    })
    await inCrm(bridge, '/persons/11', { jobTitle: 'Diretora' })
    expect(await run()).toMatchObject({ counts: { updated: 1, applied: 1, contactsApplied: 1, fresh: 0, refused: 0 } })
    expect(await sql('select stage, address_street, phone, sales_rep::int from leads where id = 1')).toEqual([
      { stage: 'Ativação', address_street: 'Rua Nova', phone: '5511900000000', sales_rep: 12 },
    ])
    expect(await sql('select phone, sales_rep::int, address from branches where id_crm = 1')).toMatchObject([
      { phone: '5511900000000', sales_rep: 12, address: expect.stringMatching(/CONCEI/i) },
    ])
    expect(await sql('select job_title_desc from contact where id_crm = 11')).toEqual([{ job_title_desc: 'DIRETORA' }])
  })

  test('keeps client code, budget and order values, also of a lead that went away and came back', async () => {
    await bridge.simulator.load([
      crmLead({ id: 1 }),
      crmLead({ id: 2, phone1: '5511900000000' }),
      ...upTo(8).map((n) => crmLead({ id: n + 10 })),
    ])
    await mirrored(bridge, [1, 2, 3], { client_code: 77, budget_value: 1234.5, order_value: 99 })
    for (const client of [1, 2]) await addBranch(bridge.erp, { client, taxId: `12ABC000000${client}35`, idCrm: client })
    expect(await run()).toMatchObject({ status: 'success', counts: { mirrored: 3, removed: 1 } })
    const kept = 'client_code::int, budget_value::float, order_value::float'
    expect(await sql(`select id::int, ${kept} from leads where id <= 3 order by id`)).toEqual([
      { id: 1, client_code: 77, budget_value: 1234.5, order_value: 99 },
      { id: 2, client_code: 77, budget_value: 1234.5, order_value: 99 },
    ])
    await bridge.simulator.load([crmLead({ id: 3 })])
    await run()
    expect(await sql('select budget_value::float, order_value::float from leads where id = 3')).toEqual([
      { budget_value: 1234.5, order_value: 99 },
    ])
  })

  test('leaves out a lead with more than a column holds, tells which field, and takes its neighbours', async () => {
    await bridge.simulator.load([
      crmLead({ id: 1, number: '98765432101' }),
      crmLead({ id: 2, cnpj: '12.345.678/0001-95 / 98.765.432/0001-98', cep: '01310-100 / 01310-200' }),
      crmLead({ id: 3, customFields: { '_cod.cliente': '9'.repeat(20), _inscricaoestadual: '1'.repeat(25) } }),
      crmLead({ id: 4, street: 'Rua Nova' }),
      { ...crmPerson(4, 1), email: `${'x'.repeat(200)}@example.com` } as never,
      crmPerson(4, 2),
    ])
    await mirrored(bridge, [1, 4])
    expect(await run()).toMatchObject({
      status: 'success',
      counts: { ready: 1, leftOut: 3, contactsReady: 1, contactsLeftOut: 1, removed: 0 },
    })
    const value = 'Campo longo demais'
    expect(await sql('select lead_id, field, value from log_execution_crm order by lead_id, field')).toEqual([
      { lead_id: '1', field: 'number', value },
      { lead_id: '2', field: 'cep', value },
      { lead_id: '2', field: 'cnpj', value },
      { lead_id: '3', field: '_cod.cliente', value },
      { lead_id: '3', field: '_inscricaoestadual', value },
      { lead_id: '4', field: 'contact 41: email', value },
    ])
    expect(await sql('select id::int, address_street from leads order by id')).toEqual([
      { id: 1, address_street: null },
      { id: 4, address_street: 'Rua Nova' },
    ])
  })

  test('leaves out a lead that a table narrower than ours refuses, and tells it', async () => {
    await bridge.erp.query(`alter table leads add constraint narrow check (length(address_street) <= 30)`)
    await bridge.simulator.load(upTo(5).map((id) => crmLead({ id, street: id === 4 ? 'Avenida Conceição de Ipanema do Sul' : 'Rua Nova' })))
    await mirrored(bridge, upTo(5))
    expect(await run({ dryRun: true })).toMatchObject({ status: 'success', counts: { ready: 4, leftOut: 1 } })
    await bridge.erp.query('delete from log_execution_crm')
    expect(await run()).toMatchObject({ status: 'success', counts: { ready: 4, leftOut: 1, updated: 4, removed: 0, refused: 0 } })
    expect(await sql('select lead_id, field, value from log_execution_crm')).toEqual([
      { lead_id: '4', field: 'LEADS', value: 'Valor recusado' },
    ])
    expect(await mirrorRows(bridge, 'address_street')).toEqual(upTo(5).map((id) => ({ address_street: id === 4 ? null : 'Rua Nova' })))
  })

  test('leaves out leads and contacts without their mandatory fields, tells which, and keeps what the mirror had of them', async () => {
    await bridge.simulator.load([
      crmLead({ id: 1, street: ' ', district: null, lead: 'Incompleta' }),
      crmLead({ id: 2, industry: null }),
      crmLead({ id: 3 }),
      { ...crmPerson(3, 1), jobTitle: null } as never,
      crmPerson(3, 2),
    ])
    await mirrored(bridge, [1])
    const report = await run()
    expect(report).toMatchObject({
      status: 'success',
      counts: { ready: 1, leftOut: 2, contactsReady: 1, contactsLeftOut: 1, contactsApplied: 1, removed: 0 },
      message: expect.stringContaining('2 leads and 1 contacts were left out'),
    })
    expect(await sql('select lead_id, lead_name, field, value from log_execution_crm order by lead_id, field')).toEqual([
      { lead_id: '1', lead_name: 'Incompleta', field: 'district', value: 'Campo ausente' },
      { lead_id: '1', lead_name: 'Incompleta', field: 'street', value: 'Campo vazio' },
      { lead_id: '2', lead_name: 'Padaria São João 2', field: 'industry.value', value: 'Campo ausente' },
      { lead_id: '3', lead_name: 'Padaria São João 3', field: 'contact 31: jobTitle', value: 'Campo ausente' },
    ])
    expect(await ids()).toEqual([1, 3])
    expect(await sql('select id::int from contacts')).toEqual([{ id: 32 }])
  })

  test('keeps what it read on record, for people of its group only; nothing of it is in the log', async () => {
    await bridge.simulator.load([
      crmLead({ id: 1, lead: 'Padaria Segredo', cnpj: '11222333000181' }),
      crmPerson(1),
      crmLead({ id: 2, stage: 'Novos leads' }),
    ])
    const report = await run()
    const [path] = records()
    expect(path).toMatch(new RegExp(`full_sync_leads_${report.run}_.*\\.json$`))
    const file = join(bridge.folder, 'queue/leads/processados', path!)
    expect(statSync(file).mode & 0o777).toBe(0o640)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).id)).toEqual([1, 2])
    expect(JSON.parse(lines[0]!)).toMatchObject({ lead: 'Padaria Segredo', persons: [{ name: 'José Conceição 1' }] })
    const log = readFileSync(bridge.logFile, 'utf8')
    for (const secret of ['Segredo', '11222333000181', 'José', 'jose1']) expect(log).not.toContain(secret)
  })

  test('one lead that the ERP refuses does not hold up its neighbours', async () => {
    await bridge.simulator.load(upTo(4).map((id) => crmLead({ id, cnpj: id === 2 ? '11222333000181' : `1122233300019${id}` })))
    for (const client of [50, 51]) await addBranch(bridge.erp, { client, taxId: '11222333000181' })
    expect(await run()).toMatchObject({
      status: 'success',
      counts: { applied: 3, refused: 1 },
      message: expect.stringContaining('refused 1 leads'),
    })
    expect(await ids()).toEqual([1, 3, 4])
  })

  test('loads 3,000 leads over pages that drift', async () => {
    await bridge.simulator.load(upTo(3_000).map((id) => crmLead({ id })))
    bridge.simulator.setFaults({ pageDrift: { share: 0.3, rows: 9, evenOrdered: true } })
    expect(await run()).toMatchObject({ status: 'success', counts: { read: 3_000, ready: 3_000, applied: 3_000, refused: 0 } })
    expect(await sql('select count(*)::int as n from leads')).toEqual([{ n: 3_000 }])
    expect(await sql('select count(*)::int as n from branches where id_crm is not null')).toEqual([{ n: 3_000 }])
  }, 180_000)

  test('a contact whose person is gone leaves the mirror, and the ERP only when its setting says so', async () => {
    await bridge.simulator.load([crmLead({ id: 1 }), crmPerson(1, 1)])
    await run()
    await bridge.simulator.reset(false)
    await bridge.simulator.load([crmLead({ id: 1 })])
    expect(await run()).toMatchObject({ counts: { contactsGone: 1 } })
    expect(await sql('select count(*)::int as n from contacts')).toEqual([{ n: 0 }])
    expect(await sql('select count(*)::int as n from contact')).toEqual([{ n: 1 }])
  })

  test('adopts the ERP contact with the same e-mail instead of adding another', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '12ABC000000135', idCrm: 1 })
    await addContact(bridge.erp, { code: 5, client: 10, name: 'José', email: 'JOSE1.1@example.com' })
    await bridge.simulator.load([crmLead({ id: 1 }), crmPerson(1)])
    await run()
    expect(await sql('select code::int, id_crm::int from contact')).toEqual([{ code: 5, id_crm: 11 }])
  })
})

describe('what stands between a full sync and a bad day', () => {
  test('the guard: less than half of the old mirror is not swapped, unless an operator says so', async () => {
    await bridge.simulator.load(upTo(4).map((id) => crmLead({ id })))
    await mirrored(bridge, upTo(9))
    const before = await mirrorWithoutSpelling()
    const stopped = await run()
    expect(stopped).toMatchObject({ status: 'stopped', counts: { ready: 4, mirrored: 9 }, message: expect.stringContaining('50 percent') })
    expect(await mirrorWithoutSpelling()).toEqual(before)
    expect(await staging()).toBe(0)
    expect(await run({ acceptGuard: stopped.run })).toMatchObject({ status: 'success', counts: { removed: 5 } })
    expect(await ids()).toEqual([1, 2, 3, 4])
    expect(await sql('select count(*)::int as n from leads_removed')).toEqual([{ n: 5 }])
  })

  test('exactly half goes on', async () => {
    await bridge.simulator.load(upTo(4).map((id) => crmLead({ id })))
    await mirrored(bridge, upTo(8))
    expect(await run()).toMatchObject({ status: 'success', counts: { removed: 4 } })
  })

  test('a dry run checks and reports, and changes nothing', async () => {
    await bridge.simulator.load([crmLead({ id: 1 }), crmLead({ id: 2, city: null }), crmLead({ id: 3, phone1: '5511900000000' })])
    await mirrored(bridge, [3, 4])
    const before = await mirrorWithoutSpelling()
    expect(await run({ dryRun: true })).toMatchObject({
      status: 'success',
      counts: { ready: 2, leftOut: 1, fresh: 1, gone: 1 },
      message: expect.stringContaining('Nothing was changed. 2 leads are ready, 1 of them new; 1 would leave the mirror; 1 leads'),
    })
    expect(await mirrorWithoutSpelling()).toEqual(before)
    expect(await sql('select count(*)::int as n from branches')).toEqual([{ n: 0 }])
    expect(await sql('select field, value from log_execution_crm')).toEqual([{ field: 'city', value: 'Campo ausente' }])
    expect([await staging(), records()]).toEqual([0, []])
  })

  test('only a job that knows dry runs takes one', async () => {
    await expect(bridge.run('job_execute_spark', { dryRun: true })).rejects.toMatchObject({ code: 'run.no_dry_run', exitCode: 2 })
  })

  test('it runs only when a person asks', async () => {
    expect(jobs.find((job) => job.name === 'job_leads_full_sync')?.manual).toBe(true)
    expect((await bridge.allJobs()).map((report) => report.job)).not.toContain('job_leads_full_sync')
  })

  test.each([
    ['the second page', { errors5xx: { share: 1, paths: ['Leads'] } }],
    ['the custom fields', { errors5xx: { share: 1, paths: ['LeadsCustomFields'] } }],
    ['the persons', { malformedJson: { share: 1, paths: ['Persons'] } }],
  ])('a CRM that breaks down at %s changes nothing', async (_name, faults) => {
    await bridge.simulator.load(upTo(700).map((id) => crmLead({ id })))
    await mirrored(bridge, [1, 2, 999])
    const before = await mirrorWithoutSpelling()
    const { leads } = bridge.context.crm
    Object.assign(bridge.context.crm, {
      async *leads(signal: AbortSignal) {
        for await (const page of leads(signal)) {
          bridge.simulator.setFaults(faults)
          yield page
        }
      },
    })
    expect(await run()).toMatchObject({ status: 'failed' })
    expect(await mirrorWithoutSpelling()).toEqual(before)
    expect([await staging(), records()]).toEqual([0, []])
    expect(readdirSync(join(bridge.folder, 'queue/leads/.tmp'))).toEqual([])
  })

  test('killed between load and swap, and within the swap: the old mirror stands, and the next one finishes', async () => {
    await bridge.close()
    await open({ childLeaseMs: 400 })
    await bridge.simulator.load(upTo(60).map((id) => crmLead({ id, street: 'Rua Nova' })))
    await mirrored(bridge, [...upTo(30), 999], { address_street: 'Rua Velha', budget_value: 5 })
    const before = await mirrorWithoutSpelling()
    // The swap has to wait for this row; that is where the process is killed.
    const holder = await bridge.erp.connect()
    await holder.query('begin; select from leads where id = 30 for update')
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../testing/worker.ts'), JSON.stringify(bridge.where), 'job_leads_full_sync'],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const ended = once(child, 'exit')
    await vi.waitFor(
      async () => {
        const waiting = await sql(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        expect(waiting[0].n).toBe(1)
      },
      { timeout: 60_000, interval: 20 },
    )
    expect(await staging()).toBeGreaterThanOrEqual(60)
    child.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
    await holder.query('rollback')
    holder.release()
    expect(await mirrorWithoutSpelling()).toEqual(before)

    await sleep(500)
    expect(await mirrorWithoutSpelling()).toEqual(before)
    expect(await run()).toMatchObject({ status: 'success', counts: { mirrored: 31, removed: 1, fresh: 30, applied: 60, refused: 0 } })
    expect(await ids()).toEqual(upTo(60))
    expect(
      await sql(`select count(*)::int as n from leads where address_street = 'Rua Nova' or upper(address_street) = 'RUA NOVA'`),
    ).toEqual([{ n: 60 }])
    expect(await sql('select count(*)::int as n from leads where budget_value = 5')).toEqual([{ n: 30 }])
    expect(await staging()).toBe(0)
    expect(records()).toHaveLength(2)
    expect(readdirSync(join(bridge.folder, 'queue/leads/.tmp'))).toEqual([])
  }, 120_000)

  test('a lead that an event changes meanwhile keeps the newer values', async () => {
    await bridge.simulator.load([crmLead({ id: 1, street: 'Rua Velha' }), crmLead({ id: 2 })])
    await run()
    const { personsOf } = bridge.context.crm
    let done = false
    Object.assign(bridge.context.crm, {
      async personsOf(asked: readonly number[]) {
        const persons = await personsOf(asked)
        if (!done) {
          done = true
          await inCrm(bridge, '/leads/1', { street: 'Rua Nova', phone1: '5511911111111' })
          await bridge.context.lanes.leads.enqueue('update_leads_in_erp', 'x', '{"Lead":{"Id":1,"Stage":"Desenvolvimento/Orçamento"}}')
          expect(await bridge.run('job_update_leads_in_erp')).toMatchObject({ counts: { applied: 1 } })
        }
        return persons
      },
    })
    expect(await run()).toMatchObject({ status: 'success', counts: { applied: 0, refused: 0 } })
    expect(await sql('select address_street, phone from leads where id = 1')).toEqual([
      { address_street: 'Rua Nova', phone: '5511911111111' },
    ])
    expect(await sql('select phone from branches where id_crm = 1')).toEqual([{ phone: '5511911111111' }])
  })

  test('midnight between reading and swapping is of no account: names go by the run', async () => {
    await bridge.simulator.load([crmLead({ id: 1 })])
    const { personsOf } = bridge.context.crm
    Object.assign(bridge.context.crm, {
      async personsOf(asked: readonly number[]) {
        vi.setSystemTime(new Date('2026-03-02T00:00:01Z'))
        return personsOf(asked)
      },
    })
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T23:59:58Z') })
    try {
      const report = await run()
      expect(report.status).toBe('success')
      expect(records()).toEqual([expect.stringContaining(report.run)])
    } finally {
      vi.useRealTimers()
    }
  })
})
