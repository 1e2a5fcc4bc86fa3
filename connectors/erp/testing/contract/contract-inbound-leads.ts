/** The part of the contract (contract.ts) that brings events of leads into the ERP. The SQL here stays in what all dialects accept. */
import { describe, expect, test } from 'vitest'
import type { LeadSides, MirrorWrite } from '../../erp.ts'
import type { ErpHarness } from './contract-harness.ts'

const nothing: MirrorWrite = { quiet: {}, loud: {} }
const newLead: MirrorWrite = {
  quiet: { STAGE: 'Ativação', SOURCE: 'Site' },
  loud: {
    NAME: 'Padaria Sol',
    TAXID: '12ABC34501DE35',
    PHONE: '5511987654321',
    ADDRESS_STREET: 'Rua A',
    ADDRESS_NUMBER: '77',
    ADDRESS_COMPLEMENT: 'Sala 3',
    CITY: 'Rio de Janeiro',
    STATE: 'Rio de Janeiro',
    SALES_REP: '7',
    TAX_REGISTRATION: 'ISENTO',
  },
}

/** Registers the tests. The harness is seeded as contract.ts does: lead 9001 is in step with branch 1-1, branch 2-1 waits for its lead. */
export function testInboundLeads(harness: () => ErpHarness): void {
  const sql = (statement: string) => harness().sql(statement)
  const one = async (statement: string) => (await sql(statement))[0]
  const inbox = async () => (await sql('select event_id from ponte_inbox order by event_id')).map((row) => row.event_id)
  const clients = async () => Number((await one('select count(*) as n from clients'))!.n)
  const apply = (
    leadId: string,
    write: MirrorWrite | null | ((sides: LeadSides) => MirrorWrite | null),
    { taxId = null, inboxId = 'e1' }: { taxId?: string | null; inboxId?: string } = {},
  ) => harness().erp.applyLead({ inboxId, leadId, taxId }, typeof write === 'function' ? write : () => write)

  describe('an event of a lead', () => {
    test('that nobody knows makes mirror row, client and branch, with its inbox id', async () => {
      const { kind, sides } = await apply('700', newLead, { taxId: '12ABC34501DE35' })
      expect([kind, sides]).toEqual(['applied', { mirror: null, branch: null, linked: false, candidates: [] }])
      expect(await one('select name, stage, source, address_number, sales_rep from leads where id = 700')).toEqual({
        name: 'Padaria Sol',
        stage: 'Ativação',
        source: 'Site',
        address_number: '77',
        sales_rep: '7',
      })
      expect(
        await one('select description, taxid, address_number, complement, phone, integrate_crm from branches where id_crm = 700'),
      ).toEqual({
        description: 'PADARIA SOL',
        taxid: '12ABC34501DE35',
        address_number: '77',
        complement: 'Sala 3',
        phone: '5511987654321',
        integrate_crm: 'S',
      })
      expect(await clients()).toBe(3)
      expect(await inbox()).toEqual(['e1'])
    })

    test('is dated by the ERP’s clock; what the ERP notes after it is the newest, whatever its own clock says', async () => {
      await apply('9001', { quiet: {}, loud: { FINANCIAL_ANALYSIS: 'Bom', PHONE: '5511987654321' } })
      const near = "between erp_now() - interval '5' minute and erp_now() + interval '5' minute"
      expect(await sql(`select observations from credit_limit_history where client_code = 1 and entry_date ${near}`)).toEqual([
        { observations: 'Bom' },
      ])
      expect(await sql(`select phone from branches where client = 1 and last_update_date ${near}`)).toHaveLength(1)
      await sql(`insert into credit_limit_history (client_code, sequence_number, entry_date, observations)
        select client_code, max(sequence_number) + 1, min(entry_date) - interval '3' hour, 'Bloqueado' from credit_limit_history
         where client_code = 1 group by client_code`)
      for (const view of ["desired_leads where id = '9001'", 'vw_crm_clients where id_crm = 9001'])
        expect(await one(`select financial_analysis from ${view}`)).toEqual({ financial_analysis: 'Bloqueado' })
      const { sides } = await apply('9001', null, { inboxId: 'e2' })
      expect(sides.branch!.FINANCIAL_ANALYSIS).toBe('Bloqueado')
    })

    test('shows both sides, raw and in text, to who decides', async () => {
      await sql("update branches set phone = '(21) 3333-4444' where client = 1")
      const { sides } = await apply('9001', null)
      expect(sides).toEqual({
        linked: true,
        candidates: [],
        mirror: {
          NAME: 'old name',
          STAGE: 'Ativação',
          TAXID: '00000000000191',
          INDUSTRY: null,
          SOURCE: null,
          PHONE: null,
          ADDRESS_STREET: null,
          ADDRESS_ZIPCODE: null,
          ADDRESS_NUMBER: null,
          ADDRESS_COMPLEMENT: null,
          ADDRESS_DISTRICT: null,
          CITY: null,
          STATE: null,
          SALES_REP: '7',
          TAX_REGISTRATION: 'ISENTO',
          CLIENT_CODE: '1',
          BUDGET_VALUE: null,
          ORDER_VALUE: null,
          FINANCIAL_ANALYSIS: null,
        },
        branch: {
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
          PHONE: '(21) 3333-4444',
          INDUSTRY: null,
          FINANCIAL_ANALYSIS: null,
        },
      })
    })

    test('whose values are all quiet changes the mirror alone', async () => {
      expect(await apply('9001', { quiet: { NAME: 'New', SALES_REP: '8', PHONE: '1' }, loud: {} })).toMatchObject({ kind: 'applied' })
      expect(await one('select name, sales_rep, phone from leads where id = 9001')).toEqual({ name: 'New', sales_rep: '8', phone: '1' })
      expect(await one('select description, sales_rep, phone from branches where client = 1')).toEqual({
        description: 'PADARIA SÃO JOÃO',
        sales_rep: '7',
        phone: null,
      })
    })

    test('whose values are all loud changes both sides', async () => {
      await apply('9001', { quiet: {}, loud: { SALES_REP: '8', PHONE: '5521999990000', FINANCIAL_ANALYSIS: 'Bom' } })
      expect(await one('select sales_rep, phone, financial_analysis from leads where id = 9001')).toEqual({
        sales_rep: '8',
        phone: '5521999990000',
        financial_analysis: 'Bom',
      })
      expect(await one('select sales_rep, phone from branches where client = 1')).toEqual({ sales_rep: '8', phone: '5521999990000' })
      expect(await one('select observations from credit_limit_history where client_code = 1')).toEqual({ observations: 'Bom' })
    })

    test('hands on the loud values and no other: what the ERP changed meanwhile stays', async () => {
      await sql("update branches set sales_rep = 8, tax_registration = '5' where client = 1")
      await apply('9001', { quiet: { SALES_REP: '9', NAME: 'New' }, loud: { PHONE: '1' } })
      expect(await one('select sales_rep, tax_registration, phone from branches where client = 1')).toEqual({
        sales_rep: '8',
        tax_registration: '5',
        phone: '1',
      })
    })

    test('with nothing to write is unchanged, and its inbox id is not there', async () => {
      expect(await apply('9001', nothing)).toMatchObject({ kind: 'unchanged' })
      expect(await apply('9001', null)).toMatchObject({ kind: 'unchanged' })
      expect(await apply('701', null)).toMatchObject({ kind: 'unchanged' })
      expect(await inbox()).toEqual([])
      expect(await sql('select id from leads')).toEqual([{ id: '9001' }])
    })

    test('met twice is decided anew, on what the first one left', async () => {
      const seen: unknown[] = []
      for (let time = 1; time <= 2; time++)
        await apply('9001', ({ mirror, branch }) => {
          seen.push([mirror?.PHONE, branch?.PHONE])
          return { quiet: {}, loud: { PHONE: '1' } }
        })
      expect(seen).toEqual([
        [null, null],
        ['1', '1'],
      ])
      expect(await inbox()).toEqual(['e1'])
    })

    test('whose branch carries its tax id links it, whatever the punctuation, and makes no second client', async () => {
      const { sides } = await apply('701', { quiet: { STAGE: 'Ativação' }, loud: { PHONE: '1' } }, { taxId: '11.222.333/0001-81' })
      expect(sides).toMatchObject({
        mirror: null,
        linked: false,
        candidates: ['2-1'],
        branch: { ID: null, CLIENT_CODE: '2', NAME: 'NOVA' },
      })
      expect(await one('select id_crm, integrate_crm, phone, description from branches where client = 2')).toEqual({
        id_crm: '701',
        integrate_crm: 'S',
        phone: '1',
        description: 'NOVA',
      })
      expect(await clients()).toBe(2)
    })

    test('links also when there is nothing to write, and when the lead is mirrored already', async () => {
      expect(await apply('701', nothing, { taxId: '11222333000181' })).toMatchObject({ kind: 'applied' })
      expect(await one('select id_crm from branches where client = 2')).toEqual({ id_crm: '701' })
      await sql('update branches set id_crm = null where client = 2')
      expect(await apply('701', nothing, { taxId: '11222333000181', inboxId: 'e2' })).toMatchObject({ kind: 'applied' })
      expect(await one('select id_crm from branches where client = 2')).toEqual({ id_crm: '701' })
      expect(await inbox()).toEqual(['e1', 'e2'])
    })

    test('means the linked branch, whatever its tax id says now', async () => {
      const { sides } = await apply('9001', { quiet: { TAXID: '11222333000181' }, loud: { PHONE: '1' } }, { taxId: '11222333000181' })
      expect(sides).toMatchObject({ linked: true, candidates: [], branch: { CLIENT_CODE: '1' } })
      expect(await sql('select client, phone, id_crm from branches order by client')).toEqual([
        { client: '1', phone: '1', id_crm: '9001' },
        { client: '2', phone: null, id_crm: null },
      ])
    })

    test('leaves another lead’s branch alone, though it carries its tax id: no link is taken, no client made', async () => {
      const { sides } = await apply('702', newLead, { taxId: '191' })
      expect(sides).toMatchObject({ branch: null, candidates: [] })
      await apply('703', { ...newLead, loud: { ...newLead.loud, TAXID: '00000000000191' } }, { taxId: '191', inboxId: 'e2' })
      expect(await one('select id_crm, phone from branches where client = 1')).toEqual({ id_crm: '9001', phone: null })
      expect(await one('select count(*) as n from branches where id_crm = 703')).toEqual({ n: '0' })
    })

    test('whose tax id several free branches carry is ambiguous: refused whole, unless the setting names the first', async () => {
      await sql("insert into branches (client, code, description, taxid, city) values (2, 2, 'TWIN', '11.222.333/0001-81', 1)")
      const write = { quiet: {}, loud: { TAXID: '11222333000181', NAME: 'Nova', PHONE: '1' } }
      const event = { taxId: '11222333000181' }
      const { sides } = await apply('701', null, event)
      expect(sides).toEqual({ mirror: null, branch: null, linked: false, candidates: ['2-1', '2-2'] })
      // Were the answer to write all the same, the procedure refuses it.
      await expect(apply('701', write, event)).rejects.toMatchObject({ code: 'erp.write_refused' })
      expect(await sql('select id from leads where id = 701')).toEqual([])
      expect(await inbox()).toEqual([])
      expect(await one('select errorcode, error_info from error_log')).toEqual({ errorcode: '-20020', error_info: 'lead 701' })
      await sql("update ponte_settings set value = 'first' where name = 'ambiguous_taxid'")
      expect((await apply('701', write, event)).sides).toMatchObject({
        branch: { CLIENT_CODE: '2' },
        linked: false,
        candidates: ['2-1', '2-2'],
      })
      expect(await sql('select code, id_crm, phone from branches where client = 2 order by code')).toEqual([
        { code: '1', id_crm: '701', phone: '1' },
        { code: '2', id_crm: null, phone: null },
      ])
    })

    test('of a branch in a city that the ERP does not know has a branch all the same, without a city', async () => {
      await sql('update branches set city = 10000 where client = 1')
      const { sides } = await apply('9001', { quiet: {}, loud: { PHONE: '1' } })
      expect(sides.branch).toMatchObject({ CITY: null, STATE: null, CLIENT_CODE: '1' })
      expect(await one('select phone from branches where client = 1')).toEqual({ phone: '1' })
    })

    test('whose value does not fit is refused whole, quiet and loud alike', async () => {
      for (const write of [
        { quiet: { STAGE: 'S'.repeat(51) }, loud: { PHONE: '1' } },
        { quiet: { STAGE: 'Ativação' }, loud: { SALES_REP: '9'.repeat(30) } },
      ])
        await expect(apply('9001', write)).rejects.toMatchObject({ code: 'erp.value_refused' })
      await expect(apply('9001', { quiet: { ID: '5' }, loud: {} })).rejects.toMatchObject({ code: 'erp.unknown_column' })
      expect(await one('select stage, phone from leads where id = 9001')).toEqual({ stage: 'Ativação', phone: null })
      expect(await inbox()).toEqual([])
    })

    test('whose decision fails writes nothing, and the failure is told as it is', async () => {
      const failure = new Error('no decision')
      const deciding = apply('9001', () => {
        throw failure
      })
      await expect(deciding).rejects.toMatchObject({ cause: failure })
      expect(await inbox()).toEqual([])
      expect(await apply('9001', { quiet: {}, loud: { PHONE: '1' } }), 'and nothing stays locked').toMatchObject({ kind: 'applied' })
    })

    test('twenty at once of one new lead make one mirror row and one client', async () => {
      const sides = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          apply('700', (seen) => (seen.mirror === null ? newLead : nothing), { taxId: '12ABC34501DE35', inboxId: `e${n}` }),
        ),
      )
      expect(sides.filter(({ kind }) => kind === 'applied')).toHaveLength(1)
      expect(await clients()).toBe(3)
      expect(await inbox()).toHaveLength(1)
    })

    test('and one of another lead with the same tax id at the same moment make one client', async () => {
      await Promise.all(['700', '701', '702'].map((id) => apply(id, newLead, { taxId: '12ABC34501DE35', inboxId: id })))
      expect(await clients()).toBe(3)
      expect(await one("select count(*) as n from branches where taxid = '12ABC34501DE35'")).toEqual({ n: '1' })
    })
  })

  describe('a lead that leaves the mirror', () => {
    const remove = (leadId = '9001') => harness().erp.removeLead({ leadId, job: 'job_x', reason: 'moved back' })

    test('keeps what was told of budget and order, and has it again when it comes back', async () => {
      await sql('update leads set budget_value = 1500.5, order_value = 99 where id = 9001')
      expect(await remove()).toBe(true)
      expect(await sql('select id from leads')).toEqual([])
      expect(await one('select id, client_code, stage, reason from leads_removed')).toEqual({
        id: '9001',
        client_code: '1',
        stage: 'Ativação',
        reason: 'moved back',
      })
      await apply('9001', { quiet: { STAGE: 'Ativação', NAME: 'Back' }, loud: {} })
      const back = await harness().erp.mirrorOf('9001')
      expect([Number(back.lead?.BUDGET_VALUE), Number(back.lead?.ORDER_VALUE), back.lead?.NAME]).toEqual([1500.5, 99, 'Back'])
      expect(await sql('select id from leads_removed')).toEqual([])
    })

    test('leaves again with what it holds then', async () => {
      for (const value of ['1', '2']) {
        await sql(`update leads set budget_value = ${value} where id = 9001`)
        await remove()
        await apply('9001', { quiet: { STAGE: 'Ativação' }, loud: {} })
      }
      await remove()
      expect(Number((await one('select budget_value from leads_removed'))!.budget_value)).toBe(2)
    })

    test('is written down for people of the ERP, whose own tables stay as they are', async () => {
      await remove()
      expect(await one('select job, lead_id, lead_name, field, value from log_execution_crm')).toEqual({
        job: 'job_x',
        lead_id: '9001',
        lead_name: 'old name',
        field: 'STAGE',
        value: 'Ativação -> removed from the mirror: moved back',
      })
      expect(await one('select id_crm, integrate_crm from branches where client = 1')).toEqual({ id_crm: '9001', integrate_crm: 'S' })
    })

    test('and is not there says so, and leaves no trace', async () => {
      expect([await remove('404'), await remove(), await remove()]).toEqual([false, true, false])
      expect(await sql('select lead_id from log_execution_crm')).toEqual([{ lead_id: '9001' }])
    })
  })

  test('shows a lead and its persons as the mirror holds them', async () => {
    await sql(
      "insert into contacts (id, lead_id, name, email, client_code, is_primary) values (71, 9001, 'Bia', 'BIA@example.com', 1, 'S')",
    )
    await sql("insert into contacts (id, lead_id, name, client_code, phone) values (70, 9001, 'Ana', 1, '1')")
    await sql("insert into contacts (id, lead_id, name, client_code) values (72, 9002, 'Other', 1)")
    const { lead, persons } = await harness().erp.mirrorOf('9001')
    expect(lead).toMatchObject({ NAME: 'old name', STAGE: 'Ativação', SALES_REP: '7', PHONE: null })
    expect(persons).toEqual([
      { ID: '70', NAME: 'Ana', EMAIL: null, PHONE: '1', JOB_TITLE: null, IS_PRIMARY: null },
      { ID: '71', NAME: 'Bia', EMAIL: 'bia@example.com', PHONE: null, JOB_TITLE: null, IS_PRIMARY: 'S' },
    ])
    expect(await harness().erp.mirrorOf('404')).toEqual({ lead: null, persons: [] })
  })

  test('knows every spelling of every stage, in the order of the funnel', async () => {
    const stages = await harness().erp.stages()
    expect(stages.find(({ alias }) => alias === 'Activation')).toEqual({
      alias: 'Activation',
      name: 'Ativação',
      position: 6,
      integrated: true,
      sold: true,
    })
    expect([...new Set(stages.map(({ position }) => position))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(stages.filter(({ alias }) => alias.includes('\u00a0')).length).toBeGreaterThan(0)
  })
}
