import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cell, Row } from '../../engine/model.ts'
import { addBranch, seedGeography } from './postgres-fixtures.ts'
import { openHarness } from './postgres-harness.ts'

const ROWS = process.env.PONTE_TEST_LONG === '1' ? 10_000 : 300
const SEED = Number(process.env.PONTE_TEST_SEED ?? Date.now() % 1_000_000)

/** mulberry32: small, seeded. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

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

describe(`the difference views are B - A (seed ${SEED})`, () => {
  let it: Awaited<ReturnType<typeof openHarness>>
  const random = generator(SEED)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  beforeAll(async () => {
    it = await openHarness()
    await seedGeography(it)
    await it.sql('alter table leads disable trigger user')
    await it.sql('alter table contacts disable trigger user')
    await it.database.pool.query("insert into clients (client_code, company_name) select g, 'C' from generate_series(1, $1::int) g", [ROWS])
    for (const batch of chunks(
      Array.from({ length: ROWS }, (_, index) => index + 1),
      500,
    ))
      await insertBatch(batch)
  })
  afterAll(() => it.close())

  const names = ['Padaria São João', 'PADARIA SÃO JOÃO', 'Padaria', null]
  async function insertBatch(keys: readonly number[]) {
    const json = JSON.stringify(
      keys.map((key) => ({
        key,
        linked: random() < 0.9,
        mirrored: random() < 0.9,
        stage: pick(['Ativação', 'Activation', 'Descartado', 'Retenção/Expansão', null]),
        name: pick(names.slice(0, 3)),
        lead_name: pick(names),
        city: pick([1, 2, 3, 404]),
        lead_city: pick(['São Paulo', 'RIO DE JANEIRO', 'Rio de Janeiro', null]),
        state: pick(['São Paulo', 'Rio de Janeiro', null]),
        number: pick([null, 0, 1, 2]),
        lead_number: pick([null, 0, 1, 2]),
        registration: pick([null, 'ISENTO', '99', '110.0', '1100']),
        lead_registration: pick([null, 'ISENTO', '1100']),
        zip: pick([null, '1001-000', '01001000']),
        rep: pick([7, 99]),
        same: random() < 0.5,
        email: pick(['a@x.com', 'A@X.com', 'b@x.com']),
        phone: pick([null, '(11) 9', '119']),
        title: pick(['chefe', 'CHEFE', null]),
        primary: pick(['S', 'N', 'Y', null]),
      })),
    )
    const rows = `json_to_recordset($1) as r(key bigint, linked boolean, mirrored boolean, stage text, name text, lead_name text, city bigint, lead_city text, state text,
      number int, lead_number int, registration text, lead_registration text, zip text, rep bigint, same boolean, email text, phone text, title text, primary_flag text, "primary" text)`
    await it.database.pool.query(
      `insert into branches (client, code, description, taxid, city, address_number, tax_registration, zipcode, sales_rep, id_crm)
       select key, 1, name, key::text, city, number, registration, zip, rep, case when linked then 100000 + key end from ${rows}`,
      [json],
    )
    // Half of the mirror is what a push would have left, the other half is whatever.
    await it.database.pool.query(
      `insert into leads (id, stage, taxid, client_code, name, city, state, address_number, tax_registration, address_zipcode, sales_rep)
       select 100000 + r.key, r.stage, lpad(r.key::text, 14, '0'), r.key, case when same then coalesce(v.company_name, 'x') else lead_name end,
              case when same then v.city else lead_city end, case when same then v.state else r.state end,
              case when same then r.number else lead_number end, case when same then r.registration else lead_registration end, zip, rep
         from ${rows} left join vw_crm_clients v on v.client_code = r.key where mirrored`,
      [json],
    )
    await it.database.pool.query(
      `insert into contact (branch_client, branch_code, name, email, phone, job_title_desc, is_primary, id_crm)
       select key, 1, coalesce(name, 'n'), email, phone, title, "primary", case when linked then 500000 + key end from ${rows}`,
      [json],
    )
    await it.database.pool.query(
      `insert into contacts (id, client_code, name, email, phone, job_title, is_primary)
       select 500000 + key, key, case when same then name else lead_name end, lower(email), phone, title, case when "primary" in ('S', 'Y') then 'S' else 'N' end
         from ${rows} where mirrored`,
      [json],
    )
  }

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

  test('a null on both sides is no difference, a null on one side is (D-19)', async () => {
    await addBranch(it, 900_001, { id_crm: '1', taxid: "'5'" })
    await it.sql(
      "insert into leads (id, stage, name, taxid, client_code, city, state) values (1, 'Ativação', 'branch 900001', '5', 900001, 'são paulo', 'São Paulo')",
    )
    const changed = async () => (await it.sql('select id from view_update_lead_in_crm where id = 1')).length
    expect(await changed()).toBe(0)
    await it.sql('update leads set address_street = null, address_complement = $$x$$ where id = 1')
    expect(await changed()).toBe(1)
    await it.sql("update branches set complement = 'X' where client = 900001")
    expect(await changed()).toBe(0)
  })

  test('a lead that left the integrated stages is on neither side (D-12)', async () => {
    await it.sql("update leads set stage = 'Passagem de bastão', name = 'other' where id = 1")
    expect(await it.sql('select id from view_update_lead_in_crm where id = 1')).toEqual([])
  })

  test('two ERP contacts of one branch with one CRM id are one row: the lowest code speaks', async () => {
    await it.sql(`insert into contact (code, name, email, branch_client, branch_code, id_crm) values
      (900002, 'Second', 'z@x.com', 900001, 1, 7), (900001, 'First', 'z@x.com', 900001, 1, 7)`)
    await it.sql("insert into contacts (id, name, email, client_code) values (7, 'Neither', 'z@x.com', 900001)")
    expect(await it.sql('select name, lead_id from view_update_contact_in_crm where id = 7')).toEqual([{ name: 'FIRST', lead_id: '1' }])
    expect(await it.sql("select name from desired_contacts where id = '7'")).toEqual([{ name: 'First' }])
  })
})

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}
