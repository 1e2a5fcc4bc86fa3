/** A handful of ERP rows, written by hand so that a test can say exactly what it expects. */
import type pg from 'pg'

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

/** São Paulo and Olho d'Água das Flores, two reps, two industries. */
export async function seedReference(erp: pg.Pool): Promise<void> {
  await erp.query(`insert into countries (code, name) values ('BR', 'BRASIL') on conflict do nothing`)
  await erp.query(`insert into states (code, name) values ('SP', 'SÃO PAULO'), ('AL', 'ALAGOAS') on conflict do nothing`)
  await erp.query(
    `insert into cities (id, city_code, city_name, state_code, country_code) values
       (1, '3550308', 'SÃO PAULO', 'SP', 'BR'), (2, '2705705', 'OLHO D''ÁGUA DAS FLORES', 'AL', 'BR') on conflict do nothing`,
  )
  await erp.query(`insert into sales_reps (code, email) values (7, 'rep7@example.com'), (99, null) on conflict do nothing`)
}

export async function addBranch(erp: pg.Pool, seed: BranchSeed): Promise<void> {
  const name = seed.name ?? `EMPRESA ${seed.client} LTDA`
  await erp.query('insert into clients (client_code, company_name) values ($1, $2) on conflict do nothing', [seed.client, name])
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
  erp: pg.Pool,
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
export async function setBudget(erp: pg.Pool, client: number, value: string): Promise<void> {
  const number = client
  await erp.query(
    'insert into budget (budget_number, client_billing_code, branch_billing_code) values ($1, $1, 1) on conflict do nothing',
    [number],
  )
  await erp.query(
    `insert into budget_item (bdg_number, item, item_date, generated) values ($1, 1, localtimestamp + interval '2 days', 'S') on conflict do nothing`,
    [number],
  )
  await erp.query('insert into budget_item_quantity (bit_bdg_number, bit_item, quantity) values ($1, 1, 1000) on conflict do nothing', [
    number,
  ])
  await erp.query(
    `insert into budget_item_delivery (bit_bdg_number, bit_item, client_code, branch_code, billing_client, approval_date)
     values ($1, 1, $1, 1, 'S', localtimestamp) on conflict do nothing`,
    [number],
  )
  await erp.query(
    `insert into budget_item_quant_delivery as d (bid_bdg_number, bid_item, bid_quantity, client_code, branch_code, price) values ($1, 1, 1000, $1, 1, $2)
     on conflict (bid_bdg_number, bid_item, bid_quantity, client_code, branch_code) do update set price = excluded.price`,
    [number, value],
  )
}

/** The client's first branch has an order of this value, in force; the one before it is replaced. */
export async function setOrder(erp: pg.Pool, client: number, value: string): Promise<void> {
  await erp.query('insert into person (code, key1, key2) values ($1, $1, 1) on conflict do nothing', [client])
  await erp.query('insert into sales_order (company_code, order_number, pers_code) values (1, $1, $1) on conflict do nothing', [client])
  await erp.query(
    `insert into sales_order_item (so_company_code, so_number, sequence_number, item_date, item_qty)
     values (1, $1, 1, localtimestamp + interval '2 days', 1) on conflict do nothing`,
    [client],
  )
  await erp.query(
    `insert into sales_order_item_delivery as d (sod_company_code, sod_number, sequence_number, billing_client, unit_value) values (1, $1, 1, 'S', $2)
     on conflict (sod_company_code, sod_number, sequence_number, delivery_number) do update set unit_value = excluded.unit_value`,
    [client, value],
  )
}
