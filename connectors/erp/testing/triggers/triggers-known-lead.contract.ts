/** What a lead in the mirror does to the ERP's branch that it belongs to. A suite for every dialect. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SchemaHarness } from '../contract/contract-harness.ts'
import { addBranch, addLead, FULL_LEAD, refusal, seedGeography } from '../postgres-fixtures.ts'

export function testKnownLead(open: () => Promise<SchemaHarness>): void {
  let it: SchemaHarness
  beforeEach(async () => {
    it = await open()
    await seedGeography(it)
  })
  afterEach(() => it.close())
  const one = async (statement: string) => (await it.sql(statement))[0]
  const branch = (client: number, code = 1) => one(`select * from branches where client = ${client} and code = ${code}`)

  test('writes registration, phone, representative, industry and link, but not name and address', async () => {
    await addBranch(it, 3, {
      taxid: "'1222333000181'",
      address: "'OLD STREET'",
      tax_registration: "'1'",
      state: "'SP'",
      phone: "'1'",
      sales_rep: '1',
    })
    await it.sql("insert into client_industries (client, branch, industry) values (3, 1, '30')")
    await addLead(it, 500, FULL_LEAD)
    expect(await branch(3)).toMatchObject({
      description: 'BRANCH 3',
      address: 'OLD STREET',
      tax_registration: '110042490114',
      phone: '1133334444',
      sales_rep: '7',
      id_crm: '500',
      integrate_crm: 'S',
    })
    expect(await it.sql('select industry from client_industries')).toEqual([{ industry: '20' }])
    expect(await it.sql('select client_code from clients')).toHaveLength(1)
  })

  test('writes no row when every value is equal, however it is spelled', async () => {
    await addBranch(it, 3, {
      taxid: "'01.222.333/0001-81'",
      tax_registration: "'110.042.490.114'",
      phone: "'1133334444'",
      sales_rep: '7',
      integrate_crm: "'Y'",
      id_crm: '500',
    })
    await it.sql("insert into client_industries (client, branch, industry) values (3, 1, '21')")
    await it.sql(
      "insert into credit_limit_history (client_code, sequence_number, entry_date, observations) values (3, 1, current_timestamp, 'good')",
    )
    const before = await it.versions()
    await addLead(it, 500, FULL_LEAD)
    await it.sql('update leads set name = name')
    await it.sql("update leads set stage = 'Ativação', budget_value = 5")
    expect(await it.versions()).toEqual(before)
  })

  test('hands on only what moved: a value the ERP changed meanwhile stays', async () => {
    await addBranch(it, 3, { taxid: "'1222333000181'" })
    await addLead(it, 500, FULL_LEAD)
    await it.sql("update branches set sales_rep = 99, tax_registration = '5', phone = '9' where client = 3")
    await it.sql("update leads set stage = 'Ativação'")
    expect(await branch(3)).toMatchObject({ sales_rep: '99', tax_registration: '5', phone: '9' })
    await it.sql("update leads set phone = '2'")
    expect(await branch(3)).toMatchObject({ sales_rep: '99', tax_registration: '5', phone: '2' })
  })

  test('never erases with null, and sees a change from null', async () => {
    await addBranch(it, 3, { taxid: "'1222333000181'", sales_rep: '7' })
    await addLead(it, 500, { ...FULL_LEAD, sales_rep: 'null', tax_registration: 'null' })
    expect(await branch(3)).toMatchObject({ sales_rep: '7', phone: '1133334444', tax_registration: null })
    await it.sql('update leads set phone = null')
    expect(await branch(3)).toMatchObject({ phone: '1133334444' })
  })

  test('appends a financial analysis only when it is not the latest', async () => {
    await addBranch(it, 3, { taxid: "'1222333000181'" })
    await addLead(it, 500, FULL_LEAD)
    for (const text of ['good', 'bad', 'bad', 'good']) await it.sql(`update leads set financial_analysis = '${text}'`)
    expect(await it.sql('select sequence_number, observations from credit_limit_history order by 1')).toEqual([
      { sequence_number: '1', observations: 'good' },
      { sequence_number: '2', observations: 'bad' },
      { sequence_number: '3', observations: 'good' },
    ])
  })

  test('an unknown industry becomes the default; a branch with none gets none; a clash changes nothing', async () => {
    await addBranch(it, 3, { taxid: "'1222333000181'" })
    await addLead(it, 500, FULL_LEAD)
    expect(await it.sql('select * from client_industries')).toEqual([])
    await it.sql("insert into client_industries (client, branch, industry) values (3, 1, '20'), (3, 1, '30')")
    await it.sql("update leads set industry = 'nobody knows'")
    expect((await it.sql('select industry from client_industries order by 1')).map((row) => row.industry)).toEqual(['10', '20'])
    await it.sql("update leads set industry = 'outros'")
    expect((await it.sql('select industry from client_industries order by 1')).map((row) => row.industry)).toEqual(['10', '20'])
  })

  test('a link in force is kept, one not in force is replaced', async () => {
    await addBranch(it, 3, { taxid: "'1222333000181'", id_crm: '400', integrate_crm: "'S'" })
    await addBranch(it, 4, { taxid: "'4'", id_crm: '401', integrate_crm: "'N'" })
    await addLead(it, 500, FULL_LEAD)
    await addLead(it, 501, { taxid: "'4'" })
    expect(await branch(3)).toMatchObject({ id_crm: '400' })
    expect(await branch(4)).toMatchObject({ id_crm: '501', integrate_crm: 'S' })
  })

  test('a tax id of several free branches is refused, and of several the linked one is meant', async () => {
    await addBranch(it, 3, { taxid: "'1222333000181'" })
    await addBranch(it, 3, { taxid: "'1222333000181'" }, 2)
    const before = await it.versions()
    expect(await refusal(addLead(it, 500, FULL_LEAD))).toEqual({
      state: 'P2020',
      message: expect.stringContaining('-20012: error updating client of lead 500: its tax id is carried by 2 branches'),
    })
    expect(await it.versions()).toEqual(before)
    await it.sql('update branches set id_crm = 500 where code = 2')
    await addLead(it, 500, FULL_LEAD)
    expect(await branch(3, 1)).toMatchObject({ phone: null, id_crm: null })
    expect(await branch(3, 2)).toMatchObject({ phone: '1133334444' })
  })

  test('an initial load only links', async () => {
    await addBranch(it, 3, { taxid: "'191'" })
    await it.sql(`call prc_update_clients('00000000000191', 9, 'N', null, '1', null, null, null, null, null, null, null, '5', 7, 'S', 'x')`)
    expect(await branch(3)).toMatchObject({ id_crm: '9', integrate_crm: 'S', phone: null, sales_rep: null })
    expect(await it.sql('select * from credit_limit_history')).toEqual([])
  })
}
