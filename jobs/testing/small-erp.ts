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
