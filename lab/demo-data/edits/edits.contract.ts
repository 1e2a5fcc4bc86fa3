/** Edits of demo data, as a suite for every dialect. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSeed } from '../../../base/testing/random.ts'
import { loadDemoData } from '../load.ts'
import { crmForm } from '../records/crm-form.ts'
import type { DemoHarness } from '../testing/demo-harness.ts'
import { type BranchEdit, editBranches } from './edit-branches.ts'
import { editContacts } from './edit-contacts.ts'

const seed = testSeed()

type Row = Record<string, string | null>
const forms: Record<BranchEdit['field'], (value: string | null) => string | null> = {
  NAME: (value) => crmForm('name', value),
  ADDRESS_STREET: (value) => crmForm('text', value),
  ADDRESS_NUMBER: (value) => value ?? '0',
  SALES_REP: (value) => value ?? '99',
  TAX_REGISTRATION: (value) => crmForm('registration', value),
  FINANCIAL_ANALYSIS: (value) => crmForm('text', value),
}

export function testEdits(dialect: string, open: () => Promise<DemoHarness>): void {
  describe(`${dialect}: edits in an ERP of 1,000 branches, seed ${seed}`, () => {
    let erp: DemoHarness
    beforeAll(async () => {
      erp = await open()
      await loadDemoData(erp.demo, { branches: 1_000, seed, today: '2026-11-22' })
    })
    afterAll(() => erp?.close())
    const desired = async (view: string): Promise<Map<string, Row>> =>
      new Map((await erp.sql(`select * from ${view}`)).map((row) => [row.id!, row]))

    it('change exactly so many leads, each in the field and to the value that is told, and no other lead', async () => {
      const before = await desired('desired_leads')
      const edits = await editBranches(erp.demo, { count: 60, seed })
      const after = await desired('desired_leads')
      expect(edits).toHaveLength(60)
      expect(new Set(edits.map(({ id_crm }) => id_crm)).size).toBe(60)
      expect(new Set(edits.map(({ field }) => field)).size).toBe(6)
      for (const edit of edits) {
        const form = forms[edit.field]
        const column = edit.field.toLowerCase()
        expect(form(before.get(edit.id_crm)![column]!)).toBe(edit.before)
        expect(form(after.get(edit.id_crm)![column]!)).toBe(edit.after)
        expect(edit.after?.toUpperCase()).not.toBe(edit.before?.toUpperCase())
        expect(after.get(edit.id_crm)!.taxid).toBe(edit.taxid)
      }
      const touched = new Set(edits.map(({ id_crm }) => id_crm))
      for (const [id, row] of after) if (!touched.has(id)) expect(row).toEqual(before.get(id))
    })

    it('leave the mirror alone: the ERP moved, the CRM does not know yet', async () => {
      const before = await desired('known_leads')
      await editBranches(erp.demo, { count: 20, seed: seed + 1 })
      expect(await desired('known_leads')).toEqual(before)
    })

    it('pick other branches for another seed, and all there are when asked for more', async () => {
      const ids = async (count: number, seed: number) => (await editBranches(erp.demo, { count, seed })).map(({ id_crm }) => id_crm)
      expect(await ids(20, seed + 2)).not.toEqual(await ids(20, seed + 3))
      expect(await ids(10_000, seed + 4)).toHaveLength(250)
    })

    it('change a branch again and again: every edit differs from what the edit before left', async () => {
      for (let round = 0; round < 5; round++) {
        const before = await desired('desired_leads')
        for (const edit of await editBranches(erp.demo, { count: 250, seed })) {
          expect(forms[edit.field](before.get(edit.id_crm)![edit.field.toLowerCase()]!)).toBe(edit.before)
          expect(edit.after?.toUpperCase()).not.toBe(edit.before?.toUpperCase())
        }
      }
    })

    it('change contacts too', async () => {
      const before = await desired('desired_contacts')
      const edits = await editContacts(erp.demo, { count: 30, seed })
      const after = await desired('desired_contacts')
      const form = { NAME: 'personName', PHONE: 'phone', JOB_TITLE: 'jobTitle' } as const
      expect(edits).toHaveLength(30)
      for (const { id_crm, lead_id, field, before: told, after: now } of edits) {
        const kind = form[field]
        expect(crmForm(kind, before.get(id_crm)![field.toLowerCase()]!)).toBe(told)
        expect(crmForm(kind, after.get(id_crm)![field.toLowerCase()]!)).toBe(now)
        expect(now?.toUpperCase()).not.toBe(told?.toUpperCase())
        expect(after.get(id_crm)!.lead_id).toBe(lead_id)
      }
    })
  })
}
