/** House routines, packages, views and stages of sql/oracle on MariaDB in Oracle mode: the cases of erp/schema.contract.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VIEW_COLUMNS } from '../erp/testing/contract/contract.ts'
import { testForms } from '../erp/testing/forms.contract.ts'
import { addBranch, addLead, seedGeography } from '../erp/testing/postgres-fixtures.ts'
import { mariaDbMissing } from '../mysql/testing.ts'
import { type OracleHarness, openOracleHarness } from './testing/schema-harness.ts'

if (!mariaDbMissing('connectors/oracle/schema-functions'))
  describe('the schema', () => {
    let it: OracleHarness
    beforeAll(async () => {
      it = await openOracleHarness()
      await seedGeography(it)
    })
    afterAll(() => it.close())
    const value = async (expression: string) => (await it.sql(`select ${expression} as v from dual`))[0]!.v

    testForms(() => it)

    test.each([
      ["title_case('RIO DE JANEIRO')", 'Rio de Janeiro'],
      ["title_case('são josé dos campos e região')", 'São José dos Campos e Região'],
      ["title_case('DA SILVA')", 'Da Silva'],
      ['title_case(null)', null],
      ["util_pkg.initcap2('RIO DAS OSTRAS')", 'Rio das Ostras'],
      ["without_accents('ÁÉÍÓÚ ãõç ñ')", 'AEIOU aoc n'],
      ["without_accents('한글')", '한글'],
      ["without_accents(unistr('Ac\\0327a\\0303o'))", 'Acao'],
      ["util_pkg.remove_accents('Construção')", 'Construcao'],
      ["plain_key(' São Paulo ')", 'SAO PAULO'],
      ["tidy(unistr('\\00A0a b\\00A0'))", 'a b'],
      ["tidy('  ')", null],
      ["email_key(' Ana@X.com ')", 'ana@x.com'],
      ["digits_of('(11) 9-8')", '1198'],
      ["digits_of('x')", null],
      ["taxid_key('01.222.333/0001-81')", '01222333000181'],
      ["taxid_key('191')", '00000000000191'],
      ["taxid_key('12abc34501de35')", '12ABC34501DE35'],
      ["taxid_key('123456789012345')", '123456789012345'],
      ["taxid_key(' - ')", null],
      ["tax_registration_key('exempt')", 'ISENTO'],
      ["tax_registration_key(' 99 ')", 'ISENTO'],
      ['tax_registration_key(null)', 'ISENTO'],
      ["tax_registration_key('110.042.490-114')", '110042490114'],
      ["masked_tax_registration('110.042', 'SP')", '110042'],
      ["util_pkg.format_tax_registration('Isento', 'SP')", 'ISENTO'],
      ["ponte_setting('default_city')", '10000'],
      ["ponte_setting('nobody')", null],
      ["if_moved('N', 'a', 'b')", 'b'],
      ["if_moved('N', 'a', 'a')", null],
      ["if_moved('S', 'a', 'a')", 'a'],
      ["if_moved('N', null, 'a')", 'a'],
      ["if_moved('N', 'a', null)", null],
      ["add_days(date '2024-02-28', 366)", '2025-02-28 00:00:00'],
      ["add_days(date '2024-02-28', 0)", '2024-02-28 00:00:00'],
      ['add_days(erp_today(), 0) - erp_today()', '0'],
      ["case when erp_now() between utc_timestamp() - interval '4' hour and utc_timestamp() - interval '2' hour then 1 end", '1'],
      ["ponte_is_systemic(-60, 'ORA-00060: deadlock detected while waiting for resource')", 'S'],
      ['ponte_is_systemic(-1653, null)', 'S'],
      ['ponte_is_systemic(-4061, null)', 'S'],
      ['ponte_is_systemic(-4021, null)', 'S'],
      ["ponte_is_systemic(-20999, 'ORA-20999: our rule failed: ORA-01654: unable to extend index')", 'S'],
      ["ponte_is_systemic(-20999, 'ORA-20999: no client of ours' || chr(10) || 'ORA-06512: at line 3')", 'N'],
      ["ponte_is_systemic(-12899, 'ORA-12899: value too large for column')", 'N'],
      ["ponte_is_systemic(-1, 'ORA-00001: unique constraint violated')", 'N'],
      ["erp_time(timestamp '2026-01-15 12:00:00')", '2026-01-15 09:00:00'],
      ['branch_of_person(404, 1)', null],
      ['ponte_session.is_mirror_only()', 'N'],
    ])('%s is %s', async (expression, expected) => {
      expect(await value(expression)).toBe(expected)
    })

    test('a day begins at midnight of the time zone that the setting names', async () => {
      await it.sql("update ponte_settings set value = 'UTC' where name = 'time_zone'")
      expect(await value('case when erp_today() = utc_date() then 1 end')).toBe('1')
      await it.empty()
      await seedGeography(it)
    })

    test.each(Object.entries(VIEW_COLUMNS))('%s gives engines text and an integer range_key, and nothing else', async (view, columns) => {
      const rows = await it.sql(
        `select column_name as c, data_type as t from information_schema.columns where table_schema = database() and table_name = '${view}'`,
      )
      const expected = columns.map((column) => [column.toLowerCase(), 'varchar'])
      expect(new Map(rows.map(({ c, t }) => [c, t]))).toEqual(new Map([['range_key', 'decimal'], ...(expected as [string, string][])]))
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
      for (const alias of ['Prospecção', 'Passagem\u00a0de\u00a0bastão', 'Novos\u00a0leads', 'Retention/Expansion', '\u00a0Ativação'])
        expect(await it.sql(`select alias from crm_stages where alias = '${alias}'`)).toHaveLength(1)
    })

    test('VW_CRM_CLIENTS: titles, home country, lowest industry, latest analysis by its number, not its date; an unknown city hides the branch', async () => {
      await addBranch(it, 1, { city: '2' })
      await addBranch(it, 2, { city: '3' })
      await addBranch(it, 3, { city: '404' })
      await it.sql("insert into client_industries (client, branch, industry) values (1, 1, '20'), (1, 1, '30')")
      await it.sql(`insert into credit_limit_history (client_code, sequence_number, entry_date, observations) values
        (1, 1, '2024-01-02', 'b'), (1, 2, '2024-01-02', null), (1, 3, '2024-01-03', 'z'), (1, 4, '2024-01-01', 'c')`)
      const columns = 'id, country, state, city, industry, financial_analysis, integrate_crm'
      expect(await it.sql(`select ${columns} from vw_crm_clients order by id`)).toEqual([
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
      await it.sql('update branches set id_crm = client')
      expect(await it.sql('select id, financial_analysis, state from desired_leads order by id')).toEqual([
        { id: '1', financial_analysis: 'c', state: 'Rio de Janeiro' },
        { id: '2', financial_analysis: null, state: null },
      ])
      await it.empty()
      await seedGeography(it)
    })

    test('VIEW_INSERT_LEAD_IN_CRM: flagged branches without a lead whose tax id is theirs alone', async () => {
      await addBranch(it, 1, { integrate_crm: "'S'", taxid: "'1'", address_number: '5' })
      await addBranch(it, 2, { integrate_crm: "'Y'", taxid: "'2'" })
      await addBranch(it, 3, { integrate_crm: "'Y'", taxid: "'2'" })
      await addBranch(it, 4, { taxid: "'4'" })
      await addBranch(it, 5, { integrate_crm: "'S'", taxid: "'5'", id_crm: '900' })
      expect(await it.sql('select id, taxid, address_number from insert_leads')).toEqual([
        { id: '1-1', taxid: '00000000000001', address_number: '5' },
      ])
      await it.empty()
      await seedGeography(it)
    })

    test('contacts to insert: with an e-mail, of a branch with a lead, once per e-mail; known ones by lead, else by client', async () => {
      await addBranch(it, 3, { id_crm: '900' })
      await addBranch(it, 3, { id_crm: '901' }, 2)
      await it.sql("call ponte_session.mirror_only('on')")
      for (const id of [900, 901]) await addLead(it, id, { client_code: '3' })
      await it.sql(`insert into contact (code, email, branch_client, branch_code, id_crm) values
        (101, 'A@x.com', 3, 1, null), (102, 'a@X.com ', 3, 1, null), (103, null, 3, 1, null), (104, 'b@x.com', 3, 1, 7)`)
      await it.sql("insert into contacts (id, email, client_code, lead_id) values (7, 'B@x.com', 3, 901), (8, null, 3, null)")
      await it.sql("call ponte_session.mirror_only('off')")
      expect(await it.sql('select code, email, lead_id from insert_contacts')).toEqual([{ code: '101', email: 'a@x.com', lead_id: '900' }])
      expect(await it.sql('select id, email, lead_id from known_contacts order by id, lead_id')).toEqual([
        { id: '7', email: 'b@x.com', lead_id: '901' },
        { id: '8', email: null, lead_id: '900' },
        { id: '8', email: null, lead_id: '901' },
      ])
      await it.empty()
      await seedGeography(it)
    })

    test('a fingerprint of a lead moves with every column, null is not empty, and neighbours do not blur', async () => {
      await it.sql("call ponte_session.mirror_only('on')")
      await addLead(it, 500, { city: "'ab'", state: "'c'" })
      const print = async () => (await it.sql('select fingerprint from lead_fingerprints'))[0]!.fingerprint!
      const seen = new Set([await print()])
      expect([...seen][0]).toMatch(/^[0-9a-f]{32}$/)
      const columns = `name stage taxid industry source phone address_street address_zipcode address_number address_complement
        address_district sales_rep tax_registration client_code budget_value order_value financial_analysis`.split(/\s+/)
      for (const column of columns) {
        await it.sql(`update leads set ${column} = '7'`)
        seen.add(await print())
      }
      await it.sql("update leads set city = 'a', state = 'bc'")
      seen.add(await print())
      expect(seen.size).toBe(columns.length + 2)
      await it.sql("call ponte_session.mirror_only('off')")
      await it.empty()
      await seedGeography(it)
    })
  })
