/** On MariaDB and on the simulated Oracle too the engine and the database's own difference views name the same keys, on random rows. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { migrateMysqlErp } from '../../connectors/erp/dialects/mysql/install.ts'
import { migrateOracleErp } from '../../connectors/erp/dialects/oracle/install.ts'
import type { Erp } from '../../connectors/erp/erp.ts'
import { openErp } from '../../connectors/erp/open.ts'
import { type EmptyDatabase, emptyDatabases } from '../../connectors/erp/testing/empty-databases.ts'
import { mariaDbMissing } from '../../connectors/mysql/testing.ts'
import { localEngine } from '../../engine/local/local-engine.ts'
import { type EntityName, entityNamed } from '../../records/kinds.ts'
import { compareEntity } from './compare-entity.ts'

const rows = 2_000
const seed = testSeed()

/** mulberry32: a small generator that a seed repeats. */
function generator(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Random rows, some of them spelled as people and spreadsheets do: view and engine must agree row by row. About half the leads agree with their branch. */
async function fill({ pool, mirrorOnly }: EmptyDatabase): Promise<void> {
  const random = generator(seed)
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)]!
  const insert = (table: string, columns: string, values: readonly unknown[][]) =>
    pool.query(`insert into ${table} (${columns}) values ?`, [values])
  const numbers = Array.from({ length: rows }, (_, index) => index + 1)
  await insert('countries', 'code, name', [['BR', 'BRASIL']])
  await insert('states', 'code, name', [
    ['SP', 'SÃO PAULO'],
    ['AL', 'ALAGOAS'],
  ])
  await insert('cities', 'id, city_name, state_code, country_code', [
    [1, 'SÃO PAULO', 'SP', 'BR'],
    [2, 'MACEIÓ', 'AL', 'BR'],
  ])
  await insert(
    'clients',
    'client_code, company_name',
    numbers.map((n) => [n, 'C']),
  )
  await insert(
    'branches',
    'client, code, description, taxid, integrate_crm, id_crm, city, address, address_number, complement, zipcode, district, sales_rep, tax_registration',
    numbers.map((n) => [
      n,
      1,
      one('PADARIA SÃO JOÃO', '\tAÇOUGUE\0 BOI', 'LOJA 1\x01', 'Ótica & Cia'),
      String(10_000_000_000_000 + n),
      'S',
      random() < 0.9 ? n + 1_000_000 : null,
      one(1, 2),
      one('Rua Á', 'RUA Á', 'Avenida Ç', null),
      one(0, 1, 2),
      one('Sala 1', null),
      one('01310100', '20.040-020', '1310100.0', null),
      one('Centro', null),
      one(7, 99),
      one('ISENTO', '12345', null),
    ]),
  )
  await insert(
    'credit_limit_history',
    'client_code, sequence_number, entry_date, observations',
    numbers.filter(() => random() < 0.3).map((n) => [n, 1, '2026-01-01', `análise ${one(0, 1, 2)}`]),
  )
  const [found] = await pool.query(
    'select client_code, company_name, taxid, address_street, address_zipcode, address_number, address_complement, address_district, city, state, sales_rep, tax_registration, financial_analysis from vw_crm_clients',
  )
  const kept = (value: unknown, other: unknown) => (random() < 0.06 ? other : value)
  const connection = await pool.getConnection()
  await connection.query(mirrorOnly)
  const leads = (found as Record<string, unknown>[]).filter(() => random() < 0.95)
  await connection.query(
    'insert into leads (id, stage, name, taxid, address_street, address_zipcode, address_number, address_complement, address_district, city, state, sales_rep, client_code, tax_registration, financial_analysis) values ?',
    [
      leads.map((v) => [
        Number(v.client_code) + 1_000_000,
        one('Desenvolvimento/Orçamento', 'Ativação', 'Novos leads', null),
        kept(v.company_name, 'OUTRA'),
        v.taxid,
        kept(v.address_street, null),
        kept(v.address_zipcode, '20040020'),
        kept(v.address_number, 77),
        kept(v.address_complement, 'X'),
        v.address_district,
        kept(v.city, 'Maceió'),
        v.state,
        kept(v.sales_rep, 12),
        v.client_code,
        kept(v.tax_registration, '999'),
        kept(v.financial_analysis, null),
      ]),
    ],
  )
  const contacts = numbers.map((n) => ({
    n,
    name: one('Ana', 'JOSÉ', 'Zoë'),
    phone: one('1133334444', '(11) 4002.0922', '(11) 98765-4321 / 3333-4444', null),
    title: one('Chefe', 'CHEFE', null),
    primary: one('S', 'N'),
    id: random() < 0.8 ? n + 5_000_000 : null,
  }))
  await insert(
    'contact',
    'code, name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm',
    contacts.map((c) => [c.n, c.name, `c${c.n}@example.com`, c.phone, c.title, c.n, 1, c.primary, c.id]),
  )
  await connection.query('insert into contacts (id, name, email, phone, job_title, client_code, is_primary) values ?', [
    contacts
      .filter(() => random() < 0.9)
      .flatMap((c) =>
        c.id === null
          ? []
          : [
              [
                c.id,
                kept(c.name, 'Outro'),
                `c${c.n}@example.com`,
                kept(c.phone, one('999', '11987654321')),
                kept(c.title, null),
                c.n,
                kept(c.primary, 'N'),
              ],
            ],
      ),
  ])
  connection.destroy()
}

const install = { mysql: migrateMysqlErp, oracle: migrateOracleErp }

if (!mariaDbMissing('jobs/minus'))
  describe.each(['mysql', 'oracle'] as const)(`on ${rows} random rows on %s (seed ${seed})`, (dialect) => {
    const folder = mkdtempSync(join(tmpdir(), 'ponte-minus-'))
    let database: EmptyDatabase
    let erp: Erp
    let engine: Awaited<ReturnType<typeof localEngine>>
    beforeAll(async () => {
      database = await emptyDatabases[dialect]()
      await install[dialect](database.url)
      await fill(database)
      erp = await openErp({ url: database.url })
      engine = await localEngine({ stateDir: folder, readers: 2, memoryLimit: '1GB' })
    })
    afterAll(async () => {
      await engine.close()
      await erp.close()
      await database.close()
      rmSync(folder, { recursive: true, force: true })
    })

    async function engineKeys(name: EntityName): Promise<string[]> {
      const extract = await erp.openExtract(2)
      try {
        const outcome = await compareEntity(engine, extract, entityNamed(name), { run: 'minus' })
        if (outcome.kind === 'stopped') throw new Error(outcome.guards[0]!.message)
        const keys: string[] = []
        for await (const changes of outcome.comparison.changes()) keys.push(...changes.map((change) => change.key))
        await outcome.comparison.close()
        return keys.sort()
      } finally {
        await extract.close()
      }
    }

    test.each([
      ['leads.update', 'select cast(v.id as char) as k from view_update_lead_in_crm v'],
      ['contacts.update', `select concat(v.id, '-', v.lead_id) as k from view_update_contact_in_crm v`],
      ['leads.insert', 'select v.id as k from view_insert_lead_in_crm v'],
      ['contacts.insert', 'select cast(v.code as char) as k from view_insert_contact_in_crm v'],
    ] as const)('the changes of %s are the rows of its view', async (name, sql) => {
      const expected = ((await database.pool.query(sql))[0] as { k: string }[]).map(({ k }) => k).sort()
      expect(expected.length).toBeGreaterThan(rows / 50)
      expect(expected.length).toBeLessThan(rows)
      expect(await engineKeys(name)).toEqual(expected)
    })
  })
