/**
 * ERP contact -> existing CRM person (mission C.7). The old system also wrote a note on the lead, so that the CRM would send a webhook that
 * refreshed its mirror; here the sent values enter the mirror at once and the note's call is saved. The person is read first, for the
 * same reasons as a lead is before its update.
 */

import { noteSent, readAgreed, settleLedger } from '../../connectors/state/agreed.ts'
import { contactFields } from '../../records/contact.ts'
import { entityNamed } from '../../records/kinds.ts'
import type { Context, JobRun } from '../context.ts'
import { absorbContact, contactKey } from '../receive/absorb-contact.ts'
import { crmReader } from '../receive/crm-reader.ts'
import { personRow } from '../receive/crm-rows.ts'
import { inboxId } from '../receive/lead-event.ts'
import { basesOf, decide, withoutTaking } from '../receive/reconcile.ts'
import { personUpdateBody } from './crm-bodies.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { incomplete } from './line-checks.ts'
import { dead, refused } from './refused.ts'

export function updateContactSink(context: Context, run: JobRun): Sink {
  const { crm, erp, state } = context
  const reader = crmReader(crm)
  return async ({ change, ids, row }, attempt): Promise<Delivery> => {
    const fault = incomplete(entityNamed('contacts.update'), { ids, row })
    if (fault !== null) return fault
    const id = Number(ids.ID)
    const leadId = Number(ids.LEAD_ID)

    const person = (await reader.persons(leadId)).find((one) => one.id === id)
    if (person === undefined) return dead('NOT_FOUND', `Lead ${leadId} of the CRM has no person ${id}.`)
    const record = { entity: 'contacts', key: contactKey(id, leadId) } as const
    const event = inboxId(`${change.run}:${change.entity}:${change.key}`)
    const absorbed = await attempt.store(() => absorbContact(context, run, event, person, null))
    const held = personRow(person)
    const mirrored = async () => (await erp.mirrorOf(String(leadId))).persons.find(({ ID }) => ID === ids.ID) ?? held
    const bases = absorbed.kind === 'absorbed' ? absorbed.bases : basesOf(await mirrored(), await readAgreed(state, 'contacts', record.key))
    if (absorbed.kind === 'absorbed' && absorbed.changed) await settleLedger(state, absorbed.ledger, event, run.lease)

    const decision = decide(contactFields, { ...bases, crm: held, erp: row }, new Set())
    const { send, agreed } = absorbed.kind === 'absorbed' ? decision : withoutTaking(decision)
    const sent = Object.fromEntries(send.map((name) => [name, row[name] ?? null]))
    if (send.length > 0) {
      await noteSent(state, record, sent, run.lease)
      // Every body carries a name: the CRM's own, unless the ERP has to say something about it.
      const named = send.includes('NAME') ? row : { ...row, NAME: person.name || (row.NAME ?? null) }
      const result = await attempt.write((guard) => crm.updatePerson(id, personUpdateBody(send, named), guard))
      if (!result.ok) {
        await noteSent(state, record, null, run.lease)
        return refused(result)
      }
    }
    await attempt.store(() => erp.writeContactMirror({ ID: ids.ID, ...agreed, ...sent }))
    return {
      kind: 'delivered',
      ledger: record,
      crmId: String(id),
      fields: { ...agreed, ...sent },
    }
  }
}
