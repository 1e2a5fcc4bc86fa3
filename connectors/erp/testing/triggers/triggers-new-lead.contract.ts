/** What a lead in the mirror does in an ERP that does not know it. A suite for every dialect. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SchemaHarness } from '../contract/contract-harness.ts'
import { addBranch, addLead, FULL_LEAD, refusal, seedGeography, withCheck } from '../postgres-fixtures.ts'

export function testNewLead(open: () => Promise<SchemaHarness>): void {
  let it: SchemaHarness
  beforeEach(async () => {
    it = await open()
    await seedGeography(it)
  })
  afterEach(() => it.close())
  const one = async (statement: string) => (await it.sql(statement))[0]
  const branch = (client: number, code = 1) => one(`select * from branches where client = ${client} and code = ${code}`)

  test('makes a client with everything that belongs to it', async () => {
    await addLead(it, 500, FULL_LEAD)
    expect(await one('select * from clients')).toMatchObject({
      client_code: '1',
      company_name: 'PADARIA SOL',
      trading_name: 'PADARIA SOL',
      address: 'RUA A',
      district: 'CENTRO',
      city: '1',
      state_code: 'SP',
      country: 'BR',
      country_code: 'BR',
      zipcode: '01001000',
      address_number: '55',
      complement: 'sala 3',
      credit_limit: '0.00',
      is_intercompany: 'N',
      credit_limit_indicator: '2',
      person_type: '02',
      plant_code: 'DUP',
      protest_indicator: 'S',
      pay_monday: 'S',
      pay_sunday: 'S',
      pay_advance_retreat: 'A',
      block_billing: 'N',
      created_by: 'CRM',
    })
    expect(await branch(1)).toMatchObject({
      description: 'PADARIA SOL',
      address: 'RUA A',
      address_number: '55',
      complement: 'sala 3',
      sales_rep: '7',
      phone: '1133334444',
      contact: 'CRM',
      taxid: '01222333000181',
      tax_registration: '110042490114',
      active: 'S',
      integrate_crm: 'S',
      id_crm: '500',
      fain_code: '1',
      has_edi: 'N',
      default_unit_measure: 'MI',
      default_invoice_items_order: 'DITB_DITE_CODE',
      taxid_status: 'A',
      quality_standard: 'STANDARD',
      tolerance_display_type: 'P',
      client_approval_pdf: 'I',
      client_approval_ab: 'I',
      send_invoice_ws: '0',
      created_by: 'CRM',
      last_update_user: 'CRM',
    })
    expect(await it.sql('select sequence_number, observations from credit_limit_history')).toEqual([
      { sequence_number: '1', observations: 'good' },
    ])
    expect(await it.sql('select sales_rep_code, from_to_client, from_to_branch from sales_rep_branches')).toEqual([
      { sales_rep_code: '7', from_to_client: '1', from_to_branch: '1' },
    ])
    expect(await one('select * from billing_addresses')).toMatchObject({
      billing_address: 'RUA A',
      billing_district: 'CENTRO',
      city_code: '1',
      address_number: '55',
    })
    expect(await it.sql('select industry, status from client_industries')).toEqual([{ industry: '20', status: 'A' }])
    expect(await it.sql('select * from error_log')).toEqual([])
  })

  test('falls back for what is missing: representative in branch and link alike, X, exempt, default city, which is noted', async () => {
    await addLead(it, 500, { taxid: "'1'" })
    expect(await branch(1)).toMatchObject({
      sales_rep: '99',
      address: 'X',
      district: 'X',
      tax_registration: 'ISENTO',
      city: '10000',
      state: 'XX',
      country: 'BR',
      taxid: '00000000000001',
      address_number: null,
    })
    expect(await one('select sales_rep_code from sales_rep_branches')).toEqual({ sales_rep_code: '99' })
    expect(await it.sql('select * from client_industries')).toEqual([])
    expect((await one('select error_info from error_log'))?.error_info).toBe(
      'lead 500: its city is not in CITIES, branch 1-1 was given the default city',
    )
  })

  test('takes credit, inter-company flag and registration mask from the settings', async () => {
    await it.sql("update ponte_settings set value = '1500.50' where name = 'credit_limit'")
    await it.sql("update ponte_settings set value = 'S' where name = 'is_intercompany'")
    await it.sql("insert into ponte_settings (name, value, note) values ('tax_registration_mask_SP', '###.###.###.###', 'São Paulo')")
    await addLead(it, 500, FULL_LEAD)
    expect(await one('select credit_limit, is_intercompany from clients')).toEqual({ credit_limit: '1500.50', is_intercompany: 'S' })
    expect(await branch(1)).toMatchObject({ tax_registration: '110.042.490.114' })
  })

  test('skips client codes that the ERP has given by itself', async () => {
    for (const client of [1, 2, 7]) await addBranch(it, client)
    await addLead(it, 500, { taxid: "'1'" })
    await addLead(it, 501, { taxid: "'2'" })
    expect((await it.sql('select client from branches where id_crm is not null order by client')).map((row) => row.client)).toEqual([
      '8',
      '9',
    ])
  })

  test('leaves nothing behind when any part fails, and is refused with -20020', async () => {
    const before = await it.versions()
    await withCheck(it, 'billing_addresses', 'billing_address_seq > 1', async () =>
      expect(await refusal(addLead(it, 500, FULL_LEAD))).toEqual({
        state: 'P2020',
        message: expect.stringMatching(/^-20020: lead 500 was not written: -20001: error adding client of lead 500: /),
      }),
    )
    expect(await it.sql('select id from leads')).toEqual([])
    expect(await it.versions()).toEqual(before)
  })

  test('makes one client for leads with one tax id that come at the same moment', async () => {
    const sessions = await Promise.all([500, 501, 502].map(async () => ({ sql: (await it.session?.()) ?? it.sql })))
    const results = await Promise.allSettled(sessions.map((session, at) => addLead(session, 500 + at, { taxid: "'77'" })))
    expect(results.filter((result) => result.status === 'rejected')).toEqual([])
    expect(await it.sql('select client from branches')).toHaveLength(1)
  })
}
