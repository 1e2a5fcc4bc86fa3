/** The ERP -> CRM parts of the acceptance scenarios, under their numbers. Real databases, files, engine and client; the CRM is simulated. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { balanceOf } from '../run/balance.ts'
import { type Bridge, type BridgeOptions, openBridge, token } from '../testing/bridge.ts'
import { expectExactlyOnce, expectQueueAtRest } from '../testing/checks.ts'
import { crmLead, inCrm, mirrorRows, upTo } from '../testing/crm-leads.ts'
import { addBranch, addContact, mirrorLinked, seedReference, setBudget, setOrder } from '../testing/small-erp.ts'

let bridge: Bridge
const open = async (options?: BridgeOptions) => {
  bridge = await openBridge(options)
  await seedReference(bridge.erp)
}
const effects = async (kind?: string) =>
  (await bridge.simulator.effects()).filter((effect) => effect.kind !== 'loaded' && (kind === undefined || effect.kind === kind))
const branch = async (client: number) => (await bridge.erp.query('select * from branches where client = $1', [client])).rows[0]
const filesIn = (...path: string[]) => readdirSync(join(bridge.folder, 'queue', ...path)).filter((name) => name.endsWith('.json'))

beforeEach(() => open())
afterEach(() => bridge.close())

describe('1. a flagged ERP branch without CRM id', () => {
  test('becomes a CRM lead within one cycle, with padded tax id, known rep and registration; its id and contacts follow; the second run changes nothing', async () => {
    await addBranch(bridge.erp, {
      client: 10,
      taxId: '1.234.567/0001-95',
      rep: 7,
      registration: '12.345-6',
      name: 'Padaria São João Ltda',
      complement: 'Sala 2',
    })
    await addBranch(bridge.erp, { client: 11, taxId: '12ABC34501DE35', rep: 4711, registration: 'ISENTO', number: null })
    await addBranch(bridge.erp, { client: 12, taxId: '11222333000181', flagged: false })
    await addContact(bridge.erp, { code: 1, client: 10, name: 'José Conceição', email: 'JOSE@example.com', primary: true, title: 'Sócio' })
    await addContact(bridge.erp, { code: 2, client: 10, name: 'Ana', email: 'ana@example.com' })
    await addContact(bridge.erp, { code: 3, client: 10, name: 'Sem e-mail', email: null })

    const reports = await bridge.cycle()
    expect(reports.map((report) => report.status)).toEqual(['success', 'success', 'skipped', 'success', 'skipped'])

    const created = await effects('leadAdded')
    expect(created).toHaveLength(2)
    const ids = { 10: (await branch(10)).id_crm, 11: (await branch(11)).id_crm }
    expect(Number(ids[10])).toBeGreaterThan(0)
    expect((await branch(12)).id_crm).toBeNull()

    const [bakery] = await bridge.context.crm.leadsByTaxId('01234567000195')
    expect(bakery).toMatchObject({
      id: Number(ids[10]),
      lead: 'Padaria São João Ltda',
      street: 'Rua das Flores',
      cep: '01310100',
      number: '100',
      complement: 'Sala 2',
      city: 'São Paulo',
      state: 'São Paulo',
    })
    expect(await bridge.context.crm.leadCustomFields(Number(ids[10]))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: '_cod.gestores', options: ['7'] }),
        expect.objectContaining({ id: '_cod.cliente', value: '10' }),
        expect.objectContaining({ id: '_inscricaoestadual', value: '123456' }),
      ]),
    )
    const [letters] = await bridge.context.crm.leadsByTaxId('12ABC34501DE35')
    expect(letters).toMatchObject({ id: Number(ids[11]), number: 'SN' })
    expect(await bridge.context.crm.leadCustomFields(Number(ids[11]))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: '_cod.gestores', options: ['99'] }),
        expect.objectContaining({ id: '_inscricaoestadual', value: '99' }),
      ]),
    )

    const persons = await bridge.context.crm.persons(Number(ids[10]))
    expect(persons.map(({ name, email, mainContact, jobTitle }) => ({ name, email, mainContact, jobTitle }))).toEqual(
      expect.arrayContaining([
        { name: 'José Conceição', email: 'jose@example.com', mainContact: 'true', jobTitle: 'Sócio' },
        expect.objectContaining({ name: 'Ana', email: 'ana@example.com', mainContact: 'false' }),
      ]),
    )
    expect(persons).toHaveLength(2)
    const stored = await bridge.erp.query('select code, id_crm from contact order by code')
    expect(stored.rows.map((row) => row.id_crm !== null)).toEqual([true, true, false])

    const writes = (await effects()).length
    const second = await bridge.cycle()
    expect(second.map((report) => report.status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'skipped'])
    expect(await effects()).toHaveLength(writes)
    expect(await balanceOf(bridge.state, reports[0]!.run)).toMatchObject({ changed: 2, delivered: 2, balanced: true })
  })

  test('a lead that the CRM already has under this tax id is adopted, not doubled', async () => {
    const result = await bridge.context.crm.addLead({ name: 'made by hand', cpfcnpj: '11222333000181' })
    await addBranch(bridge.erp, { client: 10, taxId: '11.222.333/0001-81' })
    await bridge.cycle()
    expect(await effects('leadAdded')).toHaveLength(1)
    expect(Number((await branch(10)).id_crm)).toBe(result.ok && result.value)
  })

  test('contacts added to a lead later are found and sent once', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181' })
    await bridge.cycle()
    await addContact(bridge.erp, { code: 5, client: 10, name: 'Nova', email: 'nova@example.com' })
    await bridge.cycle()
    await bridge.cycle()
    expect(await effects('personAdded')).toHaveLength(1)
  })

  test('two waiting branches with one tax id are held back and counted', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181' })
    await addBranch(bridge.erp, { client: 11, taxId: '11.222.333/0001-81' })
    await addBranch(bridge.erp, { client: 12, taxId: '12ABC34501DE35' })
    const [detect] = await bridge.cycle()
    expect(detect!.counts).toMatchObject({ changed: 1, ambiguousTaxIds: 1 })
    expect(await effects('leadAdded')).toHaveLength(1)
  })

  test('a flagged branch whose tax id another branch already linked is held back too: two branches never share a lead by accident', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181' })
    await bridge.cycle()
    await addBranch(bridge.erp, { client: 11, taxId: '11.222.333/0001-81' })
    const [detect] = await bridge.cycle()
    expect(detect!.counts).toMatchObject({ changed: 0, ambiguousTaxIds: 1 })
    expect((await branch(11)).id_crm).toBeNull()
  })
})

/** Puts an existing lead on both sides: the CRM, the mirror and the ERP branch. */
async function linked(client: number, taxId: string, extra: { street?: string } = {}): Promise<number> {
  await addBranch(bridge.erp, { client, taxId, ...extra })
  await bridge.cycle()
  const id = Number((await branch(client)).id_crm)
  await bridge.erp.query('alter table leads disable trigger user')
  await bridge.erp.query(
    `insert into leads (id, name, stage, taxid, address_street, address_zipcode, address_number, address_district, city, state, sales_rep, tax_registration, client_code)
     select b.id_crm, b.description, 'Desenvolvimento/Orçamento', b.taxid, b.address, b.zipcode, b.address_number, b.district, 'São Paulo', 'São Paulo', b.sales_rep, b.tax_registration, b.client
       from branches b where b.client = $1`,
    [client],
  )
  await bridge.erp.query('alter table leads enable trigger user')
  return id
}

describe('5. an ERP address change', () => {
  test('makes exactly one CRM update that holds the ERP values, and nothing after it', async () => {
    const id = await linked(10, '11222333000181')
    expect((await bridge.cycle())[0]!.counts).toMatchObject({ changed: 0 })
    await bridge.erp.query(
      `update branches set address = 'Avenida São João', address_number = 1500, complement = 'Conjunto 12', city = 2 where client = 10`,
    )
    await bridge.cycle()
    await bridge.cycle()
    expect(await effects('leadUpdated')).toHaveLength(1)
    expect(await bridge.context.crm.leadById(id)).toMatchObject({
      street: 'Avenida São João',
      number: '1500',
      complement: 'Conjunto 12',
      city: "Olho D'Água das Flores",
      state: 'Alagoas',
      cnpj: '11222333000181',
    })
    const mirror = await bridge.erp.query('select address_street, address_number, city from leads where id = $1', [id])
    expect(mirror.rows[0]).toMatchObject({ address_street: 'Avenida São João', city: "Olho D'Água das Flores" })
  })

  test('X, then Y, then X again: three changes, three updates, the last one stands', async () => {
    const id = await linked(10, '11222333000181', { street: 'Rua X' })
    for (const street of ['Rua Y', 'Rua X', 'Rua Y']) {
      await bridge.erp.query('update branches set address = $1 where client = 10', [street])
      const [detect] = await bridge.cycle()
      expect(detect!.counts).toMatchObject({ changed: 1, queued: 1 })
    }
    expect(await effects('leadUpdated')).toHaveLength(3)
    expect(await bridge.context.crm.leadById(id)).toMatchObject({ street: 'Rua Y' })
  })

  test('a newer change replaces one that is still waiting: one update, the newest values', async () => {
    const id = await linked(10, '11222333000181')
    await bridge.erp.query(`update branches set address = 'Rua Um' where client = 10`)
    const first = await bridge.run('job_execute_spark')
    const same = await bridge.run('job_execute_spark')
    expect(same.counts).toMatchObject({ changed: 1, queued: 0, suppressed: 1 })
    await bridge.erp.query(`update branches set address = 'Rua Dois' where client = 10`)
    await bridge.run('job_execute_spark')
    await bridge.run('job_update_leads_in_crm')
    expect(await effects('leadUpdated')).toHaveLength(1)
    expect(await bridge.context.crm.leadById(id)).toMatchObject({ street: 'Rua Dois' })
    expect(await balanceOf(bridge.state, first.run)).toMatchObject({ changed: 1, superseded: 1, balanced: true })
    expect(await balanceOf(bridge.state, same.run)).toMatchObject({ changed: 1, suppressed: 1, balanced: true })
  })

  test('a rep that the CRM does not know is sent as 99 and the ERP keeps its own', async () => {
    const id = await linked(10, '11222333000181')
    await bridge.erp.query('update branches set sales_rep = 4711 where client = 10')
    await bridge.cycle()
    await bridge.cycle()
    expect(await effects('leadUpdated')).toHaveLength(1)
    expect(await bridge.context.crm.leadCustomFields(id)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: '_cod.gestores', options: ['99'] })]),
    )
    expect(Number((await branch(10)).sales_rep)).toBe(4711)
  })
})

describe('2. a crash in the middle of a 20-line file', () => {
  test('a process killed after the seventh create: a restart finishes the others, none is doubled', async () => {
    await bridge.close()
    await open({ childLeaseMs: 400, settleMs: 100, concurrency: 1 })
    for (let client = 1; client <= 20; client++) await addBranch(bridge.erp, { client, taxId: String(10_000_000_000_000 + client) })
    const worker = spawn(process.execPath, [join(import.meta.dirname, '../testing/worker.ts'), JSON.stringify(bridge.where)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = once(worker, 'exit')
    const stop = bridge.simulator.onEffect(({ kind, seq }) => void (kind === 'leadAdded' && seq === 7 && worker.kill('SIGKILL')))
    expect(await ended).toEqual([null, 'SIGKILL'])
    stop()
    const before = (await effects('leadAdded')).length
    expect(before).toBeLessThan(20)

    await sleep(500)
    expect((await bridge.run('job_insert_leads_in_spotter')).status).toBe('success')
    await expectExactlyOnce(bridge, { leads: 20, persons: 0 })
    expectQueueAtRest(bridge)
  })

  test('an outage in the middle: the lines already done are not sent again', async () => {
    for (let client = 1; client <= 20; client++) await addBranch(bridge.erp, { client, taxId: String(10_000_000_000_000 + client) })
    await bridge.run('job_execute_spark')
    // The CRM goes away for good after 7 creates; the process that delivers sees it as an outage and ends.
    bridge.simulator.setFaults({ connectionsReset: { share: 0 } })
    const seen = bridge.simulator.onEffect((effect) => {
      if (effect.kind === 'leadAdded' && effect.seq >= 7) bridge.simulator.setFaults({ errors5xx: { share: 1, statuses: [503] } })
    })
    const cut = await bridge.run('job_insert_leads_in_spotter')
    expect(cut.status).toBe('failed')
    seen()
    bridge.simulator.setFaults({})
    await bridge.run('job_insert_leads_in_spotter')
    const created = await effects('leadAdded')
    expect(created).toHaveLength(20)
    expect(filesIn('leads', 'processar')).toEqual([])
    expect(filesIn('leads', 'falhas')).toEqual([])
  })
})

describe('letters on disk are the truth', () => {
  test('a letter deleted by hand does not block its changes: the next compare queues them again', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181' })
    await bridge.run('job_execute_spark')
    const [letter] = filesIn('leads', 'processar')
    rmSync(join(bridge.folder, 'queue', 'leads', 'processar', letter!))
    const again = await bridge.run('job_execute_spark')
    expect(again.counts).toMatchObject({ changed: 1, queued: 1, suppressed: 0 })
    await bridge.run('job_insert_leads_in_spotter')
    expect(await effects('leadAdded')).toHaveLength(1)
  })

  test('a letter that became unreadable goes to falhas, and its changes are sent in a new one', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181' })
    await bridge.run('job_execute_spark')
    const [letter] = filesIn('leads', 'processar')
    writeFileSync(join(bridge.folder, 'queue', 'leads', 'processar', letter!), Buffer.from([0xff, 0xfe, 0x00, 0xd8]))
    await bridge.run('job_insert_leads_in_spotter')
    expect(filesIn('leads', 'falhas')).toContain(letter)
    await bridge.cycle()
    expect(await effects('leadAdded')).toHaveLength(1)
    expect((await branch(10)).id_crm).not.toBeNull()
  })
})

describe('delivered letters', () => {
  test('are kept for some days, and deleted by the purge after that', async () => {
    for (const day of ['20200101', new Date().toISOString().slice(0, 10).replaceAll('-', '')])
      mkdirSync(join(bridge.folder, 'queue', 'leads', 'processados', day))
    const timeline = join(bridge.folder, 'queue', 'contacts', 'processar')
    for (const name of ['inserted_timeline_25-05-2020_09-30-15.json', `inserted_timeline_x_${Date.now()}.json`])
      writeFileSync(join(timeline, name), '{}')
    // Nobody is still writing it.
    utimesSync(join(timeline, 'inserted_timeline_25-05-2020_09-30-15.json'), 0, 0)
    const counts = { leadsDays: 1, contactsDays: 0, timelineEvents: 1 }
    expect(await bridge.run('purge')).toMatchObject({ status: 'success', counts })
    expect(readdirSync(timeline)).toEqual([expect.stringMatching(/^inserted_timeline_x_/)])
    expect(readdirSync(join(bridge.folder, 'queue', 'leads', 'processados'))).not.toContain('20200101')
    expect(readdirSync(join(bridge.folder, 'queue', 'leads', 'processados'))).toHaveLength(1)
  })
})

describe('8. a lead that is sold already', () => {
  const mirror = async () =>
    (await bridge.erp.query('select stage, budget_value::float as budget, order_value::float as "order" from leads where id = 1')).rows[0]
  const requests = () => bridge.simulator.requests().authenticated
  /** Lead 1 of client 1, in the budget stage by the mirror. */
  const lead = async (stage: string) => {
    await bridge.simulator.load([{ kind: 'lead', id: 1, lead: 'L1', stage }])
    await addBranch(bridge.erp, { client: 1, taxId: '11222333000181', idCrm: 1 })
    await mirrorLinked(bridge.erp)
    await setBudget(bridge.erp, 1, '100')
  }
  const sold = async () => {
    await lead('Desenvolvimento/Orçamento')
    const won = await bridge.context.crm.winLead({ leadId: 1, salesRepEmail: 'rep7@example.com', ignoreSalesRep: false, products: [] })
    expect(won).toMatchObject({ ok: true })
  }

  test('a budget put on it is refused once: the mirror takes value and stage, nothing is tried again', async () => {
    await sold()
    const before = requests()
    const report = await bridge.run('job_orca_lead_in_spotter')
    expect(report).toMatchObject({ status: 'success', counts: { leads: 1, delivered: 0, alreadySold: 1, refused: 0 } })
    expect(await balanceOf(bridge.state, report.run)).toMatchObject({ changed: 1, delivered: 1, balanced: true })
    expect(await mirror()).toEqual({ stage: 'Ativação', budget: 100, order: null })
    // Its products, the refusal, its stage.
    expect(requests() - before).toBe(3)
    for (let run = 0; run < 3; run++) expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ status: 'skipped' })
    expect(requests() - before).toBe(3)
    const { rows } = await bridge.erp.query('select job, lead_id, field, value from log_execution_crm')
    expect(rows).toEqual([{ job: 'job_orca_lead_in_spotter', lead_id: '1', field: 'BUDGET_VALUE', value: '100 (the lead is sold)' }])
  })

  test('a budget that is refused in other words is known for one by the stage, in any spelling', async () => {
    await lead('Retenção/Expansão\u00a0')
    bridge.simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'] } })
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ counts: { alreadySold: 1, refused: 0 } })
    expect(await mirror()).toEqual({ stage: 'Retenção/Expansão', budget: 100, order: null })
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ status: 'skipped' })
  })

  test('a refusal in an earlier stage is a refusal: the mirror stays, the lead is tried again later', async () => {
    await lead('Passagem de bastão')
    bridge.simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'] } })
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ counts: { alreadySold: 0, refused: 1 } })
    expect(await mirror()).toEqual({ stage: 'Desenvolvimento/Orçamento', budget: null, order: null })
  })

  test('"Lead is sold" is success of a sale: the mirror takes the value, nothing is tried again', async () => {
    await sold()
    await setOrder(bridge.erp, 1, '99.5')
    const report = await bridge.run('job_vende_lead_in_spotter')
    expect(report).toMatchObject({ status: 'success', counts: { leads: 1, delivered: 0, alreadySold: 1, refused: 0 } })
    expect(await mirror()).toEqual({ stage: 'Desenvolvimento/Orçamento', budget: null, order: 99.5 })
    const before = requests()
    expect(await bridge.run('job_vende_lead_in_spotter')).toMatchObject({ status: 'skipped' })
    expect(requests()).toBe(before)
    expect(await effects('won')).toHaveLength(1)
  })

  test('what was told before it left the mirror is not told again when it comes back', async () => {
    await lead('Desenvolvimento/Orçamento')
    await setOrder(bridge.erp, 1, '99.5')
    for (const job of ['job_orca_lead_in_spotter', 'job_vende_lead_in_spotter'])
      expect(await bridge.run(job)).toMatchObject({ counts: { delivered: 1 } })
    const { erp } = bridge.context
    const before = requests()
    expect(await erp.removeLead({ leadId: '1', job: 'test', reason: 'restarted' })).toBe(true)
    const quiet = { NAME: 'L1', STAGE: 'Desenvolvimento/Orçamento' }
    await erp.applyLead({ inboxId: 'back', leadId: '1', taxId: '11222333000181' }, () => ({ quiet, loud: {} }))
    expect(await mirror()).toEqual({ stage: 'Desenvolvimento/Orçamento', budget: 100, order: 99.5 })
    for (const job of ['job_orca_lead_in_spotter', 'job_vende_lead_in_spotter'])
      expect(await bridge.run(job)).toMatchObject({ status: 'skipped', counts: { leads: 0 } })
    expect(requests()).toBe(before)
  })
})

describe('a CRM that answers it is away', () => {
  test('nothing is lost and no attempt is spent: the letters stay and the next run delivers them', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181' })
    await bridge.run('job_execute_spark')
    bridge.simulator.setFaults({ errors5xx: { share: 1 } })
    const failed = await bridge.run('job_insert_leads_in_spotter')
    expect(failed.status).not.toBe('skipped')
    expect(filesIn('leads', 'processar')).toHaveLength(1)
    expect(filesIn('leads', 'falhas')).toEqual([])
    bridge.simulator.setFaults({})
    await bridge.run('job_insert_leads_in_spotter')
    expect(await effects('leadAdded')).toHaveLength(1)
  })
})

describe('9. a duplicate _cod.cliente', () => {
  test('that line fails with its code, the rest of the file goes on, and the letter can be corrected and requeued', async () => {
    await bridge.context.crm.addLead({
      name: 'holds code 11',
      cpfcnpj: '99888777000155',
      customFields: [{ id: '_cod.cliente', value: '11' }],
    })
    for (const client of [10, 11, 12]) await addBranch(bridge.erp, { client, taxId: String(20_000_000_000_000 + client) })
    const [detect] = await bridge.cycle()
    expect(await effects('leadAdded')).toHaveLength(3)
    const [file] = filesIn('leads', 'falhas').filter((name) => !name.endsWith('.error.json'))
    const { letter, body } = await bridge.context.lanes.leads.showDead(file!)
    expect(letter.lines).toMatchObject([{ code: 'DUPLICATE_CLIENT_CODE', httpStatus: 400 }])
    expect(body.trim().split('\n')).toHaveLength(1)
    expect(await balanceOf(bridge.state, detect!.run)).toMatchObject({ changed: 3, delivered: 2, failed: 1, balanced: true })
  })
})

describe('10. a lead that moves back a stage, or is gone', () => {
  test('leaves the mirror; comes again and is there again, its budget not told twice; a lead missing in the CRM is removed and the job succeeds', async () => {
    await bridge.simulator.load(upTo(9).map((id) => crmLead({ id })))
    await bridge.run('job_leads_full_sync')
    const client = (await bridge.erp.query('select client from branches where id_crm = 1')).rows[0].client
    await setBudget(bridge.erp, Number(client), '1500')
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ counts: { delivered: 1 } })

    await inCrm(bridge, '/leads/1', { stage: 'Passagem de bastão' })
    expect(await bridge.run('job_descarta_lead')).toMatchObject({ status: 'success', counts: { compare: { removed: 1 } } })
    expect((await mirrorRows(bridge, 'id::int')).map(({ id }) => id)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    // The ERP is untouched.
    expect((await bridge.erp.query('select count(*)::int as n from branches where id_crm = 1')).rows).toEqual([{ n: 1 }])

    await inCrm(bridge, '/leads/1', { stage: 'Desenvolvimento/Orçamento' })
    await bridge.context.lanes.leads.enqueue('converted_lead', 'x', '{"Lead":{"Id":1,"Stage":"Desenvolvimento/Orçamento"}}')
    expect(await bridge.run('job_update_converted_lead_in_erp')).toMatchObject({ status: 'success', counts: { applied: 1 } })
    expect(await mirrorRows(bridge, 'id::int, budget_value::int')).toContainEqual({ id: 1, budget_value: 1500 })
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ status: 'skipped' })
    expect(await effects('productAdded')).toHaveLength(1)

    await bridge.simulator.reset(false)
    await bridge.simulator.load(upTo(8).map((id) => crmLead({ id })))
    expect(await bridge.run('job_descarta_lead')).toMatchObject({ status: 'success', counts: { compare: { candidates: 1, removed: 1 } } })
    expect(await mirrorRows(bridge, 'id::int')).not.toContainEqual({ id: 9 })
  })
})

describe('11. a full sync', () => {
  test('interrupted after the load leaves the old mirror as it was; after a success no budget or sale is sent again', async () => {
    await bridge.simulator.load(upTo(4).map((id) => crmLead({ id })))
    await bridge.run('job_leads_full_sync')
    const { rows } = await bridge.erp.query<{ client: string; id: number }>(
      'select client, id_crm::int as id from branches order by id_crm',
    )
    for (const { client, id } of rows) {
      await setBudget(bridge.erp, Number(client), String(1000 + id))
      if (id <= 2) await setOrder(bridge.erp, Number(client), String(2000 + id))
    }
    await bridge.erp.query('update sales_reps set email = $1 where code = 7', ['rep7@example.com'])
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ counts: { delivered: 4 } })
    expect(await bridge.run('job_vende_lead_in_spotter')).toMatchObject({ counts: { delivered: 2 } })
    await inCrm(bridge, '/leads/3', { street: 'Rua Nova' })
    await bridge.simulator.load([crmLead({ id: 4, stage: 'Novos leads' })])

    const before = await mirrorRows(bridge)
    const { personsOf } = bridge.context.crm
    // Everything is read and staged; before the swap the CRM is asked once more for whom it did not show.
    Object.assign(bridge.context.crm, {
      async personsOf(asked: readonly number[]) {
        const persons = await personsOf(asked)
        bridge.simulator.setFaults({ errors5xx: { share: 1, paths: ['Leads'] } })
        return persons
      },
    })
    expect(await bridge.run('job_leads_full_sync')).toMatchObject({ status: 'failed' })
    expect(await mirrorRows(bridge)).toEqual(before)

    Object.assign(bridge.context.crm, { personsOf })
    bridge.simulator.setFaults({})
    expect(await bridge.run('job_leads_full_sync')).toMatchObject({ status: 'success', counts: { removed: 1 } })
    expect(await mirrorRows(bridge, 'id::int, budget_value::int, order_value::int')).toEqual([
      { id: 1, budget_value: 1001, order_value: 2001 },
      { id: 2, budget_value: 1002, order_value: 2002 },
      { id: 3, budget_value: 1003, order_value: null },
    ])
    expect(await bridge.run('job_orca_lead_in_spotter')).toMatchObject({ status: 'skipped' })
    expect(await bridge.run('job_vende_lead_in_spotter')).toMatchObject({ status: 'skipped' })
    expect([(await effects('productAdded')).length, (await effects('won')).length]).toEqual([4, 2])
  })
})

describe('12. order and nulls', () => {
  test('the same data in another order has the same batch hash in its file name', async () => {
    const names: string[] = []
    for (const order of [
      [10, 11],
      [11, 10],
    ]) {
      await bridge.close()
      await open()
      for (const client of order) await addBranch(bridge.erp, { client, taxId: String(20_000_000_000_000 + client) })
      await bridge.run('job_execute_spark')
      names.push(filesIn('leads', 'processar')[0]!.split('_').at(4)!)
    }
    expect(names[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(names[0]).toBe(names[1])
  })
})

describe('12. null shifting', () => {
  test('a value that moves to the neighbouring column makes another hash', async () => {
    const hashes: string[] = []
    for (const [complement, street] of [
      ['A', null],
      [null, 'A'],
      [null, null],
    ]) {
      await bridge.close()
      await open()
      await addBranch(bridge.erp, { client: 10, taxId: '11222333000181', complement: complement ?? null, street: street ?? null })
      await bridge.run('job_execute_spark')
      hashes.push(filesIn('leads', 'processar')[0]!.split('_').at(4)!)
    }
    expect(new Set(hashes).size).toBe(3)
  })
})

describe('13. secrets and personal data', () => {
  test('no log line of a whole cycle holds the token, a tax id, an e-mail or a phone', async () => {
    await addBranch(bridge.erp, { client: 10, taxId: '11222333000181', name: 'Padaria Segredo Ltda' })
    await addContact(bridge.erp, { code: 1, client: 10, name: 'Maria Reservada', email: 'maria.reservada@example.com' })
    await bridge.context.crm.addLead({ name: 'x', cpfcnpj: '99888777000155', customFields: [{ id: '_cod.cliente', value: '11' }] })
    await addBranch(bridge.erp, { client: 11, taxId: '12ABC34501DE35' })
    bridge.simulator.setFaults({ errors5xx: 0.3 })
    await bridge.cycle()
    await bridge.cycle()
    const log = readFileSync(bridge.logFile, 'utf8')
    expect(log).toContain('run ended')
    for (const secret of [token, '11222333000181', '12ABC34501DE35', 'maria.reservada', '98765', 'Reservada', 'Padaria Segredo'])
      expect(log).not.toContain(secret)
  })
})
