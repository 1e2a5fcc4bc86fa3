/** A handful of ERP rows, written by hand so that a test can say exactly what it expects. */
import type pg from 'pg'
import type { Queries } from './erp-sql.ts'

export interface BranchSeed {
  readonly client: number
  readonly code?: number
  readonly name?: string
  readonly taxId: string
  readonly flagged?: boolean
  readonly idCrm?: number | null
  readonly rep?: number | null
  readonly registration?: string | null
  readonly street?: string | null
  readonly number?: number | null
  readonly complement?: string | null
  readonly zip?: string | null
  readonly city?: number
}

/** Inserts the row unless one with this key is there. Names are columns. */
async function insertOnce(
  erp: Queries,
  table: string,
  key: Readonly<Record<string, unknown>>,
  rest: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const where = Object.keys(key).map((name, at) => `${name} = $${at + 1}`)
  const { rows } = await erp.query(`select 1 as x from ${table} where ${where.join(' and ')}`, Object.values(key))
  if (rows.length > 0) return
  const all = { ...key, ...rest }
  const values = Object.keys(all).map((_, at) => `$${at + 1}`)
  await erp.query(`insert into ${table} (${Object.keys(all).join(', ')}) values (${values.join(', ')})`, Object.values(all))
}

/** São Paulo and Olho d'Água das Flores, two reps, two industries. */
export async function seedReference(erp: Queries): Promise<void> {
  const home = { state_code: 'SP', country_code: 'BR' }
  await insertOnce(erp, 'countries', { code: 'BR' }, { name: 'BRASIL' })
  await insertOnce(erp, 'states', { code: 'SP' }, { name: 'SÃO PAULO' })
  await insertOnce(erp, 'states', { code: 'AL' }, { name: 'ALAGOAS' })
  await insertOnce(erp, 'cities', { id: 1 }, { city_code: '3550308', city_name: 'SÃO PAULO', ...home })
  await insertOnce(erp, 'cities', { id: 2 }, { city_code: '2705705', city_name: "OLHO D'ÁGUA DAS FLORES", ...home, state_code: 'AL' })
  await insertOnce(erp, 'sales_reps', { code: 7 }, { email: 'rep7@example.com' })
  await insertOnce(erp, 'sales_reps', { code: 99 }, { email: null })
}

export async function addBranch(erp: Queries, seed: BranchSeed): Promise<void> {
  const name = seed.name ?? `EMPRESA ${seed.client} LTDA`
  await insertOnce(erp, 'clients', { client_code: seed.client }, { company_name: name })
  await erp.query(
    `insert into branches (client, code, description, taxid, integrate_crm, id_crm, sales_rep, tax_registration, address, address_number,
                           complement, zipcode, district, city, state, country, phone)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'Centro', $13, 'SP', 'BR', '(11) 98765-4321')`,
    [
      seed.client,
      seed.code ?? 1,
      name,
      seed.taxId,
      (seed.flagged ?? true) ? 'S' : 'N',
      seed.idCrm ?? null,
      seed.rep === undefined ? 7 : seed.rep,
      seed.registration === undefined ? '123.456-7' : seed.registration,
      seed.street === undefined ? 'Rua das Flores' : seed.street,
      seed.number === undefined ? 100 : seed.number,
      seed.complement ?? null,
      seed.zip === undefined ? '01310-100' : seed.zip,
      seed.city ?? 1,
    ],
  )
}

export async function addContact(
  erp: Queries,
  seed: {
    code: number
    client: number
    branch?: number
    name: string
    email: string | null
    primary?: boolean
    phone?: string
    title?: string
  },
): Promise<void> {
  await erp.query(
    `insert into contact (code, name, email, phone, job_title_desc, branch_client, branch_code, is_primary) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      seed.code,
      seed.name,
      seed.email,
      seed.phone ?? '11 3333-4444',
      seed.title ?? null,
      seed.client,
      seed.branch ?? 1,
      seed.primary ? 'S' : 'N',
    ],
  )
}

/** Linked branches reach an integrated stage: their leads enter the mirror as the ERP has them, triggers off. */
export async function mirrorLinked(erp: pg.Pool): Promise<void> {
  const client = await erp.connect()
  try {
    await client.query('begin; alter table leads disable trigger user')
    await client.query(
      `insert into leads (id, name, stage, taxid, address_street, address_zipcode, address_number, address_complement, address_district, city, state, sales_rep, tax_registration, client_code)
       select id::bigint, name, 'Desenvolvimento/Orçamento', taxid, address_street, address_zipcode, address_number::integer, address_complement, address_district, city, state,
              sales_rep::bigint, tax_registration, client_code::bigint from desired_leads on conflict (id) do nothing`,
    )
    await client.query('alter table leads enable trigger user; commit')
  } finally {
    client.release()
  }
}

/** The client's first branch has an approved budget of this value, in force; the one before it is replaced. */
export async function setBudget(erp: Queries, client: number, value: string): Promise<void> {
  const item = { bit_bdg_number: client, bit_item: 1 }
  const branch = { client_code: client, branch_code: 1 }
  await insertOnce(erp, 'budget', { budget_number: client }, { client_billing_code: client, branch_billing_code: 1 })
  await insertOnce(erp, 'budget_item', { bdg_number: client, item: 1 }, { generated: 'S' })
  await erp.query(`update budget_item set item_date = ${SOON} where bdg_number = $1`, [client])
  await insertOnce(erp, 'budget_item_quantity', { ...item, quantity: 1000 })
  await insertOnce(erp, 'budget_item_delivery', { ...item, ...branch }, { billing_client: 'S' })
  await erp.query('update budget_item_delivery set approval_date = localtimestamp where bit_bdg_number = $1', [client])
  await insertOnce(erp, 'budget_item_quant_delivery', { bid_bdg_number: client, bid_item: 1, bid_quantity: 1000, ...branch })
  await erp.query('update budget_item_quant_delivery set price = $1 where bid_bdg_number = $2', [value, client])
}

/** The client's first branch has an order of this value, in force; the one before it is replaced. */
export async function setOrder(erp: Queries, client: number, value: string): Promise<void> {
  await insertOnce(erp, 'person', { code: client }, { key1: client, key2: 1 })
  await insertOnce(erp, 'sales_order', { company_code: 1, order_number: client }, { pers_code: client })
  await insertOnce(erp, 'sales_order_item', { so_company_code: 1, so_number: client, sequence_number: 1 }, { item_qty: 1 })
  await erp.query(`update sales_order_item set item_date = ${SOON} where so_number = $1`, [client])
  await insertOnce(
    erp,
    'sales_order_item_delivery',
    { sod_company_code: 1, sod_number: client, sequence_number: 1 },
    { billing_client: 'S' },
  )
  await erp.query('update sales_order_item_delivery set unit_value = $1 where sod_number = $2', [value, client])
}

const SOON = "localtimestamp + interval '2' day"
