/**
 * What every ERP connector must do, whatever the dialect: the contract of erp.ts as a suite. A dialect's test opens a harness on a
 * freshly migrated database and calls `testErp`. The SQL here stays in what all dialects accept.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Row } from '../../../../engine/model.ts'
import type { ErpView } from '../../../../records/kinds.ts'
import { readSource } from '../../read-source.ts'
import { testFullSync } from './contract-full-sync.ts'
import type { ErpHarness } from './contract-harness.ts'
import { testInboundContacts } from './contract-inbound-contacts.ts'
import { testInboundLeads } from './contract-inbound-leads.ts'
import { testInboundRivals } from './contract-inbound-rivals.ts'

export type { ErpHarness } from './contract-harness.ts'

const LEAD =
  'ID NAME TAXID ADDRESS_STREET ADDRESS_ZIPCODE ADDRESS_NUMBER ADDRESS_COMPLEMENT ADDRESS_DISTRICT CITY STATE SALES_REP CLIENT_CODE TAX_REGISTRATION FINANCIAL_ANALYSIS'
const PERSON = 'ID NAME EMAIL PHONE JOB_TITLE IS_PRIMARY LEAD_ID'
/** The columns that erp.ts promises. */
export const VIEW_COLUMNS: Readonly<Record<ErpView, readonly string[]>> = {
  desired_leads: LEAD.split(' '),
  known_leads: LEAD.split(' '),
  insert_leads:
    'ID NAME TAXID ADDRESS DISTRICT ZIPCODE ADDRESS_NUMBER CITY PHONE COMPLEMENT STATE COUNTRY INDUSTRY SALES_REP CLIENT_CODE TAX_REGISTRATION'.split(
      ' ',
    ),
  desired_contacts: PERSON.split(' '),
  known_contacts: PERSON.split(' '),
  insert_contacts: 'CODE NAME EMAIL PHONE JOB_TITLE IS_PRIMARY LEAD_ID'.split(' '),
}

/** Registers the suite. `open` gives a harness on an empty, migrated database; each test gets its own. */
export function testErp(name: string, open: () => Promise<ErpHarness>): void {
  describe(`ERP contract: ${name}`, () => {
    let it: ErpHarness
    beforeEach(async () => {
      it = await open()
      await seed(it)
    })
    afterEach(() => it.close())

    const view = async (name: ErpView, readers = 1): Promise<Row[]> => {
      const extract = await it.erp.openExtract(readers)
      try {
        return await readSource(await extract.source(name, VIEW_COLUMNS[name]), VIEW_COLUMNS[name])
      } finally {
        await extract.close()
      }
    }
    const one = async (statement: string) => (await it.sql(statement))[0]

    test('answers a ping', async () => {
      await expect(it.erp.ping()).resolves.toBeUndefined()
    })

    test('shows a linked branch as a desired lead, in text', async () => {
      expect(await view('desired_leads')).toEqual([
        {
          ID: '9001',
          NAME: 'PADARIA SÃO JOÃO',
          TAXID: '00000000000191',
          ADDRESS_STREET: 'RUA DAS FLORES',
          ADDRESS_ZIPCODE: '01001000',
          ADDRESS_NUMBER: '12',
          ADDRESS_COMPLEMENT: null,
          ADDRESS_DISTRICT: 'CENTRO',
          CITY: 'Rio de Janeiro',
          STATE: 'Rio de Janeiro',
          SALES_REP: '7',
          CLIENT_CODE: '1',
          TAX_REGISTRATION: 'ISENTO',
          FINANCIAL_ANALYSIS: null,
        },
      ])
    })

    test('shows as known only what is in an integrated stage, in any of its spellings', async () => {
      const id = async (stage: string) => {
        await it.sql(`update leads set stage = '${stage}' where id = 9001`)
        return (await view('known_leads')).map((row) => row.ID)
      }
      for (const stage of ['Desenvolvimento/Orçamento', 'Activation', 'Retenção/Expansão', 'Ativação\u00a0'])
        expect(await id(stage)).toEqual(['9001'])
      for (const stage of ['Passagem de bastão', 'Descartado', 'no such stage']) expect(await id(stage)).toEqual([])
    })

    test('shows the rows of one record, by any of its columns; what is asked for is data, never a statement', async () => {
      const { erp } = it
      expect(await erp.viewRows('desired_leads', ['ID', 'NAME', 'FINANCIAL_ANALYSIS'], { TAXID: '00000000000191' })).toEqual([
        { ID: '9001', NAME: 'PADARIA SÃO JOÃO', FINANCIAL_ANALYSIS: null },
      ])
      expect(await erp.viewRows('insert_leads', ['CLIENT_CODE'], { ID: '2-1' })).toEqual([{ CLIENT_CODE: '2' }])
      expect(await erp.viewRows('desired_leads', ['ID'], { ID: '9001', TAXID: '00000000000192' })).toEqual([])
      for (const text of ["' or '1' = '1", '9001; drop table leads', '%'])
        expect(await erp.viewRows('desired_leads', ['ID'], { ID: text })).toEqual([])
    })

    test('lists a flagged branch without a lead for insertion, whether the flag is S or Y', async () => {
      const [row, ...others] = await view('insert_leads')
      expect(others).toEqual([])
      expect(row).toMatchObject({
        ID: '2-1',
        NAME: 'NOVA',
        TAXID: '11222333000181',
        CITY: 'Rio de Janeiro',
        COUNTRY: 'Brasil',
        INDUSTRY: null,
        CLIENT_CODE: '2',
      })
      await it.sql("update branches set integrate_crm = 'Y' where client = 2")
      expect(await view('insert_leads')).toHaveLength(1)
      await it.sql("update branches set integrate_crm = 'N' where client = 2")
      expect(await view('insert_leads')).toEqual([])
    })

    test('holds back and reports a tax id that two waiting branches carry', async () => {
      expect(await it.erp.ambiguousTaxIds()).toEqual([])
      await it.sql(
        "insert into branches (client, code, description, taxid, city, integrate_crm) values (2, 2, 'TWIN', '11.222.333/0001-81', 1, 'S')",
      )
      expect(await view('insert_leads')).toEqual([])
      expect(await it.erp.ambiguousTaxIds()).toEqual([{ taxId: '11222333000181', branches: ['2-1', '2-2'] }])
      expect(await it.erp.storeLeadId('11222333000181', '9002')).toBe(0)
    })

    test('counts the contacts that wait for their branch to become a lead', async () => {
      expect(await it.erp.contactsOfNewLeads()).toEqual(new Map([['2-1', 1]]))
      await it.sql("insert into contact (code, name, email, branch_client, branch_code) values (601, 'Bia', 'BIA@example.com', 2, 1)")
      await it.sql(
        "insert into contact (code, name, email, branch_client, branch_code) values (602, 'Bia again', ' bia@example.com', 2, 1)",
      )
      await it.sql("insert into contact (code, name, email, branch_client, branch_code) values (603, 'No address', null, 2, 1)")
      expect(await it.erp.contactsOfNewLeads()).toEqual(new Map([['2-1', 2]]))
    })

    test('links a branch to its lead once, and none to an unknown tax id', async () => {
      expect(await it.erp.storeLeadId('11222333000181', '9002')).toBe(1)
      expect(await it.erp.storeLeadId('11222333000181', '9002')).toBe(1)
      expect(await it.erp.storeLeadId('99999999999999', '9003')).toBe(0)
      expect(await view('insert_leads')).toEqual([])
      expect(await one('select id_crm, integrate_crm from branches where client = 2')).toEqual({ id_crm: '9002', integrate_crm: 'S' })
    })

    test('lists contacts that were never sent, and stores the id of one in its own lead only', async () => {
      expect(await it.erp.contactsToInsert('9001')).toEqual([
        {
          CODE: '501',
          NAME: 'Ana',
          EMAIL: 'ana@example.com',
          PHONE: '21999990000',
          JOB_TITLE: 'COMPRAS',
          IS_PRIMARY: 'S',
          LEAD_ID: '9001',
        },
      ])
      expect(await view('insert_contacts')).toEqual(await it.erp.contactsToInsert('9001'))
      expect(await it.erp.contactsToInsert('1')).toEqual([])
      await it.sql('update branches set id_crm = 9002 where client = 2')
      const ana = {
        email: 'ANA@example.com',
        leadId: '9001',
        crmId: '70',
        name: 'Ana',
        phone: '21999990000',
        jobTitle: 'COMPRAS',
        isPrimary: true,
      }
      expect(await it.erp.storeContactId(ana)).toBe(1)
      expect(await it.erp.storeContactId(ana)).toBe(1)
      expect(await it.erp.contactsToInsert('9001')).toEqual([])
      expect((await it.erp.contactsToInsert('9002')).map((row) => row.CODE)).toEqual(['502'])
      expect(await view('known_contacts')).toEqual(await view('desired_contacts'))
      expect(await view('known_contacts')).toHaveLength(1)
    })

    test('a contact of a lead that is not mirrored gets its id, and no mirror row', async () => {
      await it.sql('update branches set id_crm = 9002 where client = 2')
      const contact = { email: 'ana@example.com', leadId: '9002', crmId: '71', name: 'Ana', phone: null, jobTitle: null, isPrimary: false }
      expect(await it.erp.storeContactId(contact)).toBe(1)
      expect(await it.sql('select id from contacts')).toEqual([])
    })

    test('takes into the mirror what the CRM took, and only what differs', async () => {
      const row = { ID: '9001', NAME: 'PADARIA SÃO JOÃO', ADDRESS_NUMBER: '12', CLIENT_CODE: '1', ADDRESS_COMPLEMENT: '' }
      expect(await it.erp.writeMirror('leads', row)).toBe(1)
      expect(await it.erp.writeMirror('leads', row)).toBe(0)
      expect(await it.erp.writeMirror('leads', { ...row, ID: '404' })).toBe(0)
      expect(await view('known_leads')).toMatchObject([
        { NAME: 'PADARIA SÃO JOÃO', ADDRESS_NUMBER: '12', CLIENT_CODE: '1', ADDRESS_COMPLEMENT: null },
      ])
    })

    test('does not put an old value back into an ERP that moved on meanwhile', async () => {
      await it.sql('update branches set sales_rep = 8 where client = 1')
      await it.erp.writeMirror('leads', { ID: '9001', SALES_REP: '7' })
      expect(await one('select sales_rep from branches where client = 1')).toEqual({ sales_rep: '8' })
    })

    test('takes a contact that the CRM took', async () => {
      await it.sql("insert into contacts (id, name, email, client_code, is_primary) values (70, 'Ana', 'ana@example.com', 1, 'N')")
      const row = { ID: '70', NAME: 'Ana Lima', EMAIL: 'ana@example.com', PHONE: '', JOB_TITLE: 'CHEFE', IS_PRIMARY: 'S', LEAD_ID: '9001' }
      expect(await it.erp.writeMirror('contacts', row)).toBe(1)
      expect(await it.erp.writeMirror('contacts', row)).toBe(0)
      expect(await one('select name, phone, is_primary from contacts')).toEqual({ name: 'Ana Lima', phone: null, is_primary: 'S' })
    })

    test('refuses a column that the mirror does not have, and changes nothing', async () => {
      await expect(it.erp.writeMirror('leads', { ID: '9001', NAME: 'X', NO_SUCH: '1' })).rejects.toMatchObject({
        code: 'erp.unknown_column',
      })
      await expect(it.erp.writeMirror('leads', { ID: '9001', NAME: 'X'.repeat(101) })).rejects.toMatchObject({ code: 'erp.value_refused' })
      expect(await one('select name from leads')).toEqual({ name: 'old name' })
    })

    test('says of what it took, in the same transaction, and nothing when nothing changed or the values are refused', async () => {
      const entry = { job: 'job_x', leadId: '9001', leadName: 'N'.repeat(300), field: 'BUDGET_VALUE', value: '7.5' }
      const row = { ID: '9001', BUDGET_VALUE: '7.5' }
      await expect(it.erp.writeMirror('leads', { ...row, NAME: 'X'.repeat(101) }, entry)).rejects.toMatchObject({
        code: 'erp.value_refused',
      })
      expect(await it.sql('select value from log_execution_crm')).toEqual([])
      await it.erp.writeMirror('leads', row, entry)
      await it.erp.writeMirror('leads', row, entry)
      expect(await it.sql('select value from log_execution_crm')).toEqual([{ value: '7.5' }])
      // The entry that cannot be written takes the values with it.
      await expect(it.erp.writeMirror('leads', { ID: '9001', BUDGET_VALUE: '8' }, { ...entry, job: 'j'.repeat(400) })).rejects.toThrow()
      expect(await it.erp.writeMirror('leads', row)).toBe(0)
    })

    test('logs business events, whatever characters a name holds', async () => {
      await it.erp.logExecution({ job: 'job_x', leadId: '9001', leadName: `\0\ud83d${'N'.repeat(300)}`, field: 'Email', value: '\0v' })
      expect(await one('select job, lead_id, field, value from log_execution_crm')).toEqual({
        job: 'job_x',
        lead_id: '9001',
        field: 'Email',
        value: 'v',
      })
    })

    test('tells what its two logs say of leads and persons: the newest first, bounded, and of nobody else', async () => {
      const log = (leadId: string, value: string) =>
        it.erp.logExecution({ job: 'job_x', leadId, leadName: 'N', field: 'BUDGET_VALUE', value })
      for (const value of ['1', '2', '3']) await log('9001', value)
      await log('90', 'of another')
      for (const [info, stack] of [
        ['lead 9001', 'P2020 no_rule'],
        ['lead 90010', 'of another'],
        ['contact 70', 'P2020 no_rule'],
        ['contact 7', 'of another'],
        ['lead 9001: its city is not in CITIES', ''],
      ])
        await it.sql(`insert into error_log (errorcode, errorstack, error_info) values (-20020, '${stack}', '${info}')`)
      const all = await it.erp.logsOf({ leads: ['9001', '9002'], persons: ['70'] }, 10)
      const told = all.map((row) =>
        row.log === 'ERROR_LOG' ? [row.record, row.info, row.code, row.error] : [row.leadId, row.field, row.value],
      )
      expect(told.filter(({ length }) => length === 3)).toEqual(['3', '2', '1'].map((value) => ['9001', 'BUDGET_VALUE', value]))
      expect(told.filter(({ length }) => length === 4)).toEqual([
        ['lead 9001', 'its city is not in CITIES', '-20020', null],
        ['contact 70', null, '-20020', 'P2020 no_rule'],
        ['lead 9001', null, '-20020', 'P2020 no_rule'],
      ])
      const now = (await it.erp.clock()).getTime()
      for (const at of [Date.now(), ...all.map((row) => row.at.getTime())]) expect(Math.abs(now - at)).toBeLessThan(60_000)
      expect(await it.erp.logsOf({ leads: ['9001'], persons: [] }, 1)).toMatchObject([{}, {}])
      expect(await it.erp.logsOf({ leads: ["' or '1' = '1"], persons: ['%'] }, 10)).toEqual([])
      expect(await it.erp.logsOf({ leads: [], persons: [] }, 10)).toEqual([])
    })

    test('dates by the zone of its settings, with the rules of today', async () => {
      const moments = ['2026-01-15T12:00:00.000Z', '2026-07-15T01:30:00.000Z'].map((at) => new Date(at))
      const { zone, times } = await it.erp.localTimes(moments)
      expect(zone).toBe('America/Sao_Paulo')
      expect(times.map((at) => at.toISOString().slice(0, 19))).toEqual(['2026-01-15T09:00:00', '2026-07-14T22:30:00'])
    })

    describe('budgets and orders', () => {
      const told = (leadId: string, values: Row) => it.erp.writeMirror('leads', { ID: leadId, ...values })
      beforeEach(async () => {
        await it.sql("insert into sales_reps (code, email) values (7, 'seven@example.com')")
        await it.sql("update leads set stage = 'Desenvolvimento/Orçamento'")
        await addBudget(it, { client: 1, price: '1500.5' })
        await addOrder(it, { client: 1, quantity: '2', unit: '750.2500' })
      })

      test('of a lead that was told nothing, as plain decimals, with tax id and the e-mail of its rep', async () => {
        expect(await it.erp.budgetedLeads()).toEqual([{ leadId: '9001', budgetValue: '1500.5', taxId: '00000000000191' }])
        expect(await it.erp.soldLeads()).toEqual([{ leadId: '9001', orderValue: '1500.5', salesRepEmail: 'seven@example.com' }])
      })

      test('are gone from the list once told, and back when another value is told or the stage is not the sold one', async () => {
        await told('9001', { BUDGET_VALUE: '1500.50', ORDER_VALUE: '1500.500000' })
        expect([await it.erp.budgetedLeads(), await it.erp.soldLeads()]).toEqual([[], []])
        await told('9001', { BUDGET_VALUE: '1500.51', ORDER_VALUE: '1' })
        expect([await it.erp.budgetedLeads(), await it.erp.soldLeads()]).toMatchObject([[{ leadId: '9001' }], [{ leadId: '9001' }]])
        await told('9001', { STAGE: 'Activation' })
        expect(await it.erp.soldLeads()).toEqual([])
      })

      test('of more places than the mirror keeps are told once, not for ever', async () => {
        await addBudget(it, { client: 1, price: '0.001005', quantity: '333' })
        const [{ budgetValue } = { budgetValue: null }] = await it.erp.budgetedLeads()
        expect(budgetValue).toBe('1500.500335')
        await told('9001', { BUDGET_VALUE: budgetValue })
        expect(await it.erp.budgetedLeads()).toEqual([])
      })

      test('below 1 have a zero in front, as the CRM wants them', async () => {
        await it.sql('update budget_item_quant_delivery set price = 0.5')
        expect(await it.erp.budgetedLeads()).toMatchObject([{ budgetValue: '0.5' }])
        await told('9001', { BUDGET_VALUE: '.25' })
        expect(await it.erp.commercialLead('9001')).toMatchObject({ budgetValue: '0.5', told: { budgetValue: '0.25' } })
      })

      test('of one lead are read alone', async () => {
        const ours = {
          name: 'old name',
          stage: 'Desenvolvimento/Orçamento',
          branches: ['1-1'],
          budgetValue: '1500.5',
          orderValue: '1500.5',
          salesRepEmail: 'seven@example.com',
          told: { budgetValue: null, orderValue: null },
        }
        expect(await it.erp.commercialLead('9001')).toEqual(ours)
        await told('9001', { BUDGET_VALUE: '7.10' })
        expect(await it.erp.commercialLead('9001')).toEqual({ ...ours, told: { budgetValue: '7.1', orderValue: null } })
        await it.sql("insert into branches (client, code, description, city, id_crm) values (2, 2, 'TWIN', 1, 9001)")
        expect(await it.erp.commercialLead('9001')).toMatchObject({ branches: ['1-1', '2-2'] })
        expect(await it.erp.commercialLead('404')).toBeNull()
      })
    })

    test('shows a mirrored lead by its id, every column as text', async () => {
      const row = await it.erp.mirroredLead('9001')
      expect(row).toMatchObject({ ID: '9001', NAME: 'old name', STAGE: 'Ativação', TAXID: '00000000000191', SALES_REP: '7', PHONE: null })
      expect(Object.keys(row!)).toEqual(
        expect.arrayContaining(['SOURCE', 'INDUSTRY', 'CLIENT_CODE', 'BUDGET_VALUE', 'ORDER_VALUE', 'FINANCIAL_ANALYSIS']),
      )
      expect(await it.erp.mirroredLead('9002')).toBeNull()
    })

    test('stores industries that are not there yet, however they are spelled', async () => {
      await it.sql("insert into industries (industry, description) values ('1', 'CONSTRUÇÃO')")
      await it.sql("insert into industries (industry, description) values ('7', 'OUTROS')")
      const given = [
        { id: 5, value: 'Construcao' },
        { id: 7, value: 'Alimentos' },
        { id: 8, value: 'Têxtil' },
        { id: 9, value: ' TEXTIL ' },
        { id: 10, value: ' ' },
      ]
      expect(await it.erp.storeIndustries(given)).toEqual({ inserted: 2, existing: 3 })
      expect(await it.sql("select industry, description from industries where industry not in ('1', '7') order by description")).toEqual([
        { industry: '8', description: 'Alimentos' },
        { industry: '9', description: 'Têxtil' },
      ])
      expect(await it.erp.storeIndustries(given)).toEqual({ inserted: 0, existing: 5 })
    })

    test('two lists of industries at once store each once', async () => {
      const given = [1, 2, 3].map((id) => ({ id, value: `Setor ${id}` }))
      const stored = await Promise.all([it.erp.storeIndustries(given), it.erp.storeIndustries(given)])
      expect(stored.map(({ inserted }) => inserted).sort()).toEqual([0, 3])
    })

    test('a description that does not fit is refused, and none of its list is stored', async () => {
      const given = [
        { id: 1, value: 'Setor' },
        { id: 2, value: 'S'.repeat(61) },
      ]
      await expect(it.erp.storeIndustries(given)).rejects.toMatchObject({ code: 'erp.value_refused' })
      expect(await one('select count(*) as n from industries')).toEqual({ n: '0' })
    })

    testInboundLeads(() => it)
    testInboundContacts(() => it)

    test('an extract is one moment: later changes are not in it', async () => {
      const extract = await it.erp.openExtract(2)
      try {
        const before = await extract.source('known_leads', ['ID', 'NAME'])
        await it.sql("update leads set name = 'changed' where id = 9001")
        const after = await extract.source('known_leads', ['ID', 'NAME'])
        expect(await readSource(before, ['ID', 'NAME'])).toEqual([{ ID: '9001', NAME: 'old name' }])
        expect(await readSource(after, ['ID', 'NAME'])).toEqual([{ ID: '9001', NAME: 'old name' }])
      } finally {
        await extract.close()
      }
      expect(await view('known_leads')).toMatchObject([{ NAME: 'changed' }])
    })

    test('ranges are disjoint and whole, for any number of readers', async () => {
      for (let client = 100; client < 140; client += 1) {
        await it.sql(`insert into clients (client_code, company_name) values (${client}, 'C')`)
        await it.sql(`insert into branches (client, code, description, city, id_crm) values (${client}, 1, 'B', 1, ${client})`)
      }
      for (const readers of [1, 2, 3, 7, 100]) {
        const ids = (await view('desired_leads', readers)).map((row) => Number(row.ID)).sort((a, b) => a - b)
        expect(ids).toEqual([...Array.from({ length: 40 }, (_, index) => 100 + index), 9001])
      }
    })

    test('a view or column that does not exist is refused by name', async () => {
      const extract = await it.erp.openExtract(1)
      try {
        await expect(extract.source('nothing' as ErpView, ['ID'])).rejects.toMatchObject({ code: 'erp.unknown_view' })
        await expect(extract.source('known_leads', ['ID" from x; --'])).rejects.toMatchObject({ code: 'erp.unknown_view' })
        await expect(extract.source('known_leads', ['NO_SUCH'])).rejects.toMatchObject({ code: 'erp.view_missing' })
        await expect(extract.source('known_leads', ['ID'])).resolves.toBeDefined()
      } finally {
        await extract.close()
      }
    })
  })
  describe(`ERP contract: ${name}`, () => {
    testInboundRivals(open)
    testFullSync(open)
  })
}

/** One client that is in step (lead 9001, mirrored under an old name) and one that waits for its lead. */
async function seed({ sql, erp }: ErpHarness): Promise<void> {
  await sql("insert into countries (code, name) values ('BR', 'BRASIL')")
  await sql("insert into states (code, name) values ('RJ', 'RIO DE JANEIRO')")
  await sql("insert into cities (id, city_code, city_name, state_code, country_code) values (1, '33', 'RIO DE JANEIRO', 'RJ', 'BR')")
  await sql("insert into clients (client_code, company_name) values (1, 'PADARIA')")
  await sql("insert into clients (client_code, company_name) values (2, 'NOVA')")
  await sql(`insert into branches (client, code, description, address, address_number, district, zipcode, city, sales_rep, taxid, tax_registration, integrate_crm, id_crm)
    values (1, 1, 'PADARIA SÃO JOÃO', 'RUA DAS FLORES', 12, 'CENTRO', '01001000', 1, 7, '191', 'ISENTO', 'S', 9001)`)
  await sql("insert into branches (client, code, description, city, taxid, integrate_crm) values (2, 1, 'NOVA', 1, '11222333000181', 'S')")
  await sql(`insert into contact (code, name, email, phone, job_title_desc, branch_client, branch_code, is_primary)
    values (501, 'Ana', 'ana@example.com', '21999990000', 'COMPRAS', 1, 1, 'Y')`)
  await sql("insert into contact (code, name, email, branch_client, branch_code) values (502, 'Ana', 'Ana@Example.com', 2, 1)")
  await sql("insert into contact (code, name, branch_client, branch_code) values (503, 'without e-mail', 1, 1)")
  await sql(`insert into leads (id, name, stage, taxid, sales_rep, tax_registration, client_code)
    values (9001, 'old name', 'Ativação', '00000000000191', 7, 'ISENTO', 1)`)
  await erp.ping()
}

/** An approved budget of one item, in force: `price` is per thousand. */
async function addBudget({ sql }: ErpHarness, { client, price, quantity = '1000' }: { client: number; price: string; quantity?: string }) {
  const number = 1 + Number((await sql('select count(*) as n from budget'))[0]!.n)
  await sql(`insert into budget (budget_number, client_billing_code, branch_billing_code) values (${number}, ${client}, 1)`)
  await sql(`insert into budget_item (bdg_number, item, item_date, generated) values (${number}, 1, ${TOMORROW}, 'S')`)
  await sql(`insert into budget_item_quantity (bit_bdg_number, bit_item, quantity) values (${number}, 1, ${quantity})`)
  await sql(`insert into budget_item_delivery (bit_bdg_number, bit_item, client_code, branch_code, billing_client, approval_date)
    values (${number}, 1, ${client}, 1, 'S', current_timestamp)`)
  await sql(`insert into budget_item_quant_delivery (bid_bdg_number, bid_item, bid_quantity, client_code, branch_code, price)
    values (${number}, 1, ${quantity}, ${client}, 1, ${price})`)
}

async function addOrder({ sql }: ErpHarness, { client, quantity, unit }: { client: number; quantity: string; unit: string }) {
  await sql(`insert into person (code, key1, key2) values (${client}, ${client}, 1)`)
  await sql(`insert into sales_order (company_code, order_number, pers_code) values (1, ${client}, ${client})`)
  await sql(`insert into sales_order_item (so_company_code, so_number, sequence_number, item_date, item_qty)
    values (1, ${client}, 1, ${TOMORROW}, ${quantity})`)
  await sql(`insert into sales_order_item_delivery (sod_company_code, sod_number, sequence_number, billing_client, unit_value)
    values (1, ${client}, 1, 'S', ${unit})`)
}

const TOMORROW = "current_timestamp + interval '1' day"
