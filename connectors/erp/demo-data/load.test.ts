import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../testing.ts'
import { crmForm } from './crm-form.ts'
import { generateDemoData } from './generate.ts'
import { type LoadResult, loadDemoData } from './load.ts'

const isLong = process.env.PONTE_TEST_LONG === '1'
const branches = isLong ? 100_000 : 2_000
const seed = Number(process.env.PONTE_TEST_SEED ?? Date.now() % 1_000_000)
const schema = new URL('../../../sql/postgres/', import.meta.url)

const names = (() => {
  const { reference, tables } = generateDemoData({ branches: 1, seed, today: '2026-01-01' })
  return [...reference, ...tables].map(({ name }) => name)
})()

const rowsOf = async <Row>(pool: pg.Pool, sql: string): Promise<Row[]> => (await pool.query(sql)).rows as Row[]
const countOf = async (pool: pg.Pool, from: string): Promise<number> =>
  (await rowsOf<{ n: number }>(pool, `select count(*)::integer as n from ${from}`))[0]!.n
/** One md5 per table, whatever the order of its rows on disk. */
async function fingerprint(pool: pg.Pool): Promise<Record<string, string>> {
  const sums: Record<string, string> = {}
  for (const name of names) {
    const [row] = await rowsOf<{ sum: string }>(
      pool,
      `select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) as sum from ${name} t`,
    )
    sums[name] = row!.sum
  }
  return sums
}
/** The ERP's own day: what counts as today in its views. */
const erpToday = async (pool: pg.Pool): Promise<string> => (await rowsOf<{ day: string }>(pool, 'select erp_today()::text as day'))[0]!.day

describe(`an ERP loaded with ${branches} branches, seed ${seed}`, () => {
  let database: TestDatabase
  let pool: pg.Pool
  let result: LoadResult
  let today: string

  beforeAll(async () => {
    database = await testDatabase({ migrate: [schema] })
    pool = database.pool
    today = await erpToday(pool)
    result = await loadDemoData(pool, { branches, seed, today })
    console.info(`${result.rows} rows in ${result.seconds.toFixed(1)} s: ${Math.round(result.rows / result.seconds)} rows/s`)
  })
  afterAll(() => database?.drop())

  it('holds what the counts say', async () => {
    expect(result).toMatchObject({ branches, eligible: branches * 0.35, linked: branches * 0.25 })
    expect(await countOf(pool, 'branches')).toBe(result.branches)
    expect(await countOf(pool, 'clients')).toBe(result.clients)
    expect(await countOf(pool, 'contact')).toBe(result.contacts)
    expect(await countOf(pool, 'leads')).toBe(result.linked)
    expect(await countOf(pool, 'contacts')).toBe(result.mirrorContacts)
    expect(await countOf(pool, 'budget')).toBe(result.budgets)
    expect(await countOf(pool, 'sales_order')).toBe(result.orders)
    expect(await countOf(pool, 'service_order')).toBe(result.serviceOrders)
  })

  it('shows the views what the counts say: so many to insert, to budget, to sell', async () => {
    expect(await countOf(pool, 'insert_leads')).toBe(result.eligible)
    expect(await countOf(pool, 'view_insert_lead_in_crm')).toBe(result.eligible)
    expect(await countOf(pool, 'desired_leads')).toBe(result.linked)
    expect(await countOf(pool, 'known_leads')).toBe(result.linked)
    expect(await countOf(pool, 'insert_contacts')).toBe(result.newContacts)
    expect(await countOf(pool, 'view_leads_budgeted')).toBe(result.pendingBudgets)
    expect(await countOf(pool, 'view_leads_sold')).toBe(result.pendingSales)
    for (const name of ['eligible', 'newContacts', 'pendingBudgets', 'pendingSales'] as const) expect(result[name], name).toBeGreaterThan(0)
  })

  it('keeps every foreign key, though a superuser loads without their triggers', async () => {
    const keys = await rowsOf<{ name: string; on: string; definition: string }>(
      pool,
      `select conname as name, conrelid::regclass::text as on, pg_get_constraintdef(oid) as definition
         from pg_constraint where contype = 'f' and conrelid::regclass::text = any('{${names.join(',')}}')`,
    )
    expect(keys.length).toBeGreaterThan(15)
    const client = await pool.connect()
    try {
      await client.query('begin')
      for (const { name, on, definition } of keys) {
        await client.query(`alter table ${on} drop constraint ${name}`)
        await client.query(`alter table ${on} add constraint ${name} ${definition}`)
      }
    } finally {
      await client.query('rollback')
      client.release()
    }
    const orphans = 'branches b where not exists (select from sales_reps r where r.code = b.sales_rep) and b.sales_rep is not null'
    expect(await countOf(pool, orphans)).toBe(0)
  })

  it('has no linked branch that differs from its mirror row once both are normalised', async () => {
    type Row = Record<string, string | null>
    const kinds = {
      name: 'name',
      address_street: 'text',
      address_zipcode: 'zip',
      address_complement: 'text',
      address_district: 'district',
      tax_registration: 'registration',
      financial_analysis: 'text',
    } as const
    const normal = (row: Row): Row => {
      const sent: Row = { ...row, address_number: row.address_number ?? '0', sales_rep: row.sales_rep ?? '99' }
      for (const [column, kind] of Object.entries(kinds)) sent[column] = crmForm(kind, row[column]!)
      delete sent.range_key
      return sent
    }
    const desired = (await rowsOf<Row>(pool, 'select * from desired_leads order by id')).map(normal)
    const known = await rowsOf<Row>(pool, 'select * from known_leads order by id')
    expect(desired).toEqual(known.map(normal))
    // The mirror holds normal values already.
    expect(known.map(normal)).toEqual(known.map(({ range_key: _, ...row }) => ({ ...row, sales_rep: row.sales_rep ?? '99' })))
  })

  it('has no contact that differs from its mirror row once both are normalised', async () => {
    type Row = Record<string, string | null>
    const normal = ({ range_key: _, ...row }: Row): Row => ({
      ...row,
      name: crmForm('personName', row.name!),
      email: crmForm('email', row.email!),
      phone: crmForm('phone', row.phone!),
      job_title: crmForm('jobTitle', row.job_title!),
    })
    const desired = (await rowsOf<Row>(pool, 'select * from desired_contacts order by id')).map(normal)
    expect(desired.length).toBe(result.mirrorContacts)
    expect(desired).toEqual((await rowsOf<Row>(pool, 'select * from known_contacts order by id')).map(normal))
  })

  it('leaves the triggers of the mirror awake and the sequences past the given codes', async () => {
    const code = await rowsOf<{ code: string }>(pool, 'select get_client_code() as code')
    expect(Number(code[0]!.code)).toBeGreaterThan(
      Number((await rowsOf<{ n: string }>(pool, 'select max(client_code) as n from clients'))[0]!.n),
    )
    await pool.query("insert into contact (name) values ('Nova Pessoa')")
    const asleep = await countOf(pool, "pg_trigger where tgrelid in ('leads'::regclass, 'contacts'::regclass) and tgenabled <> 'O'")
    expect(asleep).toBe(0)
    const [lead] = await rowsOf<{ id: string; phone: string }>(pool, 'select id, phone from leads where phone is not null limit 1')
    await pool.query('update leads set phone = $2 where id = $1', [lead!.id, '1133334444'])
    expect(await rowsOf(pool, `select phone from branches where id_crm = ${lead!.id}`)).toEqual([{ phone: '1133334444' }])
  })
})

describe('loading', () => {
  const options = { branches: 400, seed, today: '2026-11-22' }
  const withDatabase = async (work: (pool: pg.Pool, database: TestDatabase) => Promise<void>) => {
    const database = await testDatabase({ migrate: [schema] })
    try {
      await work(database.pool, database)
    } finally {
      await database.drop()
    }
  }

  it('gives the same rows whatever the batch size, and whether or not the role may switch triggers off', () =>
    withDatabase(async (pool, database) => {
      await loadDemoData(pool, options)
      const whole = await fingerprint(pool)
      await loadDemoData(pool, { ...options, replace: true, batchSize: 7 })
      expect(await fingerprint(pool)).toEqual(whole)

      // An owner of the tables without the superuser's right: foreign keys are checked during the load.
      const owner = `ponte_owner_${Date.now()}`
      await pool.query(`create role ${owner}; alter schema public owner to ${owner}`)
      const objects = "pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v')"
      for (const { name } of await rowsOf<{ name: string }>(pool, `select relname as name from ${objects}`)) {
        await pool.query(`alter table ${name} owner to ${owner}`)
      }
      const asOwner = new pg.Pool({ connectionString: database.url, max: 1, options: `-c role=${owner}` })
      try {
        await expect(asOwner.query('set session_replication_role = replica')).rejects.toMatchObject({ code: '42501' })
        await loadDemoData(asOwner, { ...options, replace: true })
        expect(await fingerprint(pool)).toEqual(whole)
        expect(await countOf(pool, "pg_trigger where tgrelid in ('leads'::regclass, 'contacts'::regclass) and tgenabled <> 'O'")).toBe(0)
      } finally {
        await asOwner.end()
        await pool.query(`reassign owned by ${owner} to current_user; drop owned by ${owner}; drop role ${owner}`)
      }
    }))

  it('refuses an ERP that holds anything, and to replace what is not demo data', () =>
    withDatabase(async (pool) => {
      await pool.query("insert into clients (client_code, company_name) values (1, 'Cliente de verdade')")
      await expect(loadDemoData(pool, options)).rejects.toMatchObject({ code: 'demo.not_empty' })
      await expect(loadDemoData(pool, { ...options, replace: true })).rejects.toMatchObject({ code: 'demo.not_demo' })
      expect(await countOf(pool, 'clients')).toBe(1)
      await pool.query('delete from clients')
      await loadDemoData(pool, options)
      await expect(loadDemoData(pool, options)).rejects.toMatchObject({ code: 'demo.not_empty' })
    }))

  it('changes nothing when it is stopped half-way', () =>
    withDatabase(async (pool) => {
      const stop = new AbortController()
      const loading = loadDemoData(pool, { ...options, batchSize: 50, signal: stop.signal }, ({ branches }) => {
        if (branches > 200) stop.abort(new Error('enough'))
      })
      await expect(loading).rejects.toThrow('enough')
      for (const name of names) expect(await countOf(pool, name), name).toBe(0)
      expect(await countOf(pool, "pg_trigger where tgrelid = 'leads'::regclass and tgenabled <> 'O'")).toBe(0)
      await loadDemoData(pool, options)
    }))

  it('leaves nothing behind when the server ends the session under it', () =>
    withDatabase(async (pool) => {
      // Once: a client may have several branches, so two reports can fall behind the threshold, and two killers would end each other.
      let killing: Promise<unknown> | undefined
      const killed = loadDemoData(pool, { ...options, branches: 4_000, batchSize: 100 }, ({ branches }) => {
        if (branches < 500) return
        killing ??= pool.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null',
        )
      })
      await expect(killed).rejects.toThrow()
      await killing
      expect(await countOf(pool, 'branches')).toBe(0)
      await loadDemoData(pool, options)
    }))

  it('makes a million-branch ERP of the same leading rows as a small one', () => {
    const first = (branches: number) => {
      const rows = generateDemoData({ ...options, branches }).rows('branches')
      return Array.from({ length: 300 }, () => rows.next().value)
    }
    expect(first(1_000_000)).toEqual(first(2_000))
  })
})
