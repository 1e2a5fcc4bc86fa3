/** job_vende_lead_in_spotter: an order in the ERP wins the lead in the CRM, once and for good. */

import { isUnderWay } from '../../connectors/state/changes/standing.ts'
import type { Job } from '../context.ts'
import { createOnce } from '../deliver/in-doubt.ts'
import { dead, refused } from '../deliver/refused.ts'
import { runCommerce, type Trade } from './commerce.ts'

export const sellLeads: Job = {
  name: 'job_vende_lead_in_spotter',
  aliases: ['job_vende_leads_in_crm'],
  summary: 'win leads in the CRM that have an order',
  run: (context, run) => runCommerce(context, run, sales),
}

export const sales: Trade = {
  entity: 'leads.sale',
  field: 'ORDER_VALUE',
  // With the address, so that a lead refused for want of one is tried at once when it has one.
  differing: async (erp) =>
    (await erp.soldLeads()).map(({ leadId, orderValue, salesRepEmail }) => ({ leadId, value: `${orderValue} ${salesRepEmail ?? ''}` })),
  valuesOf: ({ orderValue, told }) => ({ wanted: orderValue, told: told.orderValue }),
  callsFor: ({ budgetValue, salesRepEmail }, { options }) =>
    budgetValue !== null && (salesRepEmail ?? options.salesEmailFallback) !== null ? 1 : 0,
  async tell({ crm, options, state }, { id, budgetValue, orderValue, salesRepEmail, told }, attempt, keep) {
    // Sold between the removal of a product and the adding of the next, a lead would keep none.
    if (!attempt.inDoubt && (await isUnderWay(state, 'leads.budget', `${id}`))) return { kind: 'withdrawn' }
    const isSold = async () => (await crm.soldLead(id)) !== null
    // As the view says: an order counts with a budget, and not again once it was told. In doubt it may be told and not written down.
    const isDue = budgetValue !== null && orderValue !== told.orderValue
    if (orderValue === null || (!isDue && !(attempt.inDoubt && (await isSold())))) return { kind: 'withdrawn' }

    const email = salesRepEmail ?? options.salesEmailFallback
    if (email === null)
      return dead(
        'MISSING_SALES_EMAIL',
        'The sales rep has no e-mail in the ERP, and SALES_EMAIL_FALLBACK is not set: nobody would have sold it.',
      )
    const products = [{ productId: options.productId, quantity: 1, labelValue: orderValue }]
    const result = await createOnce({
      find: async () => ((await isSold()) ? id : null),
      create: async (guard) => {
        const won = await crm.winLead({ leadId: id, salesRepEmail: email, ignoreSalesRep: false, products }, guard)
        return won.ok ? { ok: true, value: id } : won
      },
      attempt,
      settleMs: options.settleMs,
    })
    if (result.ok) return keep({ ORDER_VALUE: orderValue })
    // Whatever words a refusal has, a lead that is sold is sold.
    if (result.refusal === 'already-sold' || (await isSold())) return keep({ ORDER_VALUE: orderValue }, { alreadySold: true })
    return refused(result)
  },
}
