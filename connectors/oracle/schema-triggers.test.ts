/** What the triggers of sql/oracle do in the ERP, executed on MariaDB in Oracle mode: the cases of erp/triggers.contract.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addBranch, addLead, seedGeography } from '../erp/testing/postgres-fixtures.ts'
import { mariaDbMissing } from '../mysql/testing.ts'
import { type OracleHarness, openOracleHarness } from './testing/schema-harness.ts'

const FULL = {
  name: "'Padaria Sol'",
  taxid: "'01222333000181'",
  industry: "'Construção'",
  phone: "'1133334444'",
  address_street: "'Rua A'",
  address_zipcode: "'01001000'",
  address_number: '55',
  address_complement: "'sala 3'",
  address_district: "'Centro'",
  city: "'Sao Paulo'",
  state: "'são paulo'",
  sales_rep: '7',
  tax_registration: "'110.042.490-114'",
  financial_analysis: "'good'",
}

if (!mariaDbMissing('connectors/oracle/schema-triggers'))
  describe('a write to the mirror', () => {
    let it: OracleHarness
    beforeAll(async () => {
      it = await openOracleHarness()
    })
    beforeEach(async () => {
      await it.empty()
      await seedGeography(it)
    })
    afterAll(() => it.close())
    /** With a rule of the ERP's own that refuses. */
    async function withCheck(table: string, check: string, work: () => Promise<unknown>) {
      await it.sql(`alter table ${table} add constraint none check (${check})`)
      try {
        await work()
      } finally {
        await it.sql(`alter table ${table} drop constraint none`)
      }
    }
    const one = async (statement: string) => (await it.sql(statement))[0]
    const branch = (client: number, code = 1) => one(`select * from branches where client = ${client} and code = ${code}`)

    describe('of a lead that the ERP does not know', () => {
      test('makes a client with everything that belongs to it', async () => {
        await addLead(it, 500, FULL)
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

      test('falls back for what is missing: representative in branch and link alike (D-61), X, exempt, default city, which is noted', async () => {
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

      test('takes credit, inter-company flag and registration mask from the settings (D-62)', async () => {
        await it.sql("update ponte_settings set value = '1500.50' where name = 'credit_limit'")
        await it.sql("update ponte_settings set value = 'S' where name = 'is_intercompany'")
        await it.sql("insert into ponte_settings (name, value, note) values ('tax_registration_mask_SP', '###.###.###.###', 'São Paulo')")
        await addLead(it, 500, FULL)
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

      test('leaves nothing behind when any part fails, and is refused with -20020 (D-60); ERROR_LOG outlives it and holds no value', async () => {
        const before = await it.writes()
        await withCheck('billing_addresses', 'billing_address_seq > 1', () =>
          expect(addLead(it, 500, FULL)).rejects.toMatchObject({
            sqlMessage: expect.stringMatching(/^ORA-20020: lead 500 was not written: ORA-20001: error adding client of lead 500: /),
          }),
        )
        expect(await it.sql('select id from leads')).toEqual([])
        expect(await it.sql('select client from branches')).toEqual([])
        expect(await it.writes()).toEqual(before)
        const log = await it.sql('select errorcode, error_info, errorstack from error_log')
        expect(log).toMatchObject([{ errorcode: '-20020', error_info: 'lead 500', errorstack: expect.stringContaining('none') }])
        expect(JSON.stringify(log)).not.toMatch(/Padaria|1133334444|01222333000181/)
      })

      test('makes one client for leads with one tax id that come at the same moment', async () => {
        const sessions = await Promise.all([500, 501, 502].map(() => it.session()))
        const results = await Promise.allSettled(sessions.map((sql, index) => addLead({ sql }, 500 + index, { taxid: "'77'" })))
        expect(results.filter((result) => result.status === 'rejected')).toEqual([])
        expect(await it.sql('select client from branches')).toHaveLength(1)
        expect(await it.sql('select id from leads')).toHaveLength(3)
      })
    })

    describe('of a lead whose branch is there', () => {
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
        await addLead(it, 500, FULL)
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
        const before = await it.writes()
        await addLead(it, 500, FULL)
        await it.sql('update leads set name = name')
        await it.sql("update leads set stage = 'Ativação', budget_value = 5")
        expect(await it.writes()).toEqual(before)
      })

      test('hands on only what moved: a value the ERP changed meanwhile stays (D-13)', async () => {
        await addBranch(it, 3, { taxid: "'1222333000181'" })
        await addLead(it, 500, FULL)
        await it.sql("update branches set sales_rep = 99, tax_registration = '5', phone = '9' where client = 3")
        await it.sql("update leads set stage = 'Ativação'")
        expect(await branch(3)).toMatchObject({ sales_rep: '99', tax_registration: '5', phone: '9' })
        await it.sql("update leads set phone = '2'")
        expect(await branch(3)).toMatchObject({ sales_rep: '99', tax_registration: '5', phone: '2' })
      })

      test('never erases with null, and sees a change from null (D-19)', async () => {
        await addBranch(it, 3, { taxid: "'1222333000181'", sales_rep: '7' })
        await addLead(it, 500, { ...FULL, sales_rep: 'null', tax_registration: 'null' })
        expect(await branch(3)).toMatchObject({ sales_rep: '7', phone: '1133334444', tax_registration: null })
        await it.sql('update leads set phone = null')
        expect(await branch(3)).toMatchObject({ phone: '1133334444' })
      })

      test('appends a financial analysis only when it is not the latest (D-35)', async () => {
        await addBranch(it, 3, { taxid: "'1222333000181'" })
        await addLead(it, 500, FULL)
        for (const text of ['good', 'bad', 'bad', 'good']) await it.sql(`update leads set financial_analysis = '${text}'`)
        expect(await it.sql('select sequence_number, observations from credit_limit_history order by 1')).toEqual([
          { sequence_number: '1', observations: 'good' },
          { sequence_number: '2', observations: 'bad' },
          { sequence_number: '3', observations: 'good' },
        ])
      })

      test('an unknown industry becomes the default; a branch with none gets none; a clash changes nothing', async () => {
        await addBranch(it, 3, { taxid: "'1222333000181'" })
        await addLead(it, 500, FULL)
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
        await addLead(it, 500, FULL)
        await addLead(it, 501, { taxid: "'4'" })
        expect(await branch(3)).toMatchObject({ id_crm: '400' })
        expect(await branch(4)).toMatchObject({ id_crm: '501', integrate_crm: 'S' })
      })

      test('a tax id of several free branches is refused, and of several the linked one is meant (D-64)', async () => {
        await addBranch(it, 3, { taxid: "'1222333000181'" })
        await addBranch(it, 3, { taxid: "'1222333000181'" }, 2)
        const before = await it.writes()
        await expect(addLead(it, 500, FULL)).rejects.toMatchObject({
          sqlMessage: expect.stringContaining('ORA-20012: error updating client of lead 500: its tax id is carried by 2 branches'),
        })
        expect(await it.writes()).toEqual(before)
        await it.sql('update branches set id_crm = 500 where code = 2')
        await addLead(it, 500, FULL)
        expect(await branch(3, 1)).toMatchObject({ phone: null, id_crm: null })
        expect(await branch(3, 2)).toMatchObject({ phone: '1133334444' })
      })

      test('an initial load only links', async () => {
        await addBranch(it, 3, { taxid: "'191'" })
        await it.sql(
          `call prc_update_clients('00000000000191', 9, 'N', null, '1', null, null, null, null, null, null, null, '5', 7, 'S', 'x')`,
        )
        expect(await branch(3)).toMatchObject({ id_crm: '9', integrate_crm: 'S', phone: null, sales_rep: null })
        expect(await it.sql('select * from credit_limit_history')).toEqual([])
      })
    })

    describe('of a contact', () => {
      const contact = (columns: string, values: string) => it.sql(`insert into contacts (id, client_code, ${columns}) values (${values})`)
      beforeEach(async () => {
        await addBranch(it, 3, { id_crm: '900' }, 1)
        await addBranch(it, 4)
      })

      test('makes an ERP contact on the branch that has a lead (D-36)', async () => {
        await addBranch(it, 5)
        await addBranch(it, 5, { id_crm: '901' }, 2)
        await contact('name, email, phone, job_title, is_primary', "70, 5, 'Ana', 'Ana@Example.com', '9', 'chefe', 'S'")
        expect(
          await it.sql('select name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm from contact'),
        ).toEqual([
          {
            name: 'Ana',
            email: 'ana@example.com',
            phone: '9',
            job_title_desc: 'CHEFE',
            branch_client: '5',
            branch_code: '2',
            is_primary: 'S',
            id_crm: '70',
          },
        ])
        expect(await it.sql('select lead_id from vw_crm_clients_contacts')).toEqual([{ lead_id: '901' }])
      })

      test('finds the ERP contact by id, else by e-mail within its client, and then writes only differences', async () => {
        await it.sql(
          "insert into contact (code, name, email, branch_client, branch_code, is_primary) values (1, 'Old', 'ANA@example.com', 3, 1, 'Y'), (2, 'Other', 'ana@example.com', 4, 1, 'N')",
        )
        await contact('name, email, is_primary', "70, 3, 'Ana', 'ana@example.com', 'S'")
        expect(await it.sql('select code, name, email, id_crm, is_primary from contact order by code')).toEqual([
          { code: '1', name: 'Ana', email: 'ANA@example.com', id_crm: '70', is_primary: 'Y' },
          { code: '2', name: 'Other', email: 'ana@example.com', id_crm: null, is_primary: 'N' },
        ])
        const before = await it.writes()
        await it.sql('update contacts set name = name')
        await it.sql('delete from contacts')
        expect(await it.writes()).toEqual(before)
        await contact('name, email, is_primary', "70, 3, 'Ana', 'new@example.com', 'S'")
        expect(await one('select email from contact where code = 1')).toEqual({ email: 'new@example.com' })
      })

      test('keeps what the ERP changed meanwhile, when another field moved', async () => {
        await contact('name, email, phone', "70, 3, 'Ana', 'ana@example.com', '1'")
        await it.sql("update contact set name = 'Ana Lima'")
        await it.sql("update contacts set phone = '2'")
        expect(await one('select name, phone from contact')).toEqual({ name: 'Ana Lima', phone: '2' })
      })

      test('without a client does nothing', async () => {
        await contact('name, email', "70, null, 'Ana', 'ana@example.com'")
        expect(await it.sql('select * from contact')).toEqual([])
      })

      test('deletes in the ERP only when the owner says so (D-39)', async () => {
        await contact('name, email', "70, 3, 'Ana', 'ana@example.com'")
        await it.sql('delete from contacts')
        expect(await it.sql('select code from contact')).toHaveLength(1)
        await contact('name, email', "70, 3, 'Ana', 'ana@example.com'")
        await it.sql("update ponte_settings set value = 'S' where name = 'delete_contacts_in_erp'")
        await it.sql('delete from contacts')
        expect(await it.sql('select code from contact')).toEqual([])
      })

      test('is refused with -20020 when the ERP refuses it', async () => {
        await withCheck('contact', 'code < 0', () =>
          expect(contact('name, email', "70, 3, 'Ana', 'ana@example.com'")).rejects.toMatchObject({
            sqlMessage: expect.stringMatching(/^ORA-20020: contact 70 was not written: ORA-20001: /),
          }),
        )
        expect(await it.sql('select * from contacts')).toEqual([])
      })

      test('PRC_STORE_CRM_CONTACT_ID without a lead means every contact with the e-mail', async () => {
        await it.sql(
          "insert into contact (code, email, branch_client, branch_code) values (1, 'A@x.com', 3, 1), (2, 'a@X.com', 4, 1), (3, 'b@x.com', 4, 1)",
        )
        await it.sql("call prc_store_crm_contact_id('a@x.com', 70)")
        expect((await it.sql('select id_crm from contact order by code')).map((row) => row.id_crm)).toEqual(['70', '70', null])
      })
    })

    describe('with the switch "mirror only"', () => {
      beforeEach(() => addBranch(it, 3, { taxid: "'1222333000181'", id_crm: '500', integrate_crm: "'S'" }))
      afterEach(() => it.sql("call ponte_session.mirror_only('off')"))
      const commit = () => it.sql('set @ponte_transaction = ifnull(@ponte_transaction, 0) + 1')

      test('leaves the ERP alone in leads and contacts, inserted, updated and deleted', async () => {
        await it.sql("update ponte_settings set value = 'S' where name = 'delete_contacts_in_erp'")
        await it.sql("insert into contact (code, name, email, branch_client, branch_code, id_crm) values (1, 'Ana', 'a@x.com', 3, 1, 70)")
        const before = await it.writes()
        await it.sql("call ponte_session.mirror_only('on')")
        await addLead(it, 500, FULL)
        await it.sql("update leads set phone = '2'")
        await it.sql("insert into contacts (id, client_code, name, email) values (70, 3, 'Ana Lima', 'a@x.com')")
        await it.sql("update contacts set name = 'Ana B'")
        await it.sql('delete from contacts')
        expect(await it.writes()).toBe(before)
      })

      test('ends with its transaction, with off, and is of one session only', async () => {
        await it.sql("call ponte_session.mirror_only('on')")
        await addLead(it, 500, { ...FULL, phone: "'1'" })
        await commit()
        await it.sql("update leads set phone = '2'")
        expect(await branch(3)).toMatchObject({ phone: '2' })
        await it.sql("call ponte_session.mirror_only('on')")
        const other = await it.session()
        await other("update leads set phone = '3'")
        expect(await branch(3)).toMatchObject({ phone: '3' })
        await it.sql("update leads set phone = '4'")
        await it.sql("call ponte_session.mirror_only('off')")
        expect(await branch(3)).toMatchObject({ phone: '3' })
        await it.sql("update leads set phone = '5'")
        expect(await branch(3)).toMatchObject({ phone: '5' })
      })
    })

    test('the link counts before the tax id: a mistyped one makes no second client', async () => {
      await addBranch(it, 3, { taxid: "'1222333000181'", id_crm: '500', integrate_crm: "'S'" })
      await addLead(it, 500, { ...FULL, taxid: "'99'" })
      expect(await it.sql('select client, phone from branches')).toEqual([{ client: '3', phone: '1133334444' }])
    })

    test('with ambiguous_taxid = first the lowest of several free branches is linked, and only that', async () => {
      await addBranch(it, 3, { taxid: "'1222333000181'" })
      await addBranch(it, 3, { taxid: "'1222333000181'" }, 2)
      await it.sql("update ponte_settings set value = 'first' where name = 'ambiguous_taxid'")
      await addLead(it, 500, FULL)
      expect(await it.sql('select code, id_crm from branches order by code')).toEqual([
        { code: '1', id_crm: '500' },
        { code: '2', id_crm: null },
      ])
    })

    test('contacts go by lead: a contact of another lead, or of another mirrored person, is not adopted', async () => {
      await addBranch(it, 3, { id_crm: '900' })
      await addBranch(it, 3, { id_crm: '901' }, 2)
      await it.sql("insert into contact (code, name, email, branch_client, branch_code) values (101, 'Ana', 'ana@x.com', 3, 2)")
      await it.sql("insert into contacts (id, client_code, name, email, lead_id) values (70, 3, 'Ana', 'ana@x.com', 900)")
      const codes = () => it.sql('select branch_code, id_crm from contact order by code')
      expect(await codes()).toEqual([
        { branch_code: '1', id_crm: '70' },
        { branch_code: '2', id_crm: null },
      ])
      await it.sql("insert into contacts (id, client_code, name, email, lead_id) values (71, 3, 'Ana', 'ana@x.com', 901)")
      expect(await codes()).toEqual([
        { branch_code: '1', id_crm: '70' },
        { branch_code: '2', id_crm: '71' },
      ])
      await it.sql("insert into contacts (id, client_code, name, email) values (72, 3, 'Ana', 'ana@x.com')")
      expect((await codes()).map((row) => row.id_crm).sort()).toEqual(['70', '71', '72'])
      expect(await it.sql('select id from mirrored_persons order by id')).toEqual([{ id: '70' }, { id: '71' }, { id: '72' }])
      await it.sql('update contacts set id = 73 where id = 72')
      await it.sql('delete from contacts where id < 72')
      expect(await it.sql('select id from mirrored_persons')).toEqual([{ id: '73' }])
    })

    test('the remaining procedures: store a client id, store a contact id of one lead, the original contact call, the error manager', async () => {
      await addBranch(it, 3, { taxid: "'191'", integrate_crm: "'Y'" })
      await addBranch(it, 4, { taxid: "'191'" })
      await it.sql("call prc_store_crm_client_id('191', 900)")
      expect(await it.sql('select client, id_crm from branches order by client')).toEqual([
        { client: '3', id_crm: '900' },
        { client: '4', id_crm: null },
      ])
      await it.sql("call prc_store_crm_client_id('191', 900)")
      await it.sql("call prc_store_crm_client_id('404', 901)")
      expect(await it.sql('select id_crm from branches where client = 4')).toEqual([{ id_crm: null }])
      await it.sql("insert into contact (code, email, branch_client, branch_code) values (101, 'a@x.com', 3, 1), (102, 'a@x.com', 4, 1)")
      await it.sql("call prc_store_lead_contact_id('A@x.com', 70, 900)")
      expect((await it.sql('select id_crm from contact order by code')).map((row) => row.id_crm)).toEqual(['70', null])
      await it.sql("call prc_update_client_contacts(4, 'Bia', 'b@x.com', '9', 'chefe', 'Y', 71, 'A')")
      expect(await it.sql('select name, is_primary, branch_client, branch_code from contact where id_crm = 71')).toEqual([
        { name: 'Bia', is_primary: 'S', branch_client: '4', branch_code: '1' },
      ])
      await it.sql("call prc_update_client_contacts(4, null, null, null, null, null, 71, 'D')")
      expect(await it.sql('select code from contact where id_crm = 71')).toEqual([])
      await it.sql("call pkg_error_mgr.log_error('lead 1')")
      expect(await it.sql('select errorcode, error_info from error_log')).toEqual([{ errorcode: null, error_info: 'lead 1' }])
    })

    test('the log of executions numbers itself, unless it is told a number', async () => {
      await it.sql("insert into log_execution_crm (job) values ('a')")
      await it.sql("insert into log_execution_crm (log_id, job) values (77, 'b')")
      expect((await it.sql('select log_id from log_execution_crm order by 1')).map((row) => row.log_id)).toEqual(['1', '77'])
    })
  })
