/** What sql/oracle does in the ERP, executed on MariaDB in Oracle mode: the suites of every dialect, and what Oracle's alone has. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDifference } from '../erp/testing/difference.contract.ts'
import { testPackage } from '../erp/testing/package.contract.ts'
import { addBranch, addLead, FULL_LEAD, refusal, seedGeography, withCheck } from '../erp/testing/postgres-fixtures.ts'
import { testTriggers } from '../erp/testing/triggers/triggers.contract.ts'
import { mariaDbMissing } from '../mysql/testing.ts'
import { type OracleHarness, openEmptied } from './testing/schema-harness.ts'

if (!mariaDbMissing('connectors/oracle/schema')) {
  const quiet = ["call ponte_session.mirror_only('on')"]
  testTriggers('Oracle', openEmptied, "call prc_store_crm_contact_id('a@x.com', 70)")
  testPackage('Oracle', openEmptied, 'pkg_crm_client.', quiet)
  testDifference('Oracle', openEmptied, quiet)

  describe('Oracle: a write to the mirror', () => {
    let it: OracleHarness
    beforeEach(async () => {
      it = await openEmptied()
      await seedGeography(it)
    })
    afterEach(() => it.close())
    const branch = async (client: number, code = 1) =>
      (await it.sql(`select * from branches where client = ${client} and code = ${code}`))[0]

    test('that is refused leaves a line in ERROR_LOG, which outlives it and holds no value', async () => {
      await withCheck(it, 'billing_addresses', 'billing_address_seq > 1', () => refusal(addLead(it, 500, FULL_LEAD)))
      const log = await it.sql('select errorcode, error_info, errorstack from error_log')
      expect(log).toMatchObject([{ errorcode: '-20020', error_info: 'lead 500', errorstack: expect.stringContaining('none') }])
      expect(JSON.stringify(log)).not.toMatch(/Padaria|1133334444|01222333000181/)
    })

    describe('with the switch "mirror only"', () => {
      beforeEach(() => addBranch(it, 3, { taxid: "'1222333000181'", id_crm: '500', integrate_crm: "'S'" }))
      afterEach(() => it.sql("call ponte_session.mirror_only('off')"))
      const commit = () => it.sql('set @ponte_transaction = ifnull(@ponte_transaction, 0) + 1')

      test('leaves the ERP alone in leads and contacts, inserted, updated and deleted', async () => {
        await it.sql("update ponte_settings set value = 'S' where name = 'delete_contacts_in_erp'")
        await it.sql("insert into contact (code, name, email, branch_client, branch_code, id_crm) values (1, 'Ana', 'a@x.com', 3, 1, 70)")
        const before = await it.versions()
        await it.sql("call ponte_session.mirror_only('on')")
        await addLead(it, 500, FULL_LEAD)
        await it.sql("update leads set phone = '2'")
        await it.sql("insert into contacts (id, client_code, name, email) values (70, 3, 'Ana Lima', 'a@x.com')")
        await it.sql("update contacts set name = 'Ana B'")
        await it.sql('delete from contacts')
        expect(await it.versions()).toBe(before)
      })

      test('ends with its transaction, with off, and is of one session only', async () => {
        await it.sql("call ponte_session.mirror_only('on')")
        await addLead(it, 500, { ...FULL_LEAD, phone: "'1'" })
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
      await addLead(it, 500, { ...FULL_LEAD, taxid: "'99'" })
      expect(await it.sql('select client, phone from branches')).toEqual([{ client: '3', phone: '1133334444' }])
    })

    test('with ambiguous_taxid = first the lowest of several free branches is linked, and only that', async () => {
      await addBranch(it, 3, { taxid: "'1222333000181'" })
      await addBranch(it, 3, { taxid: "'1222333000181'" }, 2)
      await it.sql("update ponte_settings set value = 'first' where name = 'ambiguous_taxid'")
      await addLead(it, 500, FULL_LEAD)
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
}
