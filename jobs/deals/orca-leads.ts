/** job_orca_lead_in_spotter: the ERP's budget stands on the lead as its recommended product. */
import type { Spotter } from '../../connectors/crm/spotter/types.ts'
import { isUnderWay } from '../../connectors/state/changes/standing.ts'
import { stagesOf } from '../../records/stages.ts'
import type { Context, Job } from '../context.ts'
import type { Attempt } from '../deliver/attempt.ts'
import { dead } from '../deliver/refused.ts'
import { runCommerce, type Trade } from './commerce.ts'
import { type Replaced, replaceProduct } from './replace-product.ts'

export const budgetLeads: Job = {
  name: 'job_orca_lead_in_spotter',
  aliases: ['job_budget_leads_in_crm'],
  summary: 'put the value of budgets on leads in the CRM',
  run: (context, run) => runCommerce(context, run, budgets),
}

export const budgets: Trade = {
  entity: 'leads.budget',
  field: 'BUDGET_VALUE',
  differing: async (erp) => (await erp.budgetedLeads()).map(({ leadId, budgetValue }) => ({ leadId, value: budgetValue })),
  valuesOf: ({ budgetValue, told }) => ({ wanted: budgetValue, told: told.budgetValue }),
  // The products are read, the old one is removed, the new one added. A sold lead refuses the first write, and is read.
  callsFor: ({ told }, { isSold }) => (isSold || told.budgetValue !== null ? 3 : 2),
  async tell(context, { id, stage, budgetValue, told }, attempt, keep) {
    const { crm, options, state } = context
    // In doubt, the product may be gone between removal and adding, although the ERP went back to the value that was told before.
    const value = budgetValue ?? (attempt.inDoubt ? told.budgetValue : null)
    if (value === null || (value === told.budgetValue && !attempt.inDoubt)) return { kind: 'withdrawn' }
    // Each looks after its own intent is on record, so that one of the two always sees the other.
    if (!attempt.inDoubt && (await isUnderWay(state, 'leads.sale', `${id}`))) return { kind: 'withdrawn' }
    const product = { productId: options.productId, quantity: 1, labelValue: value }
    const replaced = await replaceProduct(writingThrough(crm, attempt), id, product, { settleMs: options.settleMs })
    if (isDone(replaced)) return keep({ BUDGET_VALUE: value })
    const found = await findStage(context, id, stage)
    if (found.isSold || replaced.refusal === 'already-sold') return keep({ BUDGET_VALUE: value, ...found.newer }, { alreadySold: true })
    return replaced.refusal === 'not-found' ? dead('NOT_FOUND', replaced.message) : dead(codes[replaced.kind], replaced.message)
  },
}

const codes = { 'remove-failed': 'PRODUCT_REMOVE_FAILED', 'add-failed': 'PRODUCT_ADD_FAILED' } as const

const isDone = (replaced: Replaced): replaced is Extract<Replaced, { kind: 'unchanged' | 'added' | 'replaced' }> =>
  replaced.kind === 'unchanged' || replaced.kind === 'added' || replaced.kind === 'replaced'

/** The same client, each write on the attempt's account: after the removal alone something has happened. */
function writingThrough(crm: Spotter, attempt: Attempt): Spotter {
  return {
    ...crm,
    removeRecommendedProduct: (leadId, productId) => attempt.write((guard) => crm.removeRecommendedProduct(leadId, productId, guard)),
    addRecommendedProducts: (leadId, products) => attempt.write((guard) => crm.addRecommendedProducts(leadId, products, guard)),
  }
}

/** What the CRM says of the lead's stage, once the product was refused. `newer`: for the mirror, when the CRM is further than it. */
async function findStage({ crm, erp }: Context, leadId: number, mirrored: string | null) {
  const stages = stagesOf(await erp.stages())
  const stage = stages.find((await crm.leadById(leadId))?.stage ?? null)
  if (stage === null) return { isSold: false, newer: {} }
  const isNewer = stage.position > (stages.find(mirrored)?.position ?? -1)
  return { isSold: stages.isSold(stage.name), newer: isNewer ? { STAGE: stage.name } : {} }
}
