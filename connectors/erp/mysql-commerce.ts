/** Budgets and orders of leads: the difference views for all of them, the package's functions for one (mission B.4, B.6). */
import type { Erp } from './erp.ts'
import type { Ask } from './mysql-rows.ts'
import { whole } from './text-rows.ts'

type Commerce = Pick<Erp, 'budgetedLeads' | 'soldLeads' | 'commercialLead'>

interface OneLead {
  readonly name: string | null
  readonly stage: string | null
  readonly branches: string | null
  readonly budgetValue: string | null
  readonly orderValue: string | null
  readonly salesRepEmail: string | null
  readonly toldBudget: string | null
  readonly toldOrder: string | null
}

export function commerce(ask: Ask): Commerce {
  return {
    budgetedLeads: () => ask<{ leadId: string; budgetValue: string; taxId: string }>(BUDGETED),
    soldLeads: () => ask<{ leadId: string; orderValue: string; salesRepEmail: string | null }>(SOLD),
    async commercialLead(leadId) {
      const [row] = await ask<OneLead>(ONE_LEAD, [whole(leadId)])
      if (row === undefined) return null
      const { toldBudget, toldOrder, branches, ...lead } = row
      return { ...lead, branches: branches?.split(',') ?? [], told: { budgetValue: toldBudget, orderValue: toldOrder } }
    },
  }
}

/** Six places, which is what the mirror holds: a value told is a value kept. Without trailing zeros. */
const exact = (value: string): string => `trim(trailing '.' from trim(trailing '0' from cast(cast(${value} as decimal(38, 6)) as char)))`

const BUDGETED = `
  select cast(id as char) as leadId, ${exact('budget_value')} as budgetValue, taxid as taxId
    from view_leads_budgeted v order by v.id, v.budget_value`

const SOLD = `
  select cast(id as char) as leadId, ${exact('order_value')} as orderValue, nullif(trim(sales_rep_email), '') as salesRepEmail
    from view_leads_sold v order by v.id, v.order_value`

const ONE_LEAD = `
  select nullif(l.name, '') as name, nullif(l.stage, '') as stage,
         (select group_concat(o.client, '-', o.code order by o.client, o.code) from branches o where o.id_crm = l.id) as branches,
         ${exact('pkg_crm_client_get_budget_value(b.client, b.code, erp_today())')} as budgetValue,
         ${exact('pkg_crm_client_get_order_value(b.client, b.code, erp_today())')} as orderValue,
         nullif(trim(r.email), '') as salesRepEmail,
         ${exact('l.budget_value')} as toldBudget, ${exact('l.order_value')} as toldOrder
    from leads l
    left join branches b on b.id_crm = l.id
    left join sales_reps r on r.code = b.sales_rep
   where l.id = ? order by b.client, b.code limit 1`
