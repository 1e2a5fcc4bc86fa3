import pg from 'pg'
import { expect, it } from 'vitest'
import { postgresDemoDatabase } from './database/database-postgres.ts'
import { generateDemoData } from './generate.ts'
import { fingerprint, testLoading } from './load.contract.ts'
import { loadDemoData } from './load.ts'
import { openPostgres } from './testing/demo-harness.ts'

testLoading('PostgreSQL', openPostgres)

const options = { branches: 400, seed: 7, today: '2026-11-22' }

it('gives the same rows whether or not the role may switch triggers off, and leaves them awake', async () => {
  const erp = await openPostgres()
  const owner = `ponte_owner_${Date.now()}`
  try {
    await loadDemoData(erp.demo, options)
    const whole = await fingerprint(erp)
    // An owner of the tables without the superuser's right: foreign keys are checked during the load.
    await erp.sql(`create role ${owner}`)
    await erp.sql(`alter schema public owner to ${owner}`)
    const objects = "pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v')"
    for (const { name } of await erp.sql(`select relname as name from ${objects}`)) await erp.sql(`alter table ${name} owner to ${owner}`)
    const url = `${erp.url}?options=${encodeURIComponent(`-c role=${owner}`)}`
    const refused = new pg.Client({ connectionString: url })
    await refused.connect()
    await expect(refused.query('set session_replication_role = replica')).rejects.toMatchObject({ code: '42501' })
    await refused.end()
    const asOwner = postgresDemoDatabase(url)
    await loadDemoData(asOwner, { ...options, replace: true })
    await asOwner.close()
    expect(await fingerprint(erp)).toEqual(whole)
    const asleep = await erp.sql(
      "select tgname from pg_trigger where tgrelid in ('leads'::regclass, 'contacts'::regclass) and tgenabled <> 'O'",
    )
    expect(asleep).toEqual([])
  } finally {
    for (const end of ['reassign owned by $ to current_user', 'drop owned by $', 'drop role $']) await erp.sql(end.replace('$', owner))
    await erp.close()
  }
})

it('makes a million-branch ERP of the same leading rows as a small one', () => {
  const first = (branches: number) => {
    const rows = generateDemoData({ ...options, branches }).rows('branches')
    return Array.from({ length: 300 }, () => rows.next().value)
  }
  expect(first(1_000_000)).toEqual(first(2_000))
})
