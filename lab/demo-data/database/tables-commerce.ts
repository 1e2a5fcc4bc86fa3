/** Budgets, orders and service orders as rows. Company and plant are 1 throughout; a person's code follows from the branch. */
import type { Cell } from '../../../engine/model.ts'
import { isoDay } from '../options.ts'
import type { Branch, Client } from '../records/client.ts'
import type { Budget, Order } from '../records/commerce.ts'
import type { Table } from './table.ts'

const COMPANY = '1'
const UNKNOWN_REP = '99'

const day = (dayNumber: number | null): Cell => (dayNumber === null ? null : isoDay(dayNumber))
const yes = (flag: boolean): string => (flag ? 'S' : 'N')
/** Cents -> decimal text with two places. */
const money = (cents: number | null): Cell => (cents === null ? null : (cents / 100).toFixed(2))

/** A table with rows per branch. */
function perBranch(name: string, columns: readonly string[], rowsOf: (client: string, branch: Branch) => Generator<Cell[]>): Table {
  return {
    name,
    columns,
    *rows({ code, branches }: Client) {
      const client = String(code)
      for (const branch of branches) yield* rowsOf(client, branch)
    },
  }
}

type BudgetItem = Budget['items'][number]
const perBudgetItem = (
  name: string,
  columns: readonly string[],
  rowsOf: (key: readonly [string, string], item: BudgetItem, owner: readonly [string, string]) => Cell[][],
) =>
  perBranch(name, columns, function* (client, branch) {
    for (const budget of branch.commerce.budgets) {
      for (const item of budget.items) yield* rowsOf([String(budget.number), String(item.item)], item, [client, String(branch.code)])
    }
  })

type OrderItem = Order['items'][number]
const perOrderItem = (
  name: string,
  columns: readonly string[],
  rowOf: (key: readonly [string, string, string], item: OrderItem) => Cell[],
) =>
  perBranch(name, columns, function* (_, branch) {
    for (const order of branch.commerce.orders) {
      for (const item of order.items) yield rowOf([COMPANY, String(order.number), String(item.sequence)], item)
    }
  })

const serviceKey = (branch: Branch, number: number): string[] => [COMPANY, '1', String(branch.salesRep ?? UNKNOWN_REP), String(number)]

export const commerceTables: readonly Table[] = [
  perBranch('budget', ['budget_number', 'client_billing_code', 'branch_billing_code'], function* (client, branch) {
    for (const { number } of branch.commerce.budgets) yield [String(number), client, String(branch.code)]
  }),
  perBudgetItem('budget_item', ['bdg_number', 'item', 'item_date', 'generated'], (key, item) => [[...key, day(item.day), item.generated]]),
  perBudgetItem('budget_item_quantity', ['bit_bdg_number', 'bit_item', 'quantity'], (key, item) =>
    item.tiers.map(({ quantity }) => [...key, String(quantity)]),
  ),
  perBudgetItem(
    'budget_item_delivery',
    ['bit_bdg_number', 'bit_item', 'client_code', 'branch_code', 'billing_client', 'approval_date'],
    (key, item, owner) => [[...key, ...owner, yes(item.isBillingClient), day(item.approvedDay)]],
  ),
  perBudgetItem(
    'budget_item_quant_delivery',
    ['bid_bdg_number', 'bid_item', 'bid_quantity', 'client_code', 'branch_code', 'price', 'negotiated_price'],
    (key, item, owner) =>
      item.tiers.map(({ quantity, priceCents, negotiatedCents }) => [
        ...key,
        String(quantity),
        ...owner,
        money(priceCents),
        money(negotiatedCents),
      ]),
  ),
  perBranch('person', ['code', 'key1', 'key2'], function* (client, branch) {
    if (branch.commerce.orders.length > 0) yield [String(branch.index + 1), client, String(branch.code)]
  }),
  perBranch('sales_order', ['company_code', 'order_number', 'pers_code'], function* (_, branch) {
    for (const { number } of branch.commerce.orders) yield [COMPANY, String(number), String(branch.index + 1)]
  }),
  perOrderItem('sales_order_item', ['so_company_code', 'so_number', 'sequence_number', 'item_date', 'item_qty'], (key, item) => [
    ...key,
    day(item.day),
    String(item.quantity),
  ]),
  perOrderItem(
    'sales_order_item_delivery',
    ['sod_company_code', 'sod_number', 'sequence_number', 'billing_client', 'unit_value'],
    (key, item) => [...key, yes(item.isBillingClient), money(item.unitCents)],
  ),
  perBranch(
    'service_order',
    ['company_code', 'branch_code', 'sales_rep_code', 'order_number', 'client', 'branch'],
    function* (client, branch) {
      const order = branch.commerce.serviceOrder
      if (order) yield [...serviceKey(branch, order.number), client, String(branch.code)]
    },
  ),
  perBranch(
    'service_order_item',
    ['soi_company_code', 'soi_branch_code', 'soi_sales_rep_code', 'soi_number', 'item', 'create_date', 'status'],
    function* (_, branch) {
      const order = branch.commerce.serviceOrder
      if (order) yield [...serviceKey(branch, order.number), '1', day(order.day), order.status]
    },
  ),
]
