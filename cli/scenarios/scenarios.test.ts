/**
 * The acceptance scenarios, one after another in one installation of which every part is a process of its own: API, two
 * workers, simulated CRM (issue 5, must show 7). Nobody runs a job here: schedules of two seconds and webhooks do. In detail each of
 * them is tried in jobs/scenarios/scenarios.test.ts, api/scenarios/scenarios.test.ts and cli/coreintegrator/coreintegrator.test.ts.
 */
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { addBranch, addContact, mirrorLinked, setBudget, setOrder } from '../../jobs/testing/small-erp.ts'
import { environment, insertMany, testErp, unsynced, wronglyLogged } from '../testing/coreintegrator.ts'
import { crmToken, openSplitHouse, operator, patience, type SplitHouse, webhookToken } from '../testing/split-house.ts'

const inserts = 'job_insert_leads_in_spotter'
const inbound = ['job_update_leads_in_erp', 'job_update_converted_lead_in_erp', 'job_descarta_lead']
// Each waits for schedules, on a machine that may be busy.
vi.setConfig({ testTimeout: 400_000 })
let it: SplitHouse
beforeAll(async () => {
  it = await openSplitHouse()
  await Promise.all([it.worker(), it.worker()])
})
afterAll(() => it.close())

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, patience)
const one = async (statement: string, values: unknown[] = []) => (await it.erp.query(statement, values)).rows[0]
const linkOf = async (client: number) => Number((await one('select id_crm from branches where client = $1', [client]))?.id_crm ?? 0)
const leadOf = async (client: number) => {
  await soon(async () => expect(await linkOf(client)).toBeGreaterThan(0))
  return linkOf(client)
}
const count = async (kind?: string) => (await it.effects(kind)).length
const mirror = (id: number) =>
  one('select stage, budget_value::float as budget, order_value::float as "order", address_street as street from leads where id = $1', [id])
const taxId = (client: number) => String(30_000_000_000_000 + client)
const pause = async (jobs: readonly string[], what: 'pause' | 'resume') => {
  for (const job of jobs) expect(await it.operate('POST', `/jobs/${job}/${what}`)).toMatchObject({ status: 200 })
}

const newLead = {
  lead: 'Padaria São João Ltda',
  stage: 'Passagem de bastão',
  phone1: '5511987654321',
  industry: 'Varejo',
  source: 'Site',
  street: 'Rua das Flores',
  cep: '01310-100',
  number: '77',
  complement: 'Sala 2',
  district: 'Centro',
  city: 'São Paulo',
  state: 'São Paulo',
  customFields: { '_cod.gestores': ['7'], _inscricaoestadual: '99' },
}

/** A user of the CRM enters a lead with a person, and moves it to a stage that concerns the ERP. */
async function convert(cnpj: string, stage = 'Desenvolvimento/Orçamento'): Promise<number> {
  const { json } = await it.crmUser('POST', 'leads', { ...newLead, cnpj })
  await it.crmUser('POST', `leads/${json.id}/persons`, {
    name: 'José Conceição',
    email: `jose.${json.id}@example.com`,
    phone1: '11 98765-4321',
    mainContact: true,
  })
  await it.crmUser('POST', `leads/${json.id}`, { stage })
  return json.id
}

/** A branch whose lead is in an integrated stage on both sides. */
async function linked(client: number): Promise<number> {
  await addBranch(it.erp, { client, taxId: taxId(client), registration: 'ISENTO' })
  const id = await leadOf(client)
  await it.crmUser('POST', `leads/${id}`, { stage: 'Desenvolvimento/Orçamento' })
  await soon(async () => expect(await mirror(id)).toMatchObject({ stage: 'Desenvolvimento/Orçamento' }))
  return id
}

/** Two rounds of every job change nothing in the CRM. */
async function expectRest(): Promise<void> {
  await it.rounds(1)
  const before = await count()
  await it.rounds(2)
  expect((await it.effects()).slice(before), 'both sides are at rest').toEqual([])
}

test('1. a flagged branch becomes a lead with padded tax id, rep 99 and registration 99; its contacts follow once; then nothing changes', async () => {
  await addBranch(it.erp, { client: 101, taxId: '1.234.567/0001-95', rep: 4711, registration: 'ISENTO' })
  await addContact(it.erp, { code: 1, client: 101, name: 'Ana', email: 'ANA@example.com', primary: true })
  const id = await leadOf(101)
  await soon(async () => expect((await one('select id_crm from contact where code = 1')).id_crm).not.toBeNull())
  expect((await it.crm.leadsByTaxId('01234567000195')).map((lead) => lead.id)).toEqual([id])
  expect(await it.crm.leadCustomFields(id)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: '_cod.gestores', options: ['99'] }),
      expect.objectContaining({ id: '_inscricaoestadual', value: '99' }),
    ]),
  )
  expect(await it.crm.persons(id)).toMatchObject([{ name: 'Ana', email: 'ana@example.com' }])
  await expectRest()
})

test('2. a worker killed in the middle of a file of leads: the other goes on, no lead is doubled', async () => {
  const before = await count('leadAdded')
  await it.crmUser('PUT', 'faults', { delayMs: 300 })
  for (let client = 201; client <= 220; client++) await addBranch(it.erp, { client, taxId: taxId(client) })
  const holder = await soon(async () => {
    expect(await count('leadAdded')).toBeGreaterThanOrEqual(before + 3)
    const { rows } = await it.state.query('select worker from runs where job = $1 and status = $2', [inserts, 'running'])
    expect(rows).toHaveLength(1)
    return rows[0].worker as string
  })
  const victim = it.workerNamed(holder)
  victim.child.kill('SIGKILL')
  expect((await victim.ended).code).toBeNull()
  await it.crmUser('PUT', 'faults', {})
  expect(await count('leadAdded')).toBeLessThan(before + 20)
  for (let client = 201; client <= 220; client++) await leadOf(client)
  const added = (await it.effects('leadAdded')).slice(before).map(({ key }) => key)
  expect(new Set(added).size).toBe(20)
  expect(added).toHaveLength(20)
  await it.worker()
})

let converted = 0
test('3. a converted webhook makes ERP client, branch and contact; the client code goes back; then nothing is pushed', async () => {
  converted = await convert(taxId(301))
  await soon(async () =>
    expect(await one('select id_crm from branches where taxid = $1', [taxId(301)])).toEqual({ id_crm: String(converted) }),
  )
  const branch = await one('select * from branches where id_crm = $1', [converted])
  expect(branch).toMatchObject({ address_number: 77, complement: 'Sala 2', sales_rep: '7', tax_registration: 'ISENTO', integrate_crm: 'S' })
  await soon(async () =>
    expect(await one('select name from contact where email = $1', [`jose.${converted}@example.com`])).toEqual({ name: 'José Conceição' }),
  )
  await soon(async () =>
    expect(await it.crm.leadCustomFields(converted)).toContainEqual(
      expect.objectContaining({ id: '_cod.cliente', value: String(branch.client) }),
    ),
  )
  await expectRest()
})

test('4. two converted webhooks for one lead, each sent twice: one mirror row, one client', async () => {
  await it.webhooks({ faults: { duplicate: { share: 1 } } })
  const id = await convert(taxId(401))
  await it.crmUser('POST', `leads/${id}`, { stage: 'Ativação' })
  await soon(async () => expect(await mirror(id)).toMatchObject({ stage: 'Ativação' }))
  expect(await one('select count(*)::int as n from leads where id = $1', [id])).toEqual({ n: 1 })
  expect(await one('select count(*)::int as n from branches where taxid = $1', [taxId(401)])).toEqual({ n: 1 })
  await it.webhooks({})
})

let sold = 0
test('5. an ERP address change makes exactly one CRM update; a CRM address change is corrected, the ERP keeps its own', async () => {
  sold = await linked(501)
  await it.rounds(1)
  const before = await count('leadUpdated')
  await it.erp.query(`update branches set address = 'Avenida São João' where client = 501`)
  await soon(async () => expect(await it.crm.leadById(sold)).toMatchObject({ street: 'Avenida São João' }))
  await it.rounds(2)
  expect(await count('leadUpdated')).toBe(before + 1)
  await it.crmUser('POST', `leads/${sold}`, { street: 'Rua Errada' })
  await soon(async () => expect(await count('leadUpdated')).toBe(before + 2))
  expect(await it.crm.leadById(sold)).toMatchObject({ street: 'Avenida São João' })
  expect(await one('select address from branches where client = 501')).toEqual({ address: 'Avenida São João' })
})

test('6. 25 update webhooks with a limit of 10: all applied by three runs or more, none lost', async () => {
  await pause(inbound, 'pause')
  const ids: number[] = []
  for (let n = 0; n < 25; n++) {
    const { json } = await it.crmUser('POST', 'leads', { ...newLead, lead: `Lead ${n}`, cnpj: taxId(600 + n), stage: 'Ativação' })
    await addBranch(it.erp, { client: 600 + n, taxId: taxId(600 + n), idCrm: json.id })
    ids.push(json.id)
  }
  await mirrorLinked(it.erp)
  for (const [n, id] of ids.entries()) await it.crmUser('POST', `leads/${id}`, { phone1: String(5_511_000_000_000 + n) })
  const updates = () => it.letters('leads', 'processar').filter((name) => name.startsWith('update_leads_in_erp')).length
  await soon(() => expect(updates()).toBe(25))
  await it.state.query(
    `insert into cursors (name, value, updated_at) values ('crm.leads.updateDate', '2999-01-01T00:00:00Z', '2999-01-01') on conflict (name) do update set (value, updated_at) = (excluded.value, excluded.updated_at)`,
  )
  const {
    rows: [{ now }],
  } = await it.state.query('select clock_timestamp() as now')
  await pause(inbound, 'resume')
  await soon(async () =>
    expect(
      (await it.erp.query('select phone from branches where client between 600 and 624 order by client')).rows.map((row) => row.phone),
    ).toEqual(ids.map((_, n) => String(5_511_000_000_000 + n))),
  )
  await soon(() => expect(updates()).toBe(0))
  // The last run ends a little after its last letter.
  const rows = await soon(async () => {
    const found = await it.state.query<{ n: number }>(
      `select (counts->>'delivered')::int as n from runs where job = 'job_update_leads_in_erp' and started_at > $1 and (counts->>'delivered')::int > 0`,
      [now],
    )
    expect(found.rows.reduce((sum, { n }) => sum + n, 0)).toBeGreaterThanOrEqual(25)
    return found.rows
  })
  expect(rows.length).toBeGreaterThanOrEqual(3)
  expect(Math.max(...rows.map(({ n }) => n))).toBeLessThanOrEqual(10)
})

test('7. what is no event is 400 and leaves no file; a corrupt file goes to falhas, the others are processed', async () => {
  const conversions = () => it.letters('leads', 'processar').filter((name) => name.startsWith('converted_lead'))
  await soon(() => expect(conversions()).toEqual([]))
  const before = it.letters('leads', 'falhas').length
  for (const body of ['{"Lead":', 'null', '{"lead":{"Id":1}}', '{"Lead":{"Id":1,"Stage":"Ativação","Company":null}}'])
    expect(await it.sendEvent('/convertedlead', body), body).toBe(400)
  expect(conversions()).toEqual([])
  const file = join(it.queue, 'leads/processar/converted_lead_TORN_01-01-2026_10-00-00.json')
  writeFileSync(file, '{"Lead": {"Id": 1, "Sta', { mode: 0o640 })
  // A name that is not ours rests a while before it is taken: its writer may still be copying.
  const then = new Date(Date.now() - 60_000)
  utimesSync(file, then, then)
  const id = await convert(taxId(701))
  await soon(async () => expect(await mirror(id)).toBeDefined())
  await soon(() => expect(it.letters('leads', 'falhas')).toHaveLength(before + 1))
})

test('8. a budget on a lead that was sold meanwhile, and a sale of another: the mirror takes the values, nothing is tried for ever', async () => {
  const orca = 'job_orca_lead_in_spotter'
  const other = await linked(502)
  await pause(inbound, 'pause')
  const before = { added: await count('productAdded'), won: await count('won') }
  for (const leadId of [sold, other])
    expect(await it.crm.winLead({ leadId, salesRepEmail: 'rep7@example.com', ignoreSalesRep: false, products: [] })).toMatchObject({
      ok: true,
    })
  await setBudget(it.erp, 501, '100')
  await soon(async () => expect(await mirror(sold)).toMatchObject({ budget: 100, stage: 'Ativação' }))
  // "Lead is sold": a budget would find that first.
  await pause([orca], 'pause')
  await setBudget(it.erp, 502, '100')
  await setOrder(it.erp, 502, '99.5')
  await soon(async () => expect(await mirror(other)).toMatchObject({ order: 99.5 }))
  await pause([...inbound, orca], 'resume')
  await it.rounds(2)
  expect({ added: await count('productAdded'), won: await count('won') }).toEqual({ added: before.added, won: before.won + 2 })
})

test('9. a duplicate client code fails its own line only', async () => {
  await it.crm.addLead({ name: 'holds code 902', cpfcnpj: '99888777000155', customFields: [{ id: '_cod.cliente', value: '902' }] })
  const before = it.letters('leads', 'falhas').length
  for (const client of [901, 902, 903]) await addBranch(it.erp, { client, taxId: taxId(client) })
  await leadOf(901)
  await leadOf(903)
  await soon(() => expect(it.letters('leads', 'falhas').length).toBeGreaterThan(before))
  expect(await linkOf(902)).toBe(0)
  const { json } = await it.operate('GET', '/runs?status=failed&job=job_insert_leads_in_spotter')
  expect((json as unknown as { code: string }[]).filter(({ code }) => !['run.killed', 'run.interrupted'].includes(code))).toEqual([])
})

test('10. a lead that moves back leaves the mirror, comes again and is there again; one that the CRM lost leaves', async () => {
  await it.crmUser('POST', `leads/${converted}`, { stage: 'Passagem de bastão' })
  await soon(async () => expect(await mirror(converted)).toBeUndefined())
  await it.crmUser('POST', `leads/${converted}`, { stage: 'Desenvolvimento/Orçamento' })
  await soon(async () => expect(await mirror(converted)).toMatchObject({ stage: 'Desenvolvimento/Orçamento' }))
  const lost = await convert(taxId(1001))
  await soon(async () => expect(await mirror(lost)).toBeDefined())
  await it.crmUser('DELETE', `leads/${lost}`)
  await soon(async () => expect(await mirror(lost)).toBeUndefined())
  const { json } = await it.operate('GET', '/runs?status=failed&job=job_descarta_lead')
  expect(json).toEqual([])
})

test('11. a full sync killed in the middle leaves the old mirror; done again it sends no budget and no sale again', async () => {
  const values = async () => (await it.erp.query('select id, budget_value, order_value from leads order by id')).rows
  await it.rounds(2)
  const before = { mirror: await values(), added: await count('productAdded'), won: await count('won') }
  await it.crmUser('PUT', 'faults', { delayMs: 700 })
  const asked = await it.operate('POST', '/jobs/job_leads_full_sync/runs', {})
  expect(asked.status).toBe(202)
  const runOf = async () =>
    (await it.operate('GET', `/runs/${asked.json.run}`)).json as unknown as {
      status: string
      worker: string
      code: string
      followed: { status: string }[]
    }
  await soon(async () => expect(await runOf()).toMatchObject({ status: 'running' }))
  it.workerNamed((await runOf()).worker).child.kill('SIGKILL')
  expect((await values()).length).toBeGreaterThanOrEqual(before.mirror.length)
  await it.crmUser('PUT', 'faults', {})
  await it.worker()
  // Another worker takes it over by itself.
  await soon(async () => expect(await runOf()).toMatchObject({ status: 'failed', code: 'run.killed', followed: [{ status: 'success' }] }))
  await it.rounds(2)
  expect(await values()).toEqual(expect.arrayContaining(before.mirror))
  expect({ added: await count('productAdded'), won: await count('won') }).toEqual({ added: before.added, won: before.won })
})

test('12. rows in another order are the same data, a value that moves to the neighbouring column is a change', async () => {
  await it.rounds(1)
  const before = await count('leadUpdated')
  await it.erp.query('update branches set description = description')
  await it.erp.query('cluster branches using branches_pkey').catch(() => it.erp.query('vacuum full branches'))
  await it.rounds(2)
  expect(await count('leadUpdated')).toBe(before)
  await it.erp.query(`update branches set complement = district, district = complement where client = 501`)
  await soon(async () => expect(await count('leadUpdated')).toBeGreaterThan(before))
})

test('13. no token is 401; the log of all processes holds neither token nor secret nor personal data', async () => {
  const answer = await fetch(`${it.apiUrl}/convertedlead`, { method: 'POST', body: '{"Lead":{"Id":1}}' })
  expect(answer.status).toBe(401)
  const log = it.log()
  expect(log).toContain('run ended')
  for (const secret of [operator, webhookToken, crmToken, 'whsec_', 'jose.', 'ana@example', 'José', 'Padaria', taxId(301), '98765'])
    expect(log.includes(secret), secret).toBe(false)
})

if (!mariaDbMissing('cli/scenarios 14'))
  test('14. CoreIntegrator by its own schedule, two services and a CRM that fails 20%, parallel /sync: each customer arrives and is logged once', async () => {
    const erp = await testErp()
    onTestFinished(() => erp.drop())
    const start = async (args: string[], env: Record<string, string>) => {
      const started = it.ponte.start(['coreintegrator', ...args, '--json'], { ...environment(erp.settings, ''), LOG_FILE: '-', ...env })
      onTestFinished(async () => {
        started.child.kill('SIGKILL')
        await started.ended
      })
      return JSON.parse(await started.shows('}\n')).url as string
    }
    const crmUrl = await start(['crm', '--port', '0'], { FAILURE_RATE: '0.2', CRM_URL: 'http://127.0.0.1:1/customers' })
    const services = [0, 1].map(() => start(['serve'], { CRM_URL: crmUrl, SYNC_CRON: '* * * * * *' }))
    const urls = await Promise.all(services)
    await insertMany(erp, 60)
    await Promise.all([...urls, ...urls].map((url) => fetch(`${url}/sync`, { method: 'POST' })))
    await soon(async () => expect(await unsynced(erp)).toBe(0))
    expect(await wronglyLogged(erp)).toEqual([])
  })

test('and in all that time no two runs of a job overlapped, and every run balances', async () => {
  const { rows } = await it.state.query(
    `select a.job from runs a join runs b on a.job = b.job and a.id < b.id
      where a.status not in ('queued', 'running') and b.status not in ('queued', 'running') and a.started_at < b.ended_at and b.started_at < a.ended_at`,
  )
  expect(rows).toEqual([])
  const { json } = await it.operate('GET', '/runs?status=success&limit=200')
  const runs = json as unknown as { id: string }[]
  expect(runs.length).toBeGreaterThan(20)
  for (const { id } of runs) expect((await it.operate('GET', `/runs/${id}`)).json.balance, id).toMatchObject({ balanced: true })
})
