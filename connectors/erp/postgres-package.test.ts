import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addBranch, seedGeography } from './postgres-fixtures.ts'
import { openHarness } from './postgres-harness.ts'

describe('budgets, orders and the views over them', () => {
  let it: Awaited<ReturnType<typeof openHarness>>
  beforeAll(async () => {
    it = await openHarness()
    await seedGeography(it)
    for (const client of [1, 2, 3, 4, 1001, 1002])
      await addBranch(it, client, { id_crm: String(client), sales_rep: '7', taxid: `'${client}'` })
    await it.sql('alter table leads disable trigger user')
  })
  afterAll(() => it.close())
  const value = async (call: string) => (await it.sql(`select pkg_crm_client.${call} as v`))[0]!.v
  let number = 0

  async function budget(
    client: number,
    options: { day?: number; generated?: string; billing?: string; approved?: boolean; tiers?: [number, string, string | null][] } = {},
  ) {
    const { day = 0, generated = "'S'", billing = 'S', approved = true, tiers = [[1000, '10', null]] } = options
    number += 1
    await it.sql(`insert into budget values (${number}, ${client}, 1)`)
    await it.sql(`insert into budget_item values (${number}, 1, erp_today() + ${day}, ${generated})`)
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
    expect(await value("get_budget_value(1, 1, erp_today() + time '23:59')")).toBe('236.25')
  })

  test("what is cancelled, not approved, another payer's or outside the 366 days does not count; today does (D-38)", async () => {
    for (const options of [{ generated: "'N'" }, { generated: 'null' }, { approved: false }, { billing: 'N' }, { day: -1 }, { day: 366 }])
      await budget(2, options)
    expect(await value('get_budget_value(2, 1, erp_today())')).toBeNull()
    await budget(2, { billing: 'Y', tiers: [[1, '1.005', null]] })
    expect(await value("get_budget_value(2, 1, erp_today() + time '12:00')")).toBe('0.001005')
  })

  test('orders: quantity by unit value, in the same window', async () => {
    await order(1, 'erp_today()', '3', '2.50')
    await order(1, 'erp_today() + 365', '1', '0.01')
    await order(1, 'erp_today() + 366', '1', '1000')
    await order(1, 'erp_today() - 1', '1', '1000')
    await order(1, 'erp_today()', '1', '1000', 'N')
    expect(await value("get_order_value(1, 1, erp_today() + time '12:00')")).toBe('7.51')
    await order(3, "erp_today() + 29 + time '23:00'", '1', '1')
    await order(4, 'erp_today() + 30', '1', '1')
    expect([await value('has_order(1, 1, erp_today())'), await value('has_order(2, 1, erp_today())')]).toEqual(['S', 'N'])
  })

  test('no client has a value of its own (D-37)', async () => {
    expect(await value('get_budget_value(1001, 1, erp_today())')).toBeNull()
    expect(await value('get_order_value(1002, 1, erp_today())')).toBeNull()
  })

  test("the view's sets equal the package, for every branch", async () => {
    const different = await it.sql(`
      select id from vw_crm_clients
       where (budget_value, order_value, has_order, has_retention) is distinct from (
         pkg_crm_client.get_budget_value(client_code, branch_code, erp_today()), pkg_crm_client.get_order_value(client_code, branch_code, erp_today()),
         pkg_crm_client.has_order(client_code, branch_code, erp_today()), pkg_crm_client.has_order(client_code, branch_code, erp_today() + 30))`)
    expect(different).toEqual([])
    expect(
      await it.sql(
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
    expect(await both(1, "erp_today() + time '12:00'")).toEqual(['S', 'S'])
    expect(await both(2, 'erp_today()')).toEqual(['S', 'N'])
    expect(await both(1, 'erp_today() + 1')).toEqual(['S', 'N'])
    expect(await both(3, 'erp_today()')).toEqual(['N', 'N'])
  })

  test("a lead is budgeted when the ERP's value is another than the one sent", async () => {
    await it.sql(
      "insert into leads (id, stage, budget_value) values (1, 'Desenvolvimento/Orçamento', null), (2, 'Desenvolvimento/Orçamento', 0.0010050), (3, 'Ativação', null)",
    )
    expect(await it.sql('select id, budget_value, taxid from view_leads_budgeted order by id')).toEqual([
      { id: '1', budget_value: '236.25', taxid: '00000000000001' },
    ])
    await it.sql('update leads set budget_value = 236.25 where id = 1')
    expect(await it.sql('select id from view_leads_budgeted')).toEqual([])
  })

  test('a lead is sold when it has budget and order, in any spelling of any stage but the sold one (D-05)', async () => {
    const sold = async (stage: string, order = 'null') => {
      await it.sql(`update leads set stage = ${stage}, order_value = ${order} where id = 1`)
      return it.sql('select id, order_value, sales_rep_email from view_leads_sold')
    }
    const row = { id: '1', order_value: '7.51', sales_rep_email: 'seven@example.com' }
    for (const stage of ["'Desenvolvimento/Orçamento'", "'Retention/Expansion'", "'anything'"]) expect(await sold(stage)).toEqual([row])
    for (const stage of ["'Ativação'", "'Activation'", "'Ativação' || chr(160)", 'null']) expect(await sold(stage)).toEqual([])
    expect(await sold("'Desenvolvimento/Orçamento'", '7.51')).toEqual([])
    expect(await sold("'Desenvolvimento/Orçamento'", '7.5')).toEqual([row])
  })
})
