/**
 * ERP contact -> existing CRM person (mission C.7). The old system also wrote a note on the lead, so that the CRM would
 * send a webhook that refreshed its mirror; here the sent values enter the mirror at once and the note's call is saved.
 */
import type { Context } from './context.ts'
import { personBody, personHolds } from './crm-bodies.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { dead, refused } from './refused.ts'

export function updateContactSink(context: Context): Sink {
  const { crm, erp } = context
  return async ({ ids, row }, attempt): Promise<Delivery> => {
    const id = Number(ids.ID)
    const leadId = Number(ids.LEAD_ID)
    if (!Number.isSafeInteger(id) || id <= 0) return dead('MISSING_FIELD', 'ID must be the CRM person id.')
    if (!Number.isSafeInteger(leadId) || leadId <= 0) return dead('MISSING_FIELD', 'LEAD_ID must be the CRM lead id.')
    if (!row.NAME || !row.EMAIL) return dead('MISSING_FIELD', 'NAME and EMAIL are mandatory.')

    const body = personBody(row, 'update')
    const person = attempt.inDoubt ? (await crm.persons(leadId)).find((one) => one.id === id) : undefined
    if (!(person && personHolds(person, body))) {
      const result = await attempt.write((guard) => crm.updatePerson(id, body, guard))
      if (!result.ok) return refused(result)
    }
    await attempt.store(() => erp.writeContactMirror({ ID: ids.ID, ...row }))
    return { kind: 'delivered', ledger: { entity: 'contacts', key: `${id}-${leadId}` }, crmId: String(id), fields: row }
  }
}
