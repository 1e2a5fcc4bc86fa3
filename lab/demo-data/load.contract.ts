/** Loading demo data, as a suite for every dialect. */

import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { generateDemoData } from './generate.ts'
import { type LoadResult, loadDemoData } from './load.ts'
import { crmForm } from './records/crm-form.ts'
import type { DemoHarness, ForeignKey } from './testing/demo-harness.ts'

const isLong = process.env.PONTE_TEST_LONG === '1'
const branches = isLong ? 100_000 : 2_000
const seed = testSeed()

type Row = Record<string, string | null>
type Sql = Pick<DemoHarness, 'sql'>

export const tableNames = (() => {
  const { reference, tables } = generateDemoData({ branches: 1, seed, today: '2026-01-01' })
  return [...reference, ...tables].map(({ name }) => name)
})()

const countOf = async ({ sql }: Sql, from: string): Promise<number> => Number((await sql(`select count(*) as n from ${from}`))[0]!.n)
/** One md5 per table, whatever the order of its rows on disk; the empty string is null. */
export async function fingerprint({ sql }: Sql, names: readonly string[] = tableNames): Promise<Record<string, string>> {
  const sums: Record<string, string> = {}
  for (const name of names) {
    const rows = (await sql(`select * from ${name}`)).map((row) =>
      JSON.stringify(
        Object.entries(row)
          .map(([name, value]) => [name, value || null])
          .sort(),
      ),
    )
    sums[name] = createHash('md5').update(rows.sort().join('\n')).digest('hex')
  }
  return sums
}
/** The ERP's own day: what counts as today in its views. */
const erpToday = async ({ sql }: Sql): Promise<string> =>
  (await sql("select v.day from (select concat(erp_today(), '') as day) v"))[0]!.day!.slice(0, 10)

export function testLoading(dialect: string, open: () => Promise<DemoHarness>): void {
  describe(`${dialect}: an ERP loaded with ${branches} branches, seed ${seed}`, () => {
    let erp: DemoHarness
    let result: LoadResult

    beforeAll(async () => {
      erp = await open()
      result = await loadDemoData(erp.demo, { branches, seed, today: await erpToday(erp) })
      console.info(`${dialect}: ${result.rows} rows in ${result.seconds.toFixed(1)} s: ${Math.round(result.rows / result.seconds)} rows/s`)
    })
    afterAll(() => erp?.close())

    it('holds what the counts say', async () => {
      expect(result).toMatchObject({ branches, eligible: branches * 0.35, linked: branches * 0.25 })
      expect(await countOf(erp, 'branches')).toBe(result.branches)
      expect(await countOf(erp, 'clients')).toBe(result.clients)
      expect(await countOf(erp, 'contact')).toBe(result.contacts)
      expect(await countOf(erp, 'leads')).toBe(result.linked)
      expect(await countOf(erp, 'contacts')).toBe(result.mirrorContacts)
      expect(await countOf(erp, 'budget')).toBe(result.budgets)
      expect(await countOf(erp, 'sales_order')).toBe(result.orders)
      expect(await countOf(erp, 'service_order')).toBe(result.serviceOrders)
    })

    it('shows the views what the counts say: so many to insert, to budget, to sell', async () => {
      expect(await countOf(erp, 'insert_leads')).toBe(result.eligible)
      expect(await countOf(erp, 'view_insert_lead_in_crm')).toBe(result.eligible)
      expect(await countOf(erp, 'desired_leads')).toBe(result.linked)
      expect(await countOf(erp, 'known_leads')).toBe(result.linked)
      expect(await countOf(erp, 'insert_contacts')).toBe(result.newContacts)
      expect(await countOf(erp, 'view_leads_budgeted')).toBe(result.pendingBudgets)
      expect(await countOf(erp, 'view_leads_sold')).toBe(result.pendingSales)
      for (const name of ['eligible', 'newContacts', 'pendingBudgets', 'pendingSales'] as const)
        expect(result[name], name).toBeGreaterThan(0)
    })

    it('keeps every foreign key, though they may not be checked while it is loaded', async () => {
      const keys = await erp.foreignKeys()
      expect(keys.length).toBeGreaterThan(15)
      for (const key of keys) expect(await countOf(erp, orphansOf(key)), JSON.stringify(key)).toBe(0)
      const unknownReps = 'branches b where not exists (select 1 from sales_reps r where r.code = b.sales_rep) and b.sales_rep is not null'
      expect(await countOf(erp, unknownReps)).toBe(0)
    })

    it('has no linked branch that differs from its mirror row once both are normalised', async () => {
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
      const desired = (await erp.sql('select * from desired_leads order by id')).map(normal)
      const known = await erp.sql('select * from known_leads order by id')
      expect(desired).toEqual(known.map(normal))
      // The mirror holds normal values already.
      expect(known.map(normal)).toEqual(known.map(({ range_key: _, ...row }) => ({ ...row, sales_rep: row.sales_rep ?? '99' })))
    })

    it('has no contact that differs from its mirror row once both are normalised', async () => {
      const normal = ({ range_key: _, ...row }: Row): Row => ({
        ...row,
        name: crmForm('personName', row.name!),
        email: crmForm('email', row.email!),
        phone: crmForm('phone', row.phone!),
        job_title: crmForm('jobTitle', row.job_title!),
      })
      const desired = (await erp.sql('select * from desired_contacts order by id')).map(normal)
      expect(desired.length).toBe(result.mirrorContacts)
      expect(desired).toEqual((await erp.sql('select * from known_contacts order by id')).map(normal))
    })

    it('leaves the triggers of the mirror awake and the codes past the given ones', async () => {
      const [lead] = await erp.sql('select min(id) as id from leads where phone is not null')
      await erp.sql(`update leads set phone = '1133334444' where id = ${lead!.id}`)
      expect(await erp.sql(`select phone from branches where id_crm = ${lead!.id}`)).toEqual([{ phone: '1133334444' }])
      await erp.sql("insert into contact (name) values ('Nova Pessoa')")
      await erp.sql("insert into leads (id, name, taxid, stage) values (999999999, 'Nova Empresa', '11222333000181', 'Ativação')")
      const [made] = await erp.sql('select client from branches where id_crm = 999999999')
      expect(Number(made!.client)).toBeGreaterThan(10_000 + branches)
    })
  })

  describe(`${dialect}: loading`, () => {
    const options = { branches: 400, seed, today: '2026-11-22' }
    const withErp = async (work: (erp: DemoHarness) => Promise<void>) => {
      const erp = await open()
      try {
        await work(erp)
      } finally {
        await erp.close()
      }
    }

    it('gives the same rows whatever the batch size', () =>
      withErp(async (erp) => {
        await loadDemoData(erp.demo, options)
        const whole = await fingerprint(erp)
        await loadDemoData(erp.demo, { ...options, replace: true, batchSize: 7 })
        expect(await fingerprint(erp)).toEqual(whole)
      }))

    it('refuses an ERP that holds anything, and to replace what is not demo data', () =>
      withErp(async (erp) => {
        await erp.sql("insert into clients (client_code, company_name) values (1, 'Cliente de verdade')")
        await expect(loadDemoData(erp.demo, options)).rejects.toMatchObject({ code: 'demo.not_empty' })
        await expect(loadDemoData(erp.demo, { ...options, replace: true })).rejects.toMatchObject({ code: 'demo.not_demo' })
        expect(await countOf(erp, 'clients')).toBe(1)
        await erp.sql('delete from clients')
        await loadDemoData(erp.demo, options)
        await expect(loadDemoData(erp.demo, options)).rejects.toMatchObject({ code: 'demo.not_empty' })
      }))

    it('twice at once fills it once', () =>
      withErp(async (erp) => {
        const both = await Promise.allSettled([loadDemoData(erp.demo, options), loadDemoData(erp.demo, options)])
        expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'demo.not_empty' } })
        expect(await countOf(erp, 'branches')).toBe(options.branches)
      }))

    it('changes nothing when it is stopped half-way, also when it should replace', () =>
      withErp(async (erp) => {
        const halfWay = (replace: boolean) => {
          const stop = new AbortController()
          return loadDemoData(erp.demo, { ...options, replace, batchSize: 50, signal: stop.signal }, ({ branches }) => {
            if (branches > 200) stop.abort(new Error('enough'))
          })
        }
        await expect(halfWay(false)).rejects.toThrow('enough')
        for (const name of tableNames) expect(await countOf(erp, name), name).toBe(0)
        await loadDemoData(erp.demo, options)
        const whole = await fingerprint(erp)
        await expect(halfWay(true)).rejects.toThrow('enough')
        expect(await fingerprint(erp)).toEqual(whole)
      }))

    it('leaves nothing behind when the server ends the session under it', () =>
      withErp(async (erp) => {
        // Once: a client may have several branches, so two reports can fall behind the threshold, and two killers would end each other.
        let killing: Promise<void> | undefined
        const killed = loadDemoData(erp.demo, { ...options, branches: 4_000, batchSize: 100 }, ({ branches }) => {
          if (branches >= 500) killing ??= erp.endTransactions()
        })
        await expect(killed).rejects.toThrow()
        await killing
        expect(await countOf(erp, 'branches')).toBe(0)
        await loadDemoData(erp.demo, options)
      }))

    it('writes are counted per row, whoever makes them, and reads are not', () =>
      withErp(async (erp) => {
        await loadDemoData(erp.demo, options)
        const written = await erp.demo.countWrites(['branches', 'leads'])
        await erp.sql('select count(*) from branches')
        await erp.sql("update contact set phone = '1' where code > 0")
        expect(await written()).toBe(0)
        await erp.sql("update branches set phone = '1' where client = 10001")
        const some = await countOf(erp, 'branches where client = 10001')
        expect(await written()).toBe(some)
      }))
  })
}

const orphansOf = ({ child, columns, parent, keys }: ForeignKey): string => {
  const pairs = columns.split(',').map((column, place) => [`c.${column}`, `p.${keys.split(',')[place]}`] as const)
  const isSet = pairs.map(([column]) => `${column} is not null`).join(' and ')
  return `${child} c where ${isSet} and not exists (select 1 from ${parent} p where ${pairs.map((pair) => pair.join(' = ')).join(' and ')})`
}
