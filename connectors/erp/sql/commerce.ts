/** Budgets and orders of leads: the difference views for all of them, the package's functions for one. */
import { plainDecimal } from '../../../base/decimal.ts'
import type { Erp } from '../erp.ts'
import { whole } from '../text-rows.ts'
import type { Ask, SqlDialect } from './link.ts'

type Commerce = Pick<Erp, 'budgetedLeads' | 'soldLeads' | 'commercialLead'>

/** Six places, which is what the mirror holds: a value told is a value kept. */
const BUDGETED = 'select id, round(budget_value, 6) as value, taxid from view_leads_budgeted order by id, value'
const SOLD = 'select id, round(order_value, 6) as value, trim(sales_rep_email) as email from view_leads_sold order by id, value'

/** One row per linked branch. */
const oneLead = ({ packageCall }: SqlDialect): string => `
  select l.name, l.stage, b.client, b.code, trim(r.email) as email,
         round(${packageCall('get_budget_value', 'b.client, b.code, erp_today()')}, 6) as budget_value,
         round(${packageCall('get_order_value', 'b.client, b.code, erp_today()')}, 6) as order_value,
         l.budget_value as told_budget, l.order_value as told_order
    from leads l
    left join branches b on b.id_crm = l.id
    left join sales_reps r on r.code = b.sales_rep
   where l.id = ? order by b.client, b.code`

export function commerce(dialect: SqlDialect, ask: Ask): Commerce {
  return {
    budgetedLeads: async () =>
      (await ask(BUDGETED)).map(({ ID, VALUE, TAXID }) => ({ leadId: ID!, budgetValue: plain(VALUE)!, taxId: TAXID! })),
    soldLeads: async () =>
      (await ask(SOLD)).map(({ ID, VALUE, EMAIL }) => ({ leadId: ID!, orderValue: plain(VALUE)!, salesRepEmail: EMAIL ?? null })),
    async commercialLead(leadId) {
      const rows = await ask(oneLead(dialect), [whole(leadId)])
      const first = rows[0]
      if (first === undefined) return null
      return {
        name: first.NAME ?? null,
        stage: first.STAGE ?? null,
        branches: rows.filter(({ CLIENT }) => CLIENT !== null).map(({ CLIENT, CODE }) => `${CLIENT}-${CODE}`),
        budgetValue: plain(first.BUDGET_VALUE),
        orderValue: plain(first.ORDER_VALUE),
        salesRepEmail: first.EMAIL ?? null,
        told: { budgetValue: plain(first.TOLD_BUDGET), orderValue: plain(first.TOLD_ORDER) },
      }
    },
  }
}

const plain = (value: string | null | undefined): string | null => (value == null ? null : plainDecimal(value))
