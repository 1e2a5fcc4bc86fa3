/** What a person in the mirror does in the ERP, and the log of executions. A suite for every dialect. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SchemaHarness } from '../contract/contract-harness.ts'
import { addBranch, refusal, seedGeography, withCheck } from '../postgres-fixtures.ts'

/** @param storeContact the call that writes person 70 to every contact with the e-mail a@x.com */
export function testContact(open: () => Promise<SchemaHarness>, storeContact: string): void {
  let it: SchemaHarness
  beforeEach(async () => {
    it = await open()
    await seedGeography(it)
    await addBranch(it, 3, { id_crm: '900' }, 1)
    await addBranch(it, 4)
  })
  afterEach(() => it.close())
  const one = async (statement: string) => (await it.sql(statement))[0]
  const contact = (columns: string, values: string) => it.sql(`insert into contacts (id, client_code, ${columns}) values (${values})`)

  test('makes an ERP contact on the branch that has a lead', async () => {
    await addBranch(it, 5)
    await addBranch(it, 5, { id_crm: '901' }, 2)
    await contact('name, email, phone, job_title, is_primary', "70, 5, 'Ana', 'Ana@Example.com', '9', 'chefe', 'S'")
    expect(await it.sql('select name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm from contact')).toEqual([
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
    const before = await it.versions()
    await it.sql('update contacts set name = name')
    await it.sql('delete from contacts')
    expect(await it.versions()).toEqual(before)
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

  test('deletes in the ERP only when the owner says so', async () => {
    await contact('name, email', "70, 3, 'Ana', 'ana@example.com'")
    await it.sql('delete from contacts')
    expect(await it.sql('select code from contact')).toHaveLength(1)
    await contact('name, email', "70, 3, 'Ana', 'ana@example.com'")
    await it.sql("update ponte_settings set value = 'S' where name = 'delete_contacts_in_erp'")
    await it.sql('delete from contacts')
    expect(await it.sql('select code from contact')).toEqual([])
  })

  test('is refused with -20020 when the ERP refuses it', async () => {
    await withCheck(it, 'contact', "name = 'nobody'", async () =>
      expect(await refusal(contact('name, email', "70, 3, 'Ana', 'ana@example.com'"))).toEqual({
        state: 'P2020',
        message: expect.stringMatching(/^-20020: contact 70 was not written: -20001: /),
      }),
    )
    expect(await it.sql('select * from contacts')).toEqual([])
  })

  test('PRC_STORE_CRM_CONTACT_ID without a lead means every contact with the e-mail', async () => {
    await it.sql(
      "insert into contact (code, email, branch_client, branch_code) values (1, 'A@x.com', 3, 1), (2, 'a@X.com', 4, 1), (3, 'b@x.com', 4, 1)",
    )
    await it.sql(storeContact)
    expect((await it.sql('select id_crm from contact order by code')).map((row) => row.id_crm)).toEqual(['70', '70', null])
  })

  test('the log of executions numbers itself, unless it is told a number', async () => {
    await it.sql("insert into log_execution_crm (job) values ('a')")
    await it.sql("insert into log_execution_crm (log_id, job) values (77, 'b')")
    expect((await it.sql('select log_id from log_execution_crm order by 1')).map((row) => row.log_id)).toEqual(['1', '77'])
  })
}
