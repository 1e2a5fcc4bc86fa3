/** What the ERP's schema promises, as a suite for every dialect. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VIEW_COLUMNS } from './contract/contract.ts'
import type { ErpHarness } from './contract/contract-harness.ts'
import { testForms } from './forms.contract.ts'
import { addBranch, seedGeography } from './postgres-fixtures.ts'

/** What only a dialect's catalogue knows, as SQL. */
export interface Catalogue {
  /** Name of our schema in information_schema. */
  readonly schema: string
  /** Texts of views and routines, as `s`. */
  readonly sources: string
  /** Columns of `leads`, `contacts` and `crm_stages` that no comment explains. */
  readonly unexplained: string
}

/** Mission B.3 and B.4, with the names that Oracle reserves renamed. */
const VIEWS: Readonly<Record<string, string>> = {
  vw_crm_clients:
    'id client_code branch_code company_name taxid sales_rep phone email tax_registration id_crm country state city city_code address_zipcode address_street address_number address_district address_complement integrate_crm industry financial_analysis budget_value has_order order_value has_retention sales_rep_email',
  vw_crm_clients_contacts: 'id name email phone job_title client_taxid id_crm is_primary',
  view_insert_lead_in_crm:
    'name taxid address district zipcode address_number city phone complement state country industry sales_rep client_code tax_registration',
  view_update_lead_in_crm:
    'id name taxid address_street address_zipcode address_number address_complement address_district city state sales_rep client_code tax_registration financial_analysis',
  view_update_contact_in_crm: 'id name email job_title is_primary phone lead_id',
  view_insert_contact_in_crm: 'code name email phone job_title is_primary lead_id',
  view_leads_budgeted: 'id budget_value taxid',
  view_leads_sold: 'id order_value sales_rep_email',
}
/** Words that Oracle 19c reserves and that the published SQL used as names, and their like. */
const RESERVED = [
  'number',
  'date',
  'user',
  'level',
  'comment',
  'size',
  'mode',
  'option',
  'order',
  'session',
  'uid',
  'start',
  'access',
  'file',
  'index',
]

export function testSchema(dialect: string, open: () => Promise<ErpHarness>, catalogue: Catalogue): void {
  describe(`${dialect}: the schema`, () => {
    let it: ErpHarness
    beforeAll(async () => {
      it = await open()
      await seedGeography(it)
    })
    afterAll(() => it.close())
    const value = async (expression: string) => (await it.sql(`select ${expression} as v`))[0]!.v
    const isText = (type: string | null | undefined) => /char|text/.test(type ?? '')
    const columns = () =>
      it.sql(
        `select table_name as t, column_name as c, data_type as type from information_schema.columns where table_schema = ${catalogue.schema}`,
      )
    const columnsOf = async (relation: string) => (await columns()).filter(({ t }) => t === relation)

    testForms(() => it)

    test.each(Object.entries(VIEWS))('%s has its columns', async (view, columns) => {
      expect((await columnsOf(view)).map(({ c }) => c)).toEqual(expect.arrayContaining(columns.split(' ')))
    })

    test.each(Object.entries(VIEW_COLUMNS))('%s gives engines text and an integer range_key, and nothing else', async (view, columns) => {
      const found = (await columnsOf(view)).map(({ c, type }) => `${c} ${isText(type) ? 'text' : type}`)
      expect(found.sort()).toEqual([...columns.map((column) => `${column.toLowerCase()} text`), 'range_key bigint'].sort())
    })

    test('no table or column has a name that Oracle reserves', async () => {
      const names = (await columns()).flatMap(({ t, c }) => [t, c])
      expect(names.length).toBeGreaterThan(200)
      expect(names.filter((name) => RESERVED.includes(name!))).toEqual([])
    })

    test('tax id, zip code and phone are text wherever they stand', async () => {
      const named = (await columns()).filter(({ c }) => /taxid|zip|phone/.test(c!))
      expect(named.length).toBeGreaterThan(10)
      expect(named.filter(({ type }) => !isText(type))).toEqual([])
    })

    test("every column of the integration's own tables is explained", async () => {
      expect(await it.sql(catalogue.unexplained)).toEqual([])
    })

    test('every spelling of a stage leads to one position, and only 5 to 7 are integrated', async () => {
      const stages = await it.sql('select distinct position, name, integrated from crm_stages order by 1')
      expect(stages.map((row) => `${row.position} ${row.name} ${row.integrated}`)).toEqual([
        '0 Descartado N',
        '1 Novos leads N',
        '2 Pesquisa (filtro 1) N',
        '3 Prospecção (filtro 2) N',
        '4 Passagem de bastão N',
        '5 Desenvolvimento/Orçamento S',
        '6 Ativação S',
        '7 Retenção/Expansão S',
      ])
      for (const alias of ['Prospecção', 'Passagem\u00a0de\u00a0bastão', 'Novos\u00a0leads', 'Retention/Expansion', '\u00a0Ativação']) {
        expect(await it.sql(`select alias from crm_stages where alias = '${alias}'`)).toHaveLength(1)
      }
    })

    test("no view or routine holds a stage's name", async () => {
      const sources = await it.sql(catalogue.sources)
      expect(sources.length).toBeGreaterThan(20)
      expect(sources.filter((row) => /Ativa|Activation|Orçamento|Budget\/|Reten/.test(row.s!))).toEqual([])
    })

    test('every setting is read by a view or routine', async () => {
      const sources = (await it.sql(catalogue.sources)).map((row) => row.s).join('\n')
      const settings = (await it.sql('select name as s from ponte_settings')).map((row) => row.s!)
      expect(settings.length).toBeGreaterThan(5)
      expect(settings.filter((name) => !sources.includes(name))).toEqual([])
    })

    test.each([
      ["initcap2('RIO DE JANEIRO')", 'Rio de Janeiro'],
      ["initcap2('são josé dos campos e região')", 'São José dos Campos e Região'],
      ["initcap2('DA SILVA')", 'Da Silva'],
      ["initcap2('SANTA BÁRBARA D''OESTE')", "Santa Bárbara D'Oeste"],
      ['initcap2(null)', null],
      ["remove_accents('ÁÉÍÓÚ ãõç ñ')", 'AEIOU aoc n'],
      ["remove_accents('한글')", '한글'],
      ["remove_accents('')", ''],
      ["taxid_key('01.222.333/0001-81')", '01222333000181'],
      ["taxid_key('191')", '00000000000191'],
      ["taxid_key('12abc34501de35')", '12ABC34501DE35'],
      ["taxid_key('123456789012345')", '123456789012345'],
      ["taxid_key(' - ')", null],
      ["tax_registration_key('exempt')", 'ISENTO'],
      ["tax_registration_key(' 99 ')", 'ISENTO'],
      ["tax_registration_key('')", 'ISENTO'],
      ['tax_registration_key(null)', 'ISENTO'],
      ["tax_registration_key('110.042.490-114')", '110042490114'],
      ["format_tax_registration('110.042', 'SP')", '110042'],
      ["format_tax_registration('Isento', 'SP')", 'ISENTO'],
    ])('%s is %s', async (expression, expected) => {
      expect(await value(expression)).toBe(expected)
    })

    test('the column taxid_key and the function agree', async () => {
      const samples = ['1', '01.222.333/0001-81', '12.abc.345/01de-35', '', '//', '1234567890123456']
      for (const [index, sample] of samples.entries()) await addBranch(it, 100 + index, { taxid: `'${sample}'` })
      expect(await it.sql(`select taxid from branches where coalesce(taxid_key, '-') <> coalesce(taxid_key(taxid), '-')`)).toEqual([])
    })

    test('VW_CRM_CLIENTS: titles, home country, lowest industry, latest analysis by its number, not its date; an unknown city hides the branch', async () => {
      await addBranch(it, 1, { city: '2' })
      await addBranch(it, 2, { city: '3' })
      await addBranch(it, 3, { city: '404' })
      await it.sql("insert into client_industries (client, branch, industry) values (1, 1, '20'), (1, 1, '30')")
      await it.sql(`insert into credit_limit_history (client_code, sequence_number, entry_date, observations) values
      (1, 1, '2024-01-02', 'b'), (1, 2, '2024-01-02', null), (1, 3, '2024-01-03', 'z'), (1, 4, '2024-01-01', 'c')`)
      expect(
        await it.sql(
          'select id, country, state, city, industry, financial_analysis, integrate_crm from vw_crm_clients where client_code <= 3 order by id',
        ),
      ).toEqual([
        {
          id: '1-1',
          country: 'Brasil',
          state: 'Rio de Janeiro',
          city: 'Rio de Janeiro',
          industry: 'Alimentos',
          financial_analysis: 'c',
          integrate_crm: 'N',
        },
        {
          id: '2-1',
          country: 'United States',
          state: null,
          city: 'New York',
          industry: null,
          financial_analysis: null,
          integrate_crm: 'N',
        },
      ])
      await it.sql('update branches set id_crm = client where client <= 3')
      expect(
        await it.sql(
          `select d.id from desired_leads d join vw_crm_clients v on concat(v.id_crm, '') = d.id
          where coalesce(d.financial_analysis, '-') <> coalesce(v.financial_analysis, '-')`,
        ),
      ).toEqual([])
    })
  })
}
