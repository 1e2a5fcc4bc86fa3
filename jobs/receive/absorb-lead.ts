/** What the CRM holds of one lead goes into the mirror and, where it moved, into the ERP. Both directions use it: events, and updates before they are sent. */
import { PonteError } from '../../base/error.ts'
import type { LeadSides } from '../../connectors/erp/erp.ts'
import { type Ledger, readAgreed } from '../../connectors/state/changes/agreed.ts'
import type { Row } from '../../engine/model.ts'
import type { Context, JobRun } from '../context.ts'
import type { SeenLead } from './crm-reader.ts'
import { leadRow } from './crm-rows.ts'
import { mustHold } from './end-event.ts'
import { type Bases, basesOf, type Decision, decideLead } from './reconcile.ts'

export type Absorbed =
  /** changed: the ERP's database was written. `bases`: what the decision was made on. */
  | {
      readonly kind: 'absorbed'
      readonly changed: boolean
      readonly bases: Bases
      readonly decision: Decision
      readonly ledger: Ledger
      readonly crm: Row
    }
  /** Several branches without a lead carry its tax id, so none is meant; nothing was written. */
  | { readonly kind: 'ambiguous'; readonly branches: readonly string[] }

/**
 * @param run its lease is asked inside the ERP's transaction, when all waiting is over
 * @param inboxId of the event: what it did is in the ERP together with this id
 * @throws PonteError `lead.without_tax_id`, `erp.write_refused` and `lease.lost` (nothing was written), `erp.*`, `state.*`
 */
export async function absorbLead(
  { erp, state, crm }: Pick<Context, 'erp' | 'state' | 'crm'>,
  run: JobRun,
  inboxId: string,
  seen: SeenLead,
): Promise<Absorbed> {
  const leadId = String(seen.lead.id)
  const row = leadRow(seen.lead, seen.customFields)
  const reps = await crm.salesReps()
  const agreed = await readAgreed(state, 'leads', leadId)
  let met: { before: LeadSides; decision: Decision } | null = null
  const applied = await erp.applyLead({ inboxId, leadId, taxId: row.TAXID ?? null }, (sides) => {
    mustHold(run)
    // Asked again after a deadlock: what an earlier attempt saw does not count.
    met = null
    if (sides.branch === null && sides.candidates.length > 1) return null
    if (sides.branch === null && row.TAXID?.length !== 14) throw withoutTaxId(leadId)
    met = { before: sides, decision: decideLead(row, sides, agreed, reps) }
    return met.decision.write
  })
  if (met === null) return { kind: 'ambiguous', branches: applied.sides.candidates }
  const { before, decision } = met as { before: LeadSides; decision: Decision }
  return {
    kind: 'absorbed',
    changed: applied.kind === 'applied',
    bases: basesOf(before.mirror, agreed),
    decision,
    crm: row,
    ledger: { entity: 'leads', key: leadId, fields: decision.agreed, crmTime: seen.lead.updateDate || null, conflicts: decision.conflicts },
  }
}

/** Mission B.8, C.9: a client made without one could never be told from the next lead of the same company. */
const withoutTaxId = (leadId: string) =>
  new PonteError(
    'lead.without_tax_id',
    `Lead ${leadId} has no tax id, or one of more than 14 positions, and no ERP branch is linked to it.`,
    {
      hint: 'Correct the tax id in the CRM, then requeue.',
    },
  )
