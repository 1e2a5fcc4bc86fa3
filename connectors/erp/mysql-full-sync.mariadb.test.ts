import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../mysql/testing.ts'
import { openHarness } from './mysql-harness.ts'
import { addBranch, addLead, seedGeography } from './postgres-fixtures.ts'

const quiet = ['NAME', 'STAGE', 'ADDRESS_NUMBER', 'CLIENT_CODE']
const swap = (remove: readonly string[] = []) => ({ quiet, remove, job: 'job_leads_full_sync', reason: 'no longer in the CRM' })
const row = (name: string | null, more: Record<string, string | null> = {}) => ({
  NAME: name,
  STAGE: 'Ativação',
  ADDRESS_NUMBER: '5',
  CLIENT_CODE: null,
  ...more,
})

if (!mariaDbMissing('connectors/erp/mysql-full-sync'))
  describe('a full sync on MariaDB', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    beforeEach(async () => {
      it = await openHarness()
      await seedGeography(it)
      for (const id of [1, 2, 3]) {
        await addBranch(it, id, { taxid: `'0000000000000${id}'`, id_crm: String(id), integrate_crm: "'S'" })
        await addLead(it, id, { taxid: `'0000000000000${id}'`, client_code: String(id), budget_value: '10.5', order_value: '20.25' })
      }
    })
    afterEach(() => it.close())
    const contents = () =>
      it.sql('checksum table clients, branches, client_industries, credit_limit_history, sales_rep_branches, billing_addresses, contact')

    test('touches the mirror only in the swap, keeps client code, budget and order, and leaves the ERP alone', async () => {
      const before = await contents()
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
      expect(await it.sql('select name from leads order by id')).toEqual([{ name: 'Lead 1' }, { name: 'Lead 2' }, { name: 'Lead 3' }])
      expect(await staging.counts()).toEqual({ ready: 2, leftOut: 1, fresh: 1, gone: 1 })
      expect(await staging.gone()).toEqual(['3'])

      expect(await staging.swap(swap(['3']))).toEqual({ updated: 1, removed: ['3'] })
      expect(await it.sql('select id, name, stage, address_number, client_code, budget_value, order_value from leads order by id')).toEqual(
        [
          {
            id: '1',
            name: 'Açaí & Cia',
            stage: 'Ativação',
            address_number: '5',
            client_code: '1',
            budget_value: '10.500000',
            order_value: '20.250000',
          },
          expect.objectContaining({ id: '2', name: 'Lead 2', budget_value: '10.500000' }),
        ],
      )
      expect(await it.sql('select id, budget_value, order_value, reason from leads_removed')).toEqual([
        { id: '3', budget_value: '10.500000', order_value: '20.250000', reason: 'no longer in the CRM' },
      ])
      expect(await it.sql('select job, lead_id from log_execution_crm')).toEqual([{ job: 'job_leads_full_sync', lead_id: '3' }])
      expect(await contents()).toEqual(before)
      expect(await staging.swap(swap(['3']))).toEqual({ updated: 0, removed: [] })
      expect(await staging.contactsOf(['9'])).toEqual([
        { personId: '70', leadId: '9', row: { NAME: 'Zé', EMAIL: 'ze@example.com' } },
        { personId: '71', leadId: '9', row: null },
      ])
      await staging.close()
      expect(await it.sql('select run_id from leads_staging union all select run_id from contacts_staging')).toEqual([])
    })

    test('leaves alone what moved since it began, and what it did not name', async () => {
      const staging = await it.erp.stageMirror('R1')
      await staging.leads([{ leadId: '1', row: row('old news') }])
      await it.sql(`update leads set stage = 'Retenção/Expansão' where id in (1, 2)`)
      await addLead(it, 8, { taxid: "'00000000000008'" })
      await staging.leads([{ leadId: '8', row: row('Lead 8') }])
      expect(await staging.swap(swap(['2']))).toEqual({ updated: 0, removed: [] })
      expect(await it.sql('select id, name from leads order by id')).toEqual([
        { id: '1', name: 'Lead 1' },
        { id: '2', name: 'Lead 2' },
        { id: '3', name: 'Lead 3' },
        { id: '8', name: 'Lead 8' },
      ])
      const ready = []
      for await (const page of staging.ready()) ready.push(...page.map(({ leadId }) => leadId))
      expect(ready).toEqual(['1', '8'])
    })

    test('a value that the mirror cannot hold undoes the whole swap', async () => {
      const staging = await it.erp.stageMirror('R1')
      await staging.leads([
        { leadId: '1', row: row('fine') },
        { leadId: '2', row: row('not fine', { ADDRESS_NUMBER: '99999999999' }) },
      ])
      await expect(staging.swap(swap(['3']))).rejects.toMatchObject({ code: 'erp.value_refused' })
      expect(await it.sql('select name from leads order by id')).toEqual([{ name: 'Lead 1' }, { name: 'Lead 2' }, { name: 'Lead 3' }])
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
  })
