/** The difference views against a plain set difference of random rows, as a suite for every dialect. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed } from '../../../base/testing/random.ts'
import type { Cell, Row } from '../../../engine/model.ts'
import type { SchemaHarness } from './contract/contract-harness.ts'
import { fillAtRandom } from './difference-rows.ts'
import { addBranch, seedGeography } from './postgres-fixtures.ts'

const ROWS = process.env.PONTE_TEST_LONG === '1' ? 10_000 : 300
const SEED = testSeed()

/** The slow, plain B - A: rows of B that are not, whole, in A; duplicates once. */
function minus(b: readonly Row[], a: readonly Row[]): string[] {
  const known = new Set(a.map(canonical))
  return [...new Set(b.map(canonical))].filter((row) => !known.has(row)).sort()
}
const canonical = (row: Row) => JSON.stringify(Object.entries(row).sort())
const upper = (value: Cell | undefined) => value?.toUpperCase() ?? null
const plain = (value: Cell | undefined) =>
  upper(value)
    ?.normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '') ?? null

/** @param quiet statements that keep the mirror's triggers out */
export function testDifference(dialect: string, open: () => Promise<SchemaHarness>, quiet: readonly string[]): void {
  describe(`${dialect}: the difference views are B - A (seed ${SEED})`, () => {
    let it: SchemaHarness
    beforeAll(async () => {
      it = await open()
      await seedGeography(it)
      for (const statement of quiet) await it.sql(statement)
      await fillAtRandom(it, ROWS, SEED)
    })
    afterAll(() => it.close())

    test('for leads', async () => {
      const integrated = new Set((await it.sql("select alias from crm_stages where integrated = 'S'")).map((row) => row.alias))
      const leads = await it.sql('select * from leads')
      const stageOf = new Map(leads.map((lead) => [lead.id, lead.stage]))
      const registration = (value: Cell | undefined) => {
        const digits = (value ?? '').replace(/[^0-9]/g, '')
        return ['', '0', '99'].includes(digits) ? 'ISENTO' : digits
      }
      const form = (row: Row, name: Cell | undefined): Row => ({
        id: row.id!,
        name: upper(name)?.slice(0, 40) ?? null,
        taxid: (row.taxid ?? '').padStart(14, '0'),
        address_street: upper(row.address_street),
        address_zipcode: row.address_zipcode?.replace(/\D/g, '').padStart(8, '0') ?? null,
        address_number: row.address_number === '0' ? null : (row.address_number ?? null),
        address_complement: upper(row.address_complement),
        address_district: upper(row.address_district),
        city: plain(row.city),
        state: plain(row.state),
        sales_rep: row.sales_rep ?? null,
        client_code: row.client_code ?? null,
        tax_registration: registration(row.tax_registration),
        financial_analysis: row.financial_analysis ?? null,
      })
      const erp = await it.sql('select * from vw_crm_clients')
      const b = erp
        .filter((row) => row.id_crm !== null && integrated.has(stageOf.get(row.id_crm!) ?? null))
        .map((row) => form({ ...row, id: row.id_crm! }, row.company_name))
      const a = leads.filter((row) => integrated.has(row.stage!)).map((row) => form(row, row.name))
      const view = (await it.sql('select * from view_update_lead_in_crm')).map(canonical).sort()
      expect(view).toEqual(minus(b, a))
      expect(view.length).toBeGreaterThan(ROWS / 20)
      expect(view.length).toBeLessThan(b.length)
    })

    test('for contacts', async () => {
      const leads = await it.sql('select id, client_code from leads')
      const form = (row: Row, lead: Cell): Row => ({
        id: row.id!,
        name: upper(row.name),
        email: upper(row.email),
        job_title: upper(row.job_title)?.slice(0, 30) ?? null,
        is_primary: ['S', 'Y'].includes(row.is_primary ?? '') ? 'S' : 'N',
        phone: row.phone?.replace(/\D/g, '').slice(0, 13) || null,
        lead_id: lead,
      })
      const mirror = await it.sql('select * from contacts')
      const mirrored = new Set(mirror.map((row) => row.id))
      const contacts = await it.sql(
        'select c.*, job_title_desc as job_title, b.id_crm as lead_id from contact c join branches b on b.client = c.branch_client and b.code = c.branch_code',
      )
      const b = contacts
        .filter((row) => row.lead_id !== null && mirrored.has(row.id_crm!))
        .map((row) => form({ ...row, id: row.id_crm! }, row.lead_id!))
      const a = mirror.flatMap((row) => leads.filter((lead) => lead.client_code === row.client_code).map((lead) => form(row, lead.id!)))
      const view = (await it.sql('select * from view_update_contact_in_crm')).map(canonical).sort()
      expect(view).toEqual(minus(b, a))
      expect(view.length).toBeGreaterThan(ROWS / 20)
      expect(view.length).toBeLessThan(b.length)
    })

    test('a null on both sides is no difference, a null on one side is', async () => {
      await addBranch(it, 900_001, { id_crm: '1', taxid: "'5'" })
      await it.sql(
        "insert into leads (id, stage, name, taxid, client_code, city, state) values (1, 'Ativação', 'branch 900001', '5', 900001, 'são paulo', 'São Paulo')",
      )
      const changed = async () => (await it.sql('select id from view_update_lead_in_crm where id = 1')).length
      expect(await changed()).toBe(0)
      await it.sql("update leads set address_street = null, address_complement = 'x' where id = 1")
      expect(await changed()).toBe(1)
      await it.sql("update branches set complement = 'X' where client = 900001")
      expect(await changed()).toBe(0)
    })

    test('a lead that left the integrated stages is on neither side', async () => {
      await it.sql("update leads set stage = 'Passagem de bastão', name = 'other' where id = 1")
      expect(await it.sql('select id from view_update_lead_in_crm where id = 1')).toEqual([])
    })

    test('two ERP contacts of one branch with one CRM id are one row: the lowest code speaks', async () => {
      for (const values of ["900002, 'Second', 'z@x.com', 900001, 1, 7", "900001, 'First', 'z@x.com', 900001, 1, 7"])
        await it.sql(`insert into contact (code, name, email, branch_client, branch_code, id_crm) values (${values})`)
      await it.sql("insert into contacts (id, name, email, client_code) values (7, 'Neither', 'z@x.com', 900001)")
      expect(await it.sql('select name, lead_id from view_update_contact_in_crm where id = 7')).toEqual([{ name: 'FIRST', lead_id: '1' }])
      expect(await it.sql("select name from desired_contacts where id = '7'")).toEqual([{ name: 'First' }])
    })
  })
}
