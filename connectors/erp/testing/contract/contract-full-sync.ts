/** The part of the contract (contract.ts) that is a full sync: what is staged, the swap, and the mirror read in pages. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addBranch, addLead, seedGeography } from '../postgres-fixtures.ts'
import type { ErpHarness } from './contract-harness.ts'

const quiet = ['NAME', 'STAGE', 'ADDRESS_NUMBER', 'CLIENT_CODE']
const swap = (remove: readonly string[] = []) => ({ quiet, remove, job: 'job_leads_full_sync', reason: 'no longer in the CRM' })
const row = (name: string | null, more: Record<string, string | null> = {}) => ({
  NAME: name,
  STAGE: 'Ativação',
  ADDRESS_NUMBER: '5',
  CLIENT_CODE: null,
  ...more,
})
/** How many zeros a decimal ends with is the database's own business. */
const withNumbers = (rows: readonly Readonly<Record<string, string | null>>[]) =>
  rows.map(({ budget_value = null, order_value = null, ...rest }) => ({ ...rest, values: [Number(budget_value), Number(order_value)] }))

export function testFullSync(open: () => Promise<ErpHarness>): void {
  describe('a full sync', () => {
    let it: ErpHarness
    beforeEach(async () => {
      it = await open()
      await seedGeography(it)
      for (const id of [1, 2, 3]) {
        await addBranch(it, id, { taxid: `'0000000000000${id}'`, id_crm: String(id), integrate_crm: "'S'" })
        await addLead(it, id, { taxid: `'0000000000000${id}'`, client_code: String(id), budget_value: '10.5', order_value: '20.25' })
      }
    })
    afterEach(() => it.close())
    const names = async () => (await it.sql('select id, name from leads order by id')).map(({ id, name }) => `${id} ${name}`)

    test('touches the mirror only in the swap, keeps client code, budget and order, and leaves the ERP alone', async () => {
      const before = await it.versions()
      const staging = await it.erp.stageMirror('R1')
      expect(staging.mirrored).toBe(3)
      await staging.leads([
        { leadId: '1', row: row('Açaí & Cia') },
        { leadId: '2', row: null },
        { leadId: '9', row: row('new') },
      ])
      await staging.contacts([
        { personId: '70', leadId: '9', row: { NAME: 'Zé', EMAIL: 'ze@example.com' } },
        { personId: '71', leadId: '9', row: null },
      ])
      expect(await names()).toEqual(['1 Lead 1', '2 Lead 2', '3 Lead 3'])
      expect(await staging.counts()).toEqual({ ready: 2, leftOut: 1, fresh: 1, gone: 1 })
      expect(await staging.gone()).toEqual(['3'])

      expect(await staging.swap(swap(['3']))).toEqual({ updated: 1, removed: ['3'] })
      const mirror = 'select id, name, stage, address_number, client_code, budget_value, order_value from leads order by id'
      const values = [10.5, 20.25]
      expect(withNumbers(await it.sql(mirror))).toEqual([
        { id: '1', name: 'Açaí & Cia', stage: 'Ativação', address_number: '5', client_code: '1', values },
        expect.objectContaining({ id: '2', name: 'Lead 2', values }),
      ])
      expect(withNumbers(await it.sql('select id, budget_value, order_value, reason from leads_removed'))).toEqual([
        { id: '3', reason: 'no longer in the CRM', values },
      ])
      expect(await it.sql('select job, lead_id from log_execution_crm')).toEqual([{ job: 'job_leads_full_sync', lead_id: '3' }])
      expect(await it.versions()).toEqual(before)
      expect(await staging.swap(swap(['3']))).toEqual({ updated: 0, removed: [] })
      expect(await staging.contactsOf(['9'])).toEqual([
        { personId: '70', leadId: '9', row: { NAME: 'Zé', EMAIL: 'ze@example.com' } },
        { personId: '71', leadId: '9', row: null },
      ])
      await staging.close()
      expect(await it.sql('select run_id from leads_staging union all select run_id from contacts_staging')).toEqual([])
    })

    test('takes what it finds twice once, the later one, and values of any length and writing', async () => {
      const staging = await it.erp.stageMirror('R1')
      const long = 'Ação "x" \\ \n'.repeat(600)
      await staging.leads([{ leadId: '1', row: row('early') }])
      await staging.leads([
        { leadId: '1', row: row('Zé 🎉', { NOTE: long }) },
        { leadId: '2', row: row('first') },
        { leadId: '2', row: row("D'Ávila", { ADDRESS_NUMBER: null }) },
      ])
      await staging.contacts([
        { personId: '70', leadId: '1', row: null },
        { personId: '70', leadId: '2', row: { NAME: 'Ana' } },
      ])
      expect(await staging.counts()).toEqual({ ready: 2, leftOut: 0, fresh: 0, gone: 1 })
      const found = []
      for await (const page of staging.ready()) found.push(...page)
      expect(found).toEqual([
        { leadId: '1', row: row('Zé 🎉', { NOTE: long }) },
        { leadId: '2', row: row("D'Ávila", { ADDRESS_NUMBER: null }) },
      ])
      expect(await staging.contactsOf(['1', '2'])).toEqual([{ personId: '70', leadId: '2', row: { NAME: 'Ana' } }])
      expect(await staging.swap(swap())).toEqual({ updated: 2, removed: [] })
      expect(await names()).toEqual(['1 Zé 🎉', "2 D'Ávila", '3 Lead 3'])
    })

    test('leaves alone what moved since it began, and what it did not name', async () => {
      const staging = await it.erp.stageMirror('R1')
      await staging.leads([{ leadId: '1', row: row('old news') }])
      await it.sql(`update leads set stage = 'Retenção/Expansão' where id in (1, 2)`)
      await addLead(it, 8, { taxid: "'00000000000008'" })
      await staging.leads([{ leadId: '8', row: row('Lead 8') }])
      expect(await staging.swap(swap(['2']))).toEqual({ updated: 0, removed: [] })
      expect(await names()).toEqual(['1 Lead 1', '2 Lead 2', '3 Lead 3', '8 Lead 8'])
      const ready = []
      for await (const page of staging.ready()) ready.push(...page.map(({ leadId }) => leadId))
      expect(ready).toEqual(['1', '8'])
    })

    test('waits for who is just writing a lead, and then leaves it alone', async () => {
      const staging = await it.erp.stageMirror('R1')
      await staging.leads([1, 2].map((id) => ({ leadId: String(id), row: row(`swapped ${id}`) })))
      const other = await it.hold("update leads set name = 'newer' where id = 1")
      const swapping = staging.swap(swap(['3']))
      await other.sql("update leads set name = 'newer' where id = 3")
      await other.commit()
      expect(await swapping).toEqual({ updated: 1, removed: [] })
      expect(await names()).toEqual(['1 newer', '2 swapped 2', '3 newer'])
    })

    test('a value that the mirror cannot hold undoes the whole swap; whose it is can be tried', async () => {
      const staging = await it.erp.stageMirror('R1')
      await staging.leads([
        { leadId: '1', row: row('fine') },
        { leadId: '2', row: row('not fine', { ADDRESS_NUMBER: '99999999999' }) },
      ])
      await expect(staging.swap(swap(['3']))).rejects.toMatchObject({ code: 'erp.value_refused' })
      const takes = [await staging.takes(quiet, '1', '2'), await staging.takes(quiet, '1', '1'), await staging.takes(quiet, '2', '3')]
      expect(takes).toEqual([false, true, false])
      expect(await staging.counts(), 'trying changes nothing').toMatchObject({ ready: 2, leftOut: 0 })
      expect(await names()).toEqual(['1 Lead 1', '2 Lead 2', '3 Lead 3'])
    })

    test('begins by sweeping what a dead run left', async () => {
      const dead = await it.erp.stageMirror('DEAD')
      await dead.leads([{ leadId: '1', row: row('x') }])
      await dead.contacts([{ personId: '70', leadId: '1', row: null }])
      await it.erp.stageMirror('R2')
      expect(await it.sql('select distinct run_id from leads_staging')).toEqual([{ run_id: 'R2' }])
      expect(await it.sql('select run_id from contacts_staging')).toEqual([])
    })

    test('refuses columns that are not of the mirror', async () => {
      const staging = await it.erp.stageMirror('R1')
      await expect(staging.swap({ ...swap(), quiet: ["name' = ''--"] })).rejects.toMatchObject({ code: 'erp.unknown_column' })
    })

    test('and everybody else reads the mirror in pages, whole, and by lead, however many are asked for', async () => {
      const staging = await it.erp.stageMirror('R1')
      const ids = Array.from({ length: 1_101 }, (_, at) => String(at + 1))
      await staging.leads(ids.map((leadId) => ({ leadId, row: row(`Zé ${leadId}`) })))
      expect(await staging.counts()).toEqual({ ready: 1_101, leftOut: 0, fresh: 1_098, gone: 0 })
      await it.sql(
        `insert into leads (id, name, stage, taxid) select id, 'Zé', 'Ativação', '12abc3450' from leads_staging where id > 3 and mirrored_as is null`,
      )
      await it.sql(
        "insert into contacts (id, name, email, lead_id, client_code, is_primary) values (5, 'Ana', 'ana@example.com', 7, 1, 'S')",
      )
      const found: { leadId: string; stage: string | null; taxId: string | null; name: string | null }[] = []
      for await (const page of it.erp.mirroredStages()) found.push(...page)
      expect(found.map(({ leadId }) => leadId)).toEqual(ids)
      expect(found[1_099]).toEqual({ leadId: '1100', stage: 'Ativação', taxId: '0000012ABC3450', name: 'Zé' })
      const leads = await it.erp.mirroredLeads([...ids, '5000'])
      expect([leads.size, leads.has('5000')]).toEqual([1_101, false])
      expect(leads.get('7')).toMatchObject({ NAME: 'Zé', STAGE: 'Ativação', CITY: null, BUDGET_VALUE: null })
      expect(await it.erp.mirroredContacts(ids)).toEqual(
        new Map([['5', { LEAD_ID: '7', NAME: 'Ana', EMAIL: 'ana@example.com', PHONE: null, JOB_TITLE: null, IS_PRIMARY: 'S' }]]),
      )
    })
  })
}
