import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mariaDbMissing } from '../mysql/testing.ts'
import { openHarness } from './mysql-harness.ts'
import { addBranch, seedGeography } from './postgres-fixtures.ts'

/** Without trailing zeros. */
const plain = (value: string | null | undefined) => value?.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') ?? null

if (!mariaDbMissing('connectors/erp/mysql-package'))
  describe('budgets, orders and the views over them, on MariaDB', () => {
    let it: Awaited<ReturnType<typeof openHarness>>
    beforeAll(async () => {
      it = await openHarness()
      await seedGeography(it)
      for (const client of [1, 2, 3, 4, 1001, 1002])
        await addBranch(it, client, { id_crm: String(client), sales_rep: '7', taxid: `'${client}'` })
    })
    afterAll(() => it.close())
    const value = async (call: string) => plain((await it.sql(`select pkg_crm_client_${call} as v`))[0]!.v)
    let number = 0

    async function budget(
      client: number,
      options: { day?: number; generated?: string; billing?: string; approved?: boolean; tiers?: [number, string, string | null][] } = {},
    ) {
      const { day = 0, generated = "'S'", billing = 'S', approved = true, tiers = [[1000, '10', null]] } = options
      number += 1
      await it.sql(`insert into budget values (${number}, ${client}, 1)`)
      await it.sql(`insert into budget_item values (${number}, 1, erp_today() + interval ${day} day, ${generated})`)
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
      await budget(1, { day: 365, tiers: [[1000, '10', '0']] })
      expect(await value("get_budget_value(1, 1, timestamp(erp_today(), '23:59'))")).toBe('236.25')
    })

    test("what is cancelled, not approved, another payer's or outside the 366 days does not count; today does (D-38)", async () => {
      for (const options of [{ generated: "'N'" }, { generated: 'null' }, { approved: false }, { billing: 'N' }, { day: -1 }, { day: 366 }])
        await budget(2, options)
      expect(await value('get_budget_value(2, 1, erp_today())')).toBeNull()
      await budget(2, { billing: 'Y', tiers: [[1, '1.005', null]] })
      expect(await value("get_budget_value(2, 1, timestamp(erp_today(), '12:00'))")).toBe('0.001005')
    })

    test('orders: quantity by unit value, in the same window', async () => {
      await order(1, 'erp_today()', '3', '2.50')
      await order(1, 'erp_today() + interval 365 day', '1', '0.01')
      await order(1, 'erp_today() + interval 366 day', '1', '1000')
      await order(1, 'erp_today() - interval 1 day', '1', '1000')
      await order(1, 'erp_today()', '1', '1000', 'N')
      expect(await value("get_order_value(1, 1, timestamp(erp_today(), '12:00'))")).toBe('7.51')
      await order(3, "timestamp(erp_today() + interval 29 day, '23:00')", '1', '1')
      await order(4, 'erp_today() + interval 30 day', '1', '1')
      expect([await value('has_order(1, 1, erp_today())'), await value('has_order(2, 1, erp_today())')]).toEqual(['S', 'N'])
    })

    test('no client has a value of its own (D-37)', async () => {
      expect(await value('get_budget_value(1001, 1, erp_today())')).toBeNull()
      expect(await value('get_order_value(1002, 1, erp_today())')).toBeNull()
    })

    test("the views' sets equal the package, for every branch", async () => {
      const rows = await it.sql(`
      select b.client, v.budget_value, o.order_value,
             v.budget_value <=> pkg_crm_client_get_budget_value(b.client, b.code, erp_today())
             and o.order_value <=> pkg_crm_client_get_order_value(b.client, b.code, erp_today()) as same
        from branches b
        left join vw_crm_budget_values v on v.client = b.client and v.branch = b.code
        left join vw_crm_order_values o on o.client = b.client and o.branch = b.code order by b.client limit 4`)
      expect(rows.map(({ client, budget_value, order_value, same }) => [client, plain(budget_value), plain(order_value), same])).toEqual([
        ['1', '236.25', '7.51', '1'],
        ['2', '0.001005', null, '1'],
        ['3', null, '1', '1'],
        ['4', null, '1', '1'],
      ])
      expect(await it.sql('select has_order, has_retention from vw_crm_clients order by client_code limit 4')).toEqual([
        { has_order: 'S', has_retention: 'S' },
        { has_order: 'N', has_retention: 'N' },
        { has_order: 'S', has_retention: 'N' },
        { has_order: 'S', has_retention: 'S' },
      ])
    })

    test('has_budget and has_service_order', async () => {
      await it.sql('insert into service_order values (1, 1, 7, 1, 1, 1), (1, 1, 7, 2, 2, 1)')
      await it.sql("insert into service_order_item values (1, 1, 7, 1, 1, erp_today(), null), (1, 1, 7, 2, 1, erp_today(), 'C')")
      const both = async (client: number, day: string) => [
        await value(`has_budget(${client}, 1, ${day})`),
        await value(`has_service_order(${client}, 1, ${day})`),
      ]
      expect(await both(1, "timestamp(erp_today(), '12:00')")).toEqual(['S', 'S'])
      expect(await both(2, 'erp_today()')).toEqual(['S', 'N'])
      expect(await both(1, 'erp_today() + interval 1 day')).toEqual(['S', 'N'])
      expect(await both(3, 'erp_today()')).toEqual(['N', 'N'])
    })

    test("a lead is budgeted when the ERP's value is another than the one sent", async () => {
      await it.sql(
        "insert into leads (id, stage, budget_value) values (1, 'Desenvolvimento/Orçamento', null), (2, 'Desenvolvimento/Orçamento', 0.0010050), (3, 'Ativação', null)",
      )
      expect(await it.sql('select id, budget_value, taxid from view_leads_budgeted order by id')).toMatchObject([
        { id: '1', budget_value: expect.stringMatching(/^236\.250*$/), taxid: '00000000000001' },
      ])
      await it.sql('update leads set budget_value = 236.25 where id = 1')
      expect(await it.sql('select id from view_leads_budgeted')).toEqual([])
    })

    test('a lead is sold when it has budget and order, in any spelling of any stage but the sold one (D-05)', async () => {
      const sold = async (stage: string, order = 'null') => {
        await it.sql(`update leads set stage = ${stage}, order_value = ${order} where id = 1`)
        return it.sql('select id, order_value, sales_rep_email from view_leads_sold')
      }
      const row = { id: '1', order_value: expect.stringMatching(/^7\.510*$/), sales_rep_email: 'seven@example.com' }
      for (const stage of ["'Desenvolvimento/Orçamento'", "'Retention/Expansion'", "'anything'"]) expect(await sold(stage)).toEqual([row])
      for (const stage of ["'Ativação'", "'Activation'", "concat('Ativação', _utf8mb4 0xC2A0)", 'null'])
        expect(await sold(stage)).toEqual([])
      expect(await sold("'Desenvolvimento/Orçamento'", '7.51')).toEqual([])
      expect(await sold("'Desenvolvimento/Orçamento'", '7.5')).toEqual([row])
    })
  })
