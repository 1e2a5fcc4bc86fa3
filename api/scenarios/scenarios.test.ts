/** The acceptance scenarios that begin at a webhook, under their numbers: real API on a port, real databases, files and client; the CRM is simulated. */
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listConflicts } from '../../connectors/state/changes/agreed.ts'
import { addBranch, addContact, mirrorLinked, seedReference } from '../../jobs/testing/small-erp.ts'
import { openTwoWay, type TwoWay, type TwoWayOptions, webhookToken } from '../testing/two-way.ts'

let it: TwoWay
const open = async (options?: TwoWayOptions) => {
  it = await openTwoWay(options)
  await seedReference(it.bridge.erp)
}
beforeEach(() => open())
afterEach(() => it.close())

const one = async (statement: string, values: unknown[] = []) => (await it.bridge.erp.query(statement, values)).rows[0]
const crmWrites = async (kind?: string) =>
  (await it.bridge.simulator.effects({ by: 'api' })).filter((effect) => kind === undefined || effect.kind === kind)
const lettersIn = (folder: string, lane = 'leads') =>
  readdirSync(join(it.bridge.folder, 'queue', lane, folder), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.json'),
  )
const events = async () => (await it.bridge.state.query('select job, outcome from inbound_events order by happened')).rows

const newLead = {
  lead: 'Padaria São João Ltda',
  cnpj: '12ABC34501DE35',
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
  customFields: { '_cod.gestores': ['7'], _inscricaoestadual: '99', _analisefinanceira: 'Bom pagador' },
}
const person = { name: 'José Conceição', email: 'Jose@Example.com', phone1: '11 98765-4321', jobTitle: 'Sócio', mainContact: true }

/** A lead that a user of the CRM typed in, converted by moving it to the budget stage. */
async function convert(lead: object = newLead): Promise<number> {
  const { json } = await it.crmUser('POST', 'leads', lead)
  await it.crmUser('POST', `leads/${json.id}/persons`, person)
  await it.crmUser('POST', `leads/${json.id}`, { stage: 'Desenvolvimento/Orçamento' })
  return json.id
}

/** An ERP branch whose lead is in an integrated stage on both sides. */
async function linked(client: number, taxId: string): Promise<number> {
  await addBranch(it.bridge.erp, { client, taxId, registration: 'ISENTO' })
  await it.bridge.cycle()
  const id = Number((await one('select id_crm from branches where client = $1', [client])).id_crm)
  await it.crmUser('POST', `leads/${id}`, { stage: 'Desenvolvimento/Orçamento' })
  await it.absorb()
  return id
}

describe('3. a converted webhook', () => {
  test('makes ERP client, branch with its own number and complement, and contacts; the client code goes back; then there is nothing to do', async () => {
    await it.bridge.erp.query(`insert into industries (industry, description) values ('10', 'OUTROS'), ('20', 'VAREJO')`)
    const id = await convert()
    await it.absorb()
    const branch = await one('select * from branches where id_crm = $1', [id])
    expect(branch).toMatchObject({
      description: 'PADARIA SÃO JOÃO LTDA',
      taxid: '12ABC34501DE35',
      address_number: 77,
      complement: 'Sala 2',
      zipcode: '01310100',
      phone: '5511987654321',
      sales_rep: '7',
      tax_registration: 'ISENTO',
      integrate_crm: 'S',
    })
    expect(
      await one('select description from client_industries c join industries i using (industry) where c.client = $1', [branch.client]),
    ).toEqual({
      description: 'VAREJO',
    })
    expect(await one('select observations from credit_limit_history where client_code = $1', [branch.client])).toEqual({
      observations: 'Bom pagador',
    })
    expect(await one('select name, email, phone, job_title_desc, is_primary, branch_client, branch_code from contact')).toEqual({
      name: 'José Conceição',
      email: 'jose@example.com',
      phone: '11987654321',
      job_title_desc: 'SÓCIO',
      is_primary: 'S',
      branch_client: branch.client,
      branch_code: 1,
    })

    await it.round()
    expect(await it.bridge.context.crm.leadCustomFields(id)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: '_cod.cliente', value: String(branch.client) })]),
    )
    expect(await crmWrites()).toHaveLength(1)
    const versions = async () =>
      (await it.bridge.erp.query(`select (select xmin from branches) b, (select xmin from contact) c, (select xmin from leads) l`)).rows
    const before = await versions()
    await it.round()
    await it.round()
    expect(await crmWrites(), 'nothing is pushed after convergence').toHaveLength(1)
    expect(await versions(), 'nothing is written in the ERP after convergence').toEqual(before)
    expect((await events()).map((event) => event.outcome)).toContain('echo')
    expect(await listConflicts(it.bridge.state)).toEqual([])
  })

  test('links the ERP branch that carries its tax id already, however it is punctuated, and makes no second client', async () => {
    await addBranch(it.bridge.erp, { client: 10, taxId: '12.ABC.345/01DE-35', flagged: false, number: 5 })
    const id = await convert()
    await it.absorb()
    expect(await one('select count(*)::integer as clients from clients')).toEqual({ clients: 1 })
    expect(await one('select id_crm, integrate_crm, address_number from branches')).toEqual({
      id_crm: String(id),
      integrate_crm: 'S',
      address_number: 5,
    })
    await it.round()
    expect(await it.bridge.context.crm.leadById(id), 'name and address are the ERP’s').toMatchObject({
      number: '5',
      lead: 'EMPRESA 10 LTDA',
    })
  })

  test('whose tax id several branches carry is refused, named, and linked once the setting says so', async () => {
    await addBranch(it.bridge.erp, { client: 10, taxId: '12ABC34501DE35', flagged: false })
    await addBranch(it.bridge.erp, { client: 11, taxId: '12ABC34501DE35', flagged: false })
    const id = await convert()
    const [converted] = await it.absorb()
    expect(converted).toMatchObject({ status: 'success', counts: { dead: 1, refused: 1 } })
    expect(await one('select field, value from log_execution_crm')).toEqual({
      field: 'TAXID',
      value: expect.stringContaining('10-1, 11-1'),
    })
    await it.bridge.erp.query(`update ponte_settings set value = 'first' where name = 'ambiguous_taxid'`)
    const [dead] = lettersIn('falhas').filter((entry) => !entry.name.endsWith('.error.json'))
    await it.bridge.context.lanes.leads.requeue(dead!.name)
    await it.absorb()
    expect((await it.bridge.erp.query('select client, id_crm from branches order by client')).rows).toEqual([
      { client: '10', id_crm: String(id) },
      { client: '11', id_crm: null },
    ])
  })
})

describe('4. two converted webhooks for one lead', () => {
  test('leave one mirror row and one client, also when both are in the queue at once and one comes again later', async () => {
    await it.close()
    await open({ webhooks: { faults: { duplicate: { share: 1 } } } })
    const id = await convert()
    await it.crmUser('POST', `leads/${id}`, { stage: 'Ativação' })
    await it.absorb()
    await it.crmUser('POST', `leads/${id}`, { stage: 'Retenção/Expansão' })
    await it.absorb()
    expect(await one('select count(*)::integer as n, min(stage) as stage from leads')).toEqual({ n: 1, stage: 'Retenção/Expansão' })
    expect(await one('select count(*)::integer as n from clients')).toEqual({ n: 1 })
    expect(lettersIn('falhas')).toEqual([])
  })
})

describe('5. a CRM address change', () => {
  test('leaves the ERP its own, and the CRM is corrected once', async () => {
    const id = await linked(10, '11222333000181')
    const before = (await crmWrites()).length
    await it.crmUser('POST', `leads/${id}`, { street: 'Rua Errada', number: '1' })
    await it.absorb()
    expect(await one('select address, address_number from branches')).toEqual({ address: 'Rua das Flores', address_number: 100 })
    await it.round()
    await it.round()
    expect(await it.bridge.context.crm.leadById(id)).toMatchObject({ street: 'Rua das Flores', number: '100' })
    expect(await crmWrites()).toHaveLength(before + 1)
  })

  test('of phone, industry and representative goes to the ERP, and is not pushed back', async () => {
    await it.bridge.erp.query(`insert into industries (industry, description) values ('10', 'OUTROS'), ('20', 'CONSTRUÇÃO')`)
    const id = await linked(10, '11222333000181')
    await it.bridge.erp.query(`insert into client_industries (client, branch, industry) values (10, 1, '10')`)
    const before = (await crmWrites()).length
    await it.crmUser('POST', `leads/${id}`, { phone1: '5511333344444', industry: 'Construcao', customFields: { '_cod.gestores': ['9'] } })
    await it.absorb()
    expect(await one('select phone, sales_rep from branches')).toEqual({ phone: '5511333344444', sales_rep: '9' })
    expect(await one('select industry from client_industries')).toEqual({ industry: '20' })
    await it.round()
    expect(await crmWrites()).toHaveLength(before)
  })

  test('of a field that the ERP changed too is a conflict: the owner wins on both sides, and it is listed', async () => {
    const id = await linked(10, '11222333000181')
    // The CRM owns the representative, the ERP the state registration. Nothing was exchanged in between.
    await it.bridge.erp.query(`update branches set sales_rep = 3, tax_registration = '111', address = 'Rua Nova' where client = 10`)
    await it.crmUser('POST', `leads/${id}`, { customFields: { '_cod.gestores': ['9'], _inscricaoestadual: '222' } })
    // The ERP's update goes out before the webhook is applied: it must not overwrite the CRM user's representative.
    await it.bridge.cycle()
    await it.round()
    expect(await one('select sales_rep, tax_registration, address from branches')).toEqual({
      sales_rep: '9',
      tax_registration: '111',
      address: 'Rua Nova',
    })
    expect(await it.bridge.context.crm.leadById(id)).toMatchObject({ street: 'Rua Nova' })
    expect(await it.bridge.context.crm.leadCustomFields(id)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: '_cod.gestores', options: ['9'] }),
        expect.objectContaining({ id: '_inscricaoestadual', value: '111' }),
      ]),
    )
    expect((await listConflicts(it.bridge.state)).map(({ field, erp, crm, winner }) => ({ field, erp, crm, winner }))).toEqual(
      expect.arrayContaining([
        { field: 'SALES_REP', erp: '3', crm: '9', winner: 'crm' },
        { field: 'TAX_REGISTRATION', erp: '111', crm: '222', winner: 'erp' },
      ]),
    )
    expect(await listConflicts(it.bridge.state)).toHaveLength(2)
  })

  test('a tax id mistyped in the CRM is corrected and makes no second client', async () => {
    const id = await linked(10, '11222333000181')
    await it.crmUser('POST', `leads/${id}`, { cnpj: '99888777000166' })
    await it.round()
    await it.round()
    expect(await one('select count(*)::integer as n from clients')).toEqual({ n: 1 })
    expect(await it.bridge.context.crm.leadById(id)).toMatchObject({ cnpj: '11222333000181' })
  })
})

describe('6. 25 update webhooks with a limit of 10', () => {
  test('are all applied after three runs, none lost', async () => {
    await it.close()
    await open({ leadsPerRun: 10 })
    const ids: number[] = []
    for (let n = 0; n < 25; n++) {
      await addBranch(it.bridge.erp, { client: 100 + n, taxId: String(10_000_000_000_000 + n) })
      const { json } = await it.crmUser('POST', 'leads', {
        ...newLead,
        lead: `Lead ${n}`,
        cnpj: String(10_000_000_000_000 + n),
        stage: 'Ativação',
      })
      await it.bridge.erp.query('update branches set id_crm = $1 where client = $2', [json.id, 100 + n])
      ids.push(json.id)
    }
    await mirrorLinked(it.bridge.erp)
    await it.bridge.simulator.flushWebhooks()
    for (const [n, id] of ids.entries()) await it.crmUser('POST', `leads/${id}`, { phone1: String(5_511_000_000_000 + n) })
    await it.bridge.simulator.flushWebhooks()
    const waiting = () => lettersIn('processar').filter((entry) => entry.name.startsWith('update_leads_in_erp')).length
    expect(waiting()).toBe(25)
    // Without the poll, which would find the same changes by itself.
    await it.bridge.state.query(
      `insert into cursors (name, value, updated_at) values ('crm.leads.updateDate', '2999-01-01T00:00:00Z', '2999-01-01')`,
    )
    const left: number[] = []
    for (let run = 1; run <= 3; run++) {
      expect(await it.run('job_update_leads_in_erp')).toMatchObject({ status: 'success', counts: { delivered: run < 3 ? 10 : 5, dead: 0 } })
      left.push(waiting())
    }
    expect(left).toEqual([15, 5, 0])
    const { rows } = await it.bridge.erp.query('select phone from branches order by client')
    expect(rows.map((row) => row.phone)).toEqual(ids.map((_, n) => String(5_511_000_000_000 + n)))
  })
})

describe('7. what is no event', () => {
  test('invalid JSON, a missing Lead and a null Company are 400 and leave no file', async () => {
    const post = async (body: string) =>
      (
        await fetch(`${it.url}/atualizalead`, {
          method: 'POST',
          headers: { authorization: `Bearer ${webhookToken}`, 'content-type': 'application/json' },
          body,
        })
      ).status
    await it.close()
    await open({ settings: { webhookSecrets: [] } })
    for (const body of ['{"Lead":', '[]', 'null', '{"lead":{"Id":1}}', '{"Lead":{"Id":1,"Stage":"Ativação","Company":null}}'])
      expect(await post(body), body).toBe(400)
    expect(lettersIn('processar')).toEqual([])
    expect(await post('{"Lead":{"Id":1,"Stage":"Ativação","Company":"Ok"}}')).toBe(200)
    expect(lettersIn('processar')).toHaveLength(1)
  })

  test('a corrupt file in the queue goes to falhas, the others are processed', async () => {
    const id = await convert()
    await it.bridge.simulator.flushWebhooks()
    const folder = join(it.bridge.folder, 'queue/leads/processar')
    writeFileSync(join(folder, 'converted_lead_TORN_01-01-2026_10-00-00.json'), '{"Lead": {"Id": 1, "Sta', { mode: 0o640 })
    writeFileSync(join(folder, 'converted_lead_LATIN_01-01-2026_10-00-00.json'), Buffer.from([0x7b, 0xe9, 0x7d]), { mode: 0o640 })
    // Names that are not ours rest a while before they are taken: their writer may still be copying.
    const then = new Date(Date.now() - 60_000)
    for (const name of readdirSync(folder).filter((name) => /TORN|LATIN/.test(name))) utimesSync(join(folder, name), then, then)
    const [converted] = await it.absorb()
    expect(converted).toMatchObject({ status: 'success', counts: { delivered: 1, dead: 1, rejected: 1 } })
    expect(await one('select id from leads')).toEqual({ id: String(id) })
    expect(lettersIn('falhas').filter((entry) => !entry.name.endsWith('.error.json'))).toHaveLength(2)
  })
})

describe('13. no token', () => {
  test('is 401 and leaves no file; the log holds neither token nor secret nor a whole e-mail, phone, tax id or name', async () => {
    const answer = await fetch(`${it.url}/convertedlead`, { method: 'POST', body: JSON.stringify({ Lead: { Id: 1 } }) })
    expect(answer.status).toBe(401)
    await convert()
    await it.absorb()
    await it.round()
    const log = readFileSync(it.bridge.logFile, 'utf8')
    expect(log.length).toBeGreaterThan(1000)
    for (const secret of [
      webhookToken,
      'bridge-test-token',
      'whsec_',
      newLead.cnpj,
      'jose@example.com',
      'Jose@Example.com',
      '98765',
      'José',
      'Padaria',
      'PADARIA',
    ])
      expect(log.includes(secret), secret).toBe(false)
  })
})

describe('a webhook', () => {
  test('wakes its job: applied by it, for no schedule and nobody else is there', async () => {
    await it.close()
    await open({ wake: true })
    const id = await convert()
    await it.bridge.simulator.flushWebhooks()
    await it.waker.idle()
    expect(await one('select id_crm from branches')).toEqual({ id_crm: String(id) })
    expect(await one('select count(*)::integer as n from contact')).toEqual({ n: 1 })
  })

  test('that never came is found by asking the CRM what changed', async () => {
    const id = await linked(10, '11222333000181')
    it.bridge.simulator.setWebhooks(null)
    await it.crmUser('POST', `leads/${id}`, { phone1: '5511333344444' })
    expect(await it.run('job_update_leads_in_erp')).toMatchObject({ status: 'success', counts: { polled: 1, applied: 1 } })
    expect(await one('select phone from branches')).toEqual({ phone: '5511333344444' })
    expect(await it.run('job_update_leads_in_erp')).toMatchObject({ status: 'skipped', counts: { polled: 0 } })
  })

  test('of X, then Y, then X again ends with X on both sides', async () => {
    const id = await linked(10, '11222333000181')
    for (const rep of ['9', '8', '9']) {
      await it.crmUser('POST', `leads/${id}`, { customFields: { '_cod.gestores': [rep] } })
      await it.absorb()
      expect(await one('select sales_rep from branches')).toEqual({ sales_rep: rep })
    }
  })

  test('of a lead with contacts removed in the CRM reports them, and deletes them in the ERP only when its setting says so', async () => {
    for (const setting of ['N', 'S']) {
      await it.bridge.erp.query('update ponte_settings set value = $1 where name = $2', [setting, 'delete_contacts_in_erp'])
      const id = await convert({ ...newLead, cnpj: setting === 'N' ? '11222333000181' : '11444777000161' })
      await it.absorb()
      const { rows } = await it.bridge.erp.query('select id from contacts where lead_id = $1', [id])
      expect(rows).toHaveLength(1)
      await it.crmUser('DELETE', `persons/${rows[0].id}`, { touchLead: true })
      await it.absorb()
      expect((await it.bridge.erp.query('select id from contacts where lead_id = $1', [id])).rows).toEqual([])
      expect((await it.bridge.erp.query('select code from contact where id_crm = $1', [rows[0].id])).rows).toHaveLength(
        setting === 'N' ? 1 : 0,
      )
      expect(await one(`select value from log_execution_crm where lead_id = $1 and field = 'CONTACT'`, [id])).toEqual({
        value: expect.stringContaining(rows[0].id),
      })
    }
  })

  test('that the ERP refuses leaves mirror and ERP alone, ERROR_LOG and falhas say why, and its neighbours go on', async () => {
    const id = await linked(10, '11222333000181')
    await it.bridge.erp.query(`alter table branches add constraint no_rep_9 check (sales_rep <> 9)`)
    await it.crmUser('POST', `leads/${id}`, { customFields: { '_cod.gestores': ['9'] } })
    const other = await convert()
    await it.absorb()
    expect(await one('select sales_rep from branches where client = 10')).toEqual({ sales_rep: '7' })
    expect(await one('select sales_rep from leads where id = $1', [id])).toEqual({ sales_rep: '7' })
    expect(await one('select errorcode, error_info from error_log')).toEqual({ errorcode: -20020, error_info: `lead ${id}` })
    expect(lettersIn('falhas').filter((entry) => !entry.name.endsWith('.error.json'))).toHaveLength(1)
    expect(await one('select id from leads where id = $1', [other])).toEqual({ id: String(other) })
  })

  test('of a contact without an e-mail goes to falhas with its field; the lead is applied', async () => {
    const { json } = await it.crmUser('POST', 'leads', newLead)
    await it.crmUser('POST', `leads/${json.id}/persons`, { ...person, email: null })
    await it.crmUser('POST', `leads/${json.id}`, { stage: 'Ativação' })
    await it.absorb()
    expect(await one('select id from leads')).toEqual({ id: String(json.id) })
    expect(lettersIn('falhas', 'contacts').filter((entry) => !entry.name.endsWith('.error.json'))).toHaveLength(1)
    expect(await one(`select field from log_execution_crm where field = 'Email'`)).toEqual({ field: 'Email' })
  })
})

describe('contacts', () => {
  test('edited in the ERP go out once, edited in the CRM come in once, edited apart the CRM wins', async () => {
    await addBranch(it.bridge.erp, { client: 10, taxId: '11222333000181' })
    await addContact(it.bridge.erp, { code: 1, client: 10, name: 'Ana', email: 'ana@example.com', title: 'Compras' })
    await it.bridge.cycle()
    const id = Number((await one('select id_crm from branches')).id_crm)
    await it.crmUser('POST', `leads/${id}`, { stage: 'Ativação' })
    await it.round()
    const personId = Number((await one('select id_crm from contact')).id_crm)
    const before = (await crmWrites('personUpdated')).length

    await it.bridge.erp.query(`update contact set job_title_desc = 'Diretora'`)
    await it.round()
    await it.round()
    expect(await it.bridge.context.crm.persons(id)).toMatchObject([{ jobTitle: 'Diretora' }])
    expect(await crmWrites('personUpdated')).toHaveLength(before + 1)

    await it.crmUser('POST', `persons/${personId}`, { email: 'nova@example.com', touchLead: true })
    await it.round()
    expect(await one('select email, job_title_desc, id_crm from contact')).toEqual({
      email: 'nova@example.com',
      job_title_desc: 'Diretora',
      id_crm: String(personId),
    })

    await it.bridge.erp.query(`update contact set name = 'Ana do ERP'`)
    await it.crmUser('POST', `persons/${personId}`, { name: 'Ana do CRM', touchLead: true })
    await it.bridge.cycle()
    await it.round()
    expect(await one('select name from contact')).toEqual({ name: 'Ana do CRM' })
    expect(await it.bridge.context.crm.persons(id)).toMatchObject([{ name: 'Ana do CRM' }])
    expect(await crmWrites('personUpdated')).toHaveLength(before + 1)
    expect(await one('select count(*)::integer as n from contact')).toEqual({ n: 1 })
  })
})
