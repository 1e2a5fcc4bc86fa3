/** PKG_CRM_CLIENT and the views over budgets and orders on MariaDB in Oracle mode: the cases of erp/package.contract.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addBranch, seedGeography } from '../erp/testing/postgres-fixtures.ts'
import { mariaDbMissing } from '../mysql/testing.ts'
import { type OracleHarness, openOracleHarness } from './testing/schema-harness.ts'

if (!mariaDbMissing('connectors/oracle/schema-package'))
  describe('budgets, orders and the views over them', () => {
    let it: OracleHarness
    beforeAll(async () => {
      it = await openOracleHarness()
      await seedGeography(it)
      for (const client of [1, 2, 3, 4, 1001, 1002])
        await addBranch(it, client, { id_crm: String(client), sales_rep: '7', taxid: `'${client}'` })
      await it.sql("call ponte_session.mirror_only('on')")
    })
    afterAll(() => it.close())
    /** Without the zeros that MariaDB's decimals end with. */
    const sql = async (statement: string) =>
      (await it.sql(statement)).map((row) => Object.fromEntries(Object.entries(row).map(([name, v]) => [name, plain(v ?? null)])))
    const value = async (call: string) => plain((await it.sql(`select pkg_crm_client.${call} as v from dual`))[0]!.v)
    let number = 0

    async function budget(
      client: number,
      options: { day?: number; generated?: string; billing?: string; approved?: boolean; tiers?: [number, string, string | null][] } = {},
    ) {
      const { day = 0, generated = "'S'", billing = 'S', approved = true, tiers = [[1000, '10', null]] } = options
      number += 1
      await it.sql(`insert into budget values (${number}, ${client}, 1)`)
      await it.sql(`insert into budget_item values (${number}, 1, ${dayOf(day)}, ${generated})`)
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
      expect(await value("get_budget_value(1, 1, erp_today() + interval '23' hour)")).toBe('236.25')
    })

    test("what is cancelled, not approved, another payer's or outside the 366 days does not count; today does (D-38)", async () => {
      for (const options of [{ generated: "'N'" }, { generated: 'null' }, { approved: false }, { billing: 'N' }, { day: -1 }, { day: 366 }])
        await budget(2, options)
      expect(await value('get_budget_value(2, 1, erp_today())')).toBeNull()
      await budget(2, { billing: 'Y', tiers: [[1, '1.005', null]] })
      expect(await value("get_budget_value(2, 1, erp_today() + interval '12' hour)")).toBe('0.001005')
    })

    test('orders: quantity by unit value, in the same window', async () => {
      await order(1, 'erp_today()', '3', '2.50')
      await order(1, 'add_days(erp_today(), 365)', '1', '0.01')
      await order(1, 'add_days(erp_today(), 366)', '1', '1000')
      await order(1, "erp_today() - interval '1' day", '1', '1000')
      await order(1, 'erp_today()', '1', '1000', 'N')
      expect(await value("get_order_value(1, 1, erp_today() + interval '12' hour)")).toBe('7.51')
      await order(3, "add_days(erp_today(), 29) + interval '23' hour", '1', '1')
      await order(4, 'add_days(erp_today(), 30)', '1', '1')
      expect([await value('has_order(1, 1, erp_today())'), await value('has_order(2, 1, erp_today())')]).toEqual(['S', 'N'])
    })

    test('no client has a value of its own (D-37)', async () => {
      expect(await value('get_budget_value(1001, 1, erp_today())')).toBeNull()
      expect(await value('get_order_value(1002, 1, erp_today())')).toBeNull()
    })

    test("the view's sets equal the package, for every branch", async () => {
      const different = await it.sql(`
      select id from vw_crm_clients v
       where not (v.budget_value <=> pkg_crm_client.get_budget_value(v.client_code, v.branch_code, erp_today())
              and v.order_value <=> pkg_crm_client.get_order_value(v.client_code, v.branch_code, erp_today())
              and v.has_order = pkg_crm_client.has_order(v.client_code, v.branch_code, erp_today())
              and v.has_retention = pkg_crm_client.has_order(v.client_code, v.branch_code, add_days(erp_today(), 30)))`)
      expect(different).toEqual([])
      expect(
        await sql(
          'select client_code, budget_value, order_value, has_order, has_retention from vw_crm_clients order by client_code limit 4',
        ),
      ).toEqual([
        { client_code: '1', budget_value: '236.25', order_value: '7.51', has_order: 'S', has_retention: 'S' },
        { client_code: '2', budget_value: '0.001005', order_value: null, has_order: 'N', has_retention: 'N' },
        { client_code: '3', budget_value: null, order_value: '1', has_order: 'S', has_retention: 'N' },
        { client_code: '4', budget_value: null, order_value: '1', has_order: 'S', has_retention: 'S' },
      ])
    })

    test('has_budget and has_service_order', async () => {
      await it.sql('insert into service_order values (1, 1, 7, 1, 1, 1), (1, 1, 7, 2, 2, 1)')
      await it.sql("insert into service_order_item values (1, 1, 7, 1, 1, erp_today(), null), (1, 1, 7, 2, 1, erp_today(), 'C')")
      const both = async (client: number, day: string) => [
        await value(`has_budget(${client}, 1, ${day})`),
        await value(`has_service_order(${client}, 1, ${day})`),
      ]
      expect(await both(1, "erp_today() + interval '12' hour")).toEqual(['S', 'S'])
      expect(await both(2, 'erp_today()')).toEqual(['S', 'N'])
      expect(await both(1, 'add_days(erp_today(), 1)')).toEqual(['S', 'N'])
      expect(await both(3, 'erp_today()')).toEqual(['N', 'N'])
    })

    test("a lead is budgeted when the ERP's value is another than the one sent", async () => {
      await it.sql(
        "insert into leads (id, stage, budget_value) values (1, 'Desenvolvimento/Orçamento', null), (2, 'Desenvolvimento/Orçamento', 0.0010050), (3, 'Ativação', null)",
      )
      expect(await sql('select id, budget_value, taxid from view_leads_budgeted order by id')).toEqual([
        { id: '1', budget_value: '236.25', taxid: '00000000000001' },
      ])
      await it.sql('update leads set budget_value = 236.25 where id = 1')
      expect(await it.sql('select id from view_leads_budgeted')).toEqual([])
    })

    test('a lead is sold when it has budget and order, in any spelling of any stage but the sold one (D-05)', async () => {
      const sold = async (stage: string, order = 'null') => {
        await it.sql(`update leads set stage = ${stage}, order_value = ${order} where id = 1`)
        return sql('select id, order_value, sales_rep_email from view_leads_sold')
      }
      const row = { id: '1', order_value: '7.51', sales_rep_email: 'seven@example.com' }
      for (const stage of ["'Desenvolvimento/Orçamento'", "'Retention/Expansion'", "'anything'"]) expect(await sold(stage)).toEqual([row])
      for (const stage of ["'Ativação'", "'Activation'", "'Ativação' || unistr('\\00A0')", 'null']) expect(await sold(stage)).toEqual([])
      expect(await sold("'Desenvolvimento/Orçamento'", '7.51')).toEqual([])
      expect(await sold("'Desenvolvimento/Orçamento'", '7.5')).toEqual([row])
    })
  })

const plain = (value: string | null | undefined) => (value != null && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value)
const dayOf = (day: number) => (day < 0 ? `erp_today() - interval '${-day}' day` : `add_days(erp_today(), ${day})`)
