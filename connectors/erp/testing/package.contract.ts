/** Budgets and orders: the package, the sets beside it and the views over them, as a suite for every dialect. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SchemaHarness } from './contract/contract-harness.ts'
import { addBranch, seedGeography } from './postgres-fixtures.ts'

/** A number without trailing zeros. */
const plain = (value: string | null | undefined) => value?.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') ?? null
/** So many days from the first day that counts, at some hour. */
const day = (days: number, hours = 0) => `erp_today() + interval '${days}' day + interval '${hours}' hour`

/** @param prefix of the package's functions: `pkg_crm_client.` or, where there are no packages, `pkg_crm_client_`; `quiet`: statements that keep the mirror's triggers out */
export function testPackage(dialect: string, open: () => Promise<SchemaHarness>, prefix: string, quiet: readonly string[] = []): void {
  describe(`${dialect}: budgets, orders and the views over them`, () => {
    let it: SchemaHarness
    beforeAll(async () => {
      it = await open()
      for (const statement of quiet) await it.sql(statement)
      await seedGeography(it)
      for (const client of [1, 2, 3, 4, 1001, 1002])
        await addBranch(it, client, { id_crm: String(client), sales_rep: '7', taxid: `'${client}'` })
    })
    afterAll(() => it.close())
    const value = async (call: string) => plain((await it.sql(`select ${prefix}${call} as v`))[0]!.v)
    let number = 0

    async function budget(
      client: number,
      options: { days?: number; generated?: string; billing?: string; approved?: boolean; tiers?: [number, string, string | null][] } = {},
    ) {
      const { days = 0, generated = "'S'", billing = 'S', approved = true, tiers = [[1000, '10', null]] } = options
      number += 1
      await it.sql(`insert into budget values (${number}, ${client}, 1)`)
      await it.sql(`insert into budget_item values (${number}, 1, ${day(days)}, ${generated})`)
      await it.sql(
        `insert into budget_item_delivery values (${number}, 1, ${client}, 1, '${billing}', ${approved ? 'current_timestamp' : 'null'})`,
      )
      for (const [quantity, price, negotiated] of tiers) {
        await it.sql(`insert into budget_item_quantity values (${number}, 1, ${quantity})`)
        await it.sql(`insert into budget_item_quant_delivery values (${number}, 1, ${quantity}, ${client}, 1, ${price}, ${negotiated})`)
      }
    }
    async function order(client: number, day: string, quantity: string, unit: string, billing = 'S') {
      number += 1
      await it.sql(`insert into person values (${number}, ${client}, 1)`)
      await it.sql(`insert into sales_order values (1, ${number}, ${number})`)
      await it.sql(`insert into sales_order_item values (1, ${number}, 1, ${day}, ${quantity})`)
      await it.sql(`insert into sales_order_item_delivery values (1, ${number}, 1, 1, '${billing}', ${unit})`)
    }

    test('a budget counts its lowest tier at the negotiated price, if there is one', async () => {
      await budget(1, {
        tiers: [
          [5000, '1', null],
          [2500, '100.10', '90.50'],
          [3000, '7', '7'],
        ],
      })
      await budget(1, { days: 365, tiers: [[1000, '10', '0']] })
      expect(await value(`get_budget_value(1, 1, ${day(0, 23)})`)).toBe('236.25')
    })

    test("what is cancelled, not approved, another payer's or outside the 366 days does not count; today does", async () => {
      for (const options of [
        { generated: "'N'" },
        { generated: 'null' },
        { approved: false },
        { billing: 'N' },
        { days: -1 },
        { days: 366 },
      ])
        await budget(2, options)
      expect(await value('get_budget_value(2, 1, erp_today())')).toBeNull()
      await budget(2, { billing: 'Y', tiers: [[1, '1.005', null]] })
      expect(await value(`get_budget_value(2, 1, ${day(0, 12)})`)).toBe('0.001005')
    })

    test('orders: quantity by unit value, in the same window', async () => {
      await order(1, day(0), '3', '2.50')
      await order(1, day(365), '1', '0.01')
      await order(1, day(366), '1', '1000')
      await order(1, day(-1), '1', '1000')
      await order(1, day(0), '1', '1000', 'N')
      expect(await value(`get_order_value(1, 1, ${day(0, 12)})`)).toBe('7.51')
      await order(3, day(29, 23), '1', '1')
      await order(4, day(30), '1', '1')
      expect([await value('has_order(1, 1, erp_today())'), await value('has_order(2, 1, erp_today())')]).toEqual(['S', 'N'])
    })

    test('no client has a value of its own', async () => {
      expect(await value('get_budget_value(1001, 1, erp_today())')).toBeNull()
      expect(await value('get_order_value(1002, 1, erp_today())')).toBeNull()
    })

    test('views and sets equal the package, for every branch', async () => {
      const from = (name: string, days = 0) => `${prefix}${name}(b.client, b.code, ${day(days)})`
      const rows = await it.sql(`
      select b.client, c.budget_value, c.order_value, c.has_order, c.has_retention, v.budget_value as budget_set, o.order_value as order_set,
             ${from('get_budget_value')} as budget, ${from('get_order_value')} as sum, ${from('has_order')} as has, ${from('has_order', 30)} as later
        from branches b join vw_crm_clients c on c.client_code = b.client and c.branch_code = b.code
        left join vw_crm_budget_values v on v.client = b.client and v.branch = b.code
        left join vw_crm_order_values o on o.client = b.client and o.branch = b.code order by b.client`)
      for (const row of rows) {
        expect([plain(row.budget_value), plain(row.budget_set)]).toEqual([plain(row.budget), plain(row.budget)])
        expect([plain(row.order_value), plain(row.order_set)]).toEqual([plain(row.sum), plain(row.sum)])
        expect([row.has_order, row.has_retention]).toEqual([row.has, row.later])
      }
      expect(rows.slice(0, 4).map((row) => [row.client, plain(row.budget), plain(row.sum), row.has, row.later])).toEqual([
        ['1', '236.25', '7.51', 'S', 'S'],
        ['2', '0.001005', null, 'N', 'N'],
        ['3', null, '1', 'S', 'N'],
        ['4', null, '1', 'S', 'S'],
      ])
    })

    test('has_budget and has_service_order', async () => {
      await it.sql('insert into service_order values (1, 1, 7, 1, 1, 1), (1, 1, 7, 2, 2, 1)')
      await it.sql("insert into service_order_item values (1, 1, 7, 1, 1, erp_today(), null), (1, 1, 7, 2, 1, erp_today(), 'C')")
      const both = async (client: number, at: string) => [
        await value(`has_budget(${client}, 1, ${at})`),
        await value(`has_service_order(${client}, 1, ${at})`),
      ]
      expect(await both(1, day(0, 12))).toEqual(['S', 'S'])
      expect(await both(2, day(0))).toEqual(['S', 'N'])
      expect(await both(1, day(1))).toEqual(['S', 'N'])
      expect(await both(3, day(0))).toEqual(['N', 'N'])
    })

    test("a lead is budgeted when the ERP's value is another than the one sent", async () => {
      await it.sql(
        "insert into leads (id, stage, budget_value) values (1, 'Desenvolvimento/Orçamento', null), (2, 'Desenvolvimento/Orçamento', 0.0010050), (3, 'Ativação', null)",
      )
      const [due, ...others] = await it.sql('select id, budget_value, taxid from view_leads_budgeted order by id')
      expect([due!.id, plain(due!.budget_value), due!.taxid, others]).toEqual(['1', '236.25', '00000000000001', []])
      await it.sql('update leads set budget_value = 236.25 where id = 1')
      expect(await it.sql('select id from view_leads_budgeted')).toEqual([])
    })

    test('a lead is sold when it has budget and order, in any spelling of any stage but the sold one', async () => {
      const sold = async (stage: string, order = 'null') => {
        await it.sql(`update leads set stage = ${stage}, order_value = ${order} where id = 1`)
        const rows = await it.sql('select id, order_value, sales_rep_email from view_leads_sold')
        return rows.map((row) => ({ ...row, order_value: plain(row.order_value) }))
      }
      const row = { id: '1', order_value: '7.51', sales_rep_email: 'seven@example.com' }
      for (const stage of ["'Desenvolvimento/Orçamento'", "'Retention/Expansion'", "'anything'"]) expect(await sold(stage)).toEqual([row])
      for (const stage of ["'Ativação'", "'Activation'", "'Ativação\u00a0'", 'null']) expect(await sold(stage)).toEqual([])
      expect(await sold("'Desenvolvimento/Orçamento'", '7.51')).toEqual([])
      expect(await sold("'Desenvolvimento/Orçamento'", '7.5')).toEqual([row])
    })
  })
}
