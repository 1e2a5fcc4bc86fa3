/** Budgets and orders of leads: the difference views for all of them, the package's functions for one (mission B.4, B.6). */
import type pg from 'pg'
import type { CommercialLead, Erp } from '../../erp.ts'

type Commerce = Pick<Erp, 'budgetedLeads' | 'soldLeads' | 'commercialLead'>

export function commerce(ask: <T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<T[]>): Commerce {
  return {
    budgetedLeads: () => ask<{ leadId: string; budgetValue: string; taxId: string }>(BUDGETED),
    soldLeads: () => ask<{ leadId: string; orderValue: string; salesRepEmail: string | null }>(SOLD),
    commercialLead: async (leadId) => (await ask<CommercialLead>(ONE_LEAD, [leadId]))[0] ?? null,
  }
}

/** Six places, which is what the mirror holds: a value told is a value kept. */
const exact = (value: string): string => `trim_scale(round(${value}, 6))::text`

const BUDGETED = `
  select id::text as "leadId", ${exact('budget_value')} as "budgetValue", taxid::text as "taxId"
    from view_leads_budgeted order by id, budget_value`

const SOLD = `
  select id::text as "leadId", ${exact('order_value')} as "orderValue", nullif(trim(sales_rep_email), '') as "salesRepEmail"
    from view_leads_sold order by id, order_value`

const ONE_LEAD = `
  select nullif(l.name, '') as name, nullif(l.stage, '') as stage,
         array(select o.client || '-' || o.code from branches o where o.id_crm = l.id order by o.client, o.code) as branches,
         ${exact('pkg_crm_client.get_budget_value(b.client, b.code, erp_today())')} as "budgetValue",
         ${exact('pkg_crm_client.get_order_value(b.client, b.code, erp_today())')} as "orderValue",
         nullif(trim(r.email), '') as "salesRepEmail",
         json_build_object('budgetValue', ${exact('l.budget_value')}, 'orderValue', ${exact('l.order_value')}) as told
    from leads l
    left join lateral (select client, code, sales_rep from branches where id_crm = l.id order by client, code limit 1) b on true
    left join sales_reps r on r.code = b.sales_rep
   where l.id = $1`
