/** What the CRM holds of one person goes into the mirror and, where it moved, into the ERP. */
import type { Person } from '../../connectors/crm/spotter/types.ts'
import type { ContactSides } from '../../connectors/erp/erp.ts'
import { type Ledger, readAgreed } from '../../connectors/state/changes/agreed.ts'
import type { Row } from '../../engine/model.ts'
import type { Context, JobRun } from '../context.ts'
import { personRow } from './crm-rows.ts'
import { mustHold } from './end-event.ts'
import { type Bases, basesOf, type Decision, decideContact } from './reconcile.ts'

export type AbsorbedContact =
  | {
      readonly kind: 'absorbed'
      readonly changed: boolean
      readonly bases: Bases
      readonly decision: Decision
      readonly ledger: Ledger
      readonly crm: Row
    }
  /** No ERP client belongs to the lead: nothing was written. */
  | { readonly kind: 'no-client' }

/** A person and its lead are one record: ERP contacts belong to branches. */
export const contactKey = (personId: string | number, leadId: string | number): string => `${personId}-${leadId}`

/** As `absorbLead`. @throws PonteError `erp.write_refused` and `lease.lost` (nothing was written), `erp.*`, `state.*` */
export async function absorbContact(
  { erp, state }: Pick<Context, 'erp' | 'state'>,
  run: JobRun,
  inboxId: string,
  person: Person,
  taxId: string | null,
): Promise<AbsorbedContact> {
  const row = personRow(person)
  const [personId, leadId] = [String(person.id), String(person.leadId)]
  const key = contactKey(personId, leadId)
  const agreed = await readAgreed(state, 'contacts', key)
  let met: { before: ContactSides; decision: Decision } | null = null
  const applied = await erp.applyContact({ inboxId, personId, leadId, taxId, email: row.EMAIL ?? null }, (sides: ContactSides) => {
    mustHold(run)
    // Asked again after a deadlock: what an earlier attempt saw does not count.
    met = null
    if (sides.clientCode === null) return null
    met = { before: sides, decision: decideContact(row, sides, agreed) }
    return met.decision.write
  })
  if (met === null) return { kind: 'no-client' }
  const { before, decision } = met as { before: ContactSides; decision: Decision }
  return {
    kind: 'absorbed',
    changed: applied.kind === 'applied',
    bases: basesOf(before.mirror, agreed),
    decision,
    crm: row,
    ledger: { entity: 'contacts', key, fields: decision.agreed, crmTime: null, conflicts: decision.conflicts },
  }
}
