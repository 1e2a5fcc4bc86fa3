/** job_update_contact_in_erp: persons of the CRM into CONTACTS, and by its trigger into the ERP. */
import { PonteError } from '../../base/error.ts'
import type { Person } from '../../connectors/crm/spotter/types.ts'
import type { Ledger } from '../../connectors/state/changes/agreed.ts'
import type { Stream } from '../consume.ts'
import type { Job } from '../context.ts'
import { recoverLanes } from '../recover.ts'
import { runLane } from '../run-lane.ts'
import { absorbContact, contactKey } from './absorb-contact.ts'
import { contactPrefix, hasEmail } from './contact-letters.ts'
import { type CrmReader, crmReader } from './crm-reader.ts'
import { type Ending, endEvent, type InboundEvent, type InboundWork, mustHold } from './end-event.ts'
import { newCounts } from './inbound-counts.ts'
import { contactJob } from './inbound-leads.ts'
import { crmId, inboxId, parse } from './lead-event.ts'

export const contactsInErp: Job = {
  name: contactJob,
  aliases: [],
  summary: 'apply changes of CRM contacts to the ERP',
  async run(context, run) {
    await recoverLanes(context)
    const counts = newCounts()
    const { contacts: _, ...values } = counts.values
    return runLane(context, run, streamOf({ context, run, counts, reader: crmReader(context.inboundCrm) }), {
      counts: () => Object.fromEntries(Object.keys(values).map((name) => [name, counts.values[name as keyof typeof values]])),
    })
  },
}

interface ContactEvent extends InboundEvent {
  readonly personId: number
  readonly taxId: string | null
}

interface Work extends InboundWork {
  readonly reader: CrmReader
}

function streamOf(work: Work): Stream<ContactEvent> {
  return {
    lane: 'contacts',
    prefix: contactPrefix,
    read: readContactEvent,
    recordOf: (event) => String(event.leadId),
    keyOf: (event) => `${event.personId}-${event.leadId}`,
    end: (claim, index, event) => endEvent(work, claim, index, event, () => applyContact(work, event)),
  }
}

/** @throws PonteError `line.invalid_json` | `line.without_contact` */
function readContactEvent(id: string, text: string): ContactEvent {
  const { Id, LeadId, lead_cnpj: taxId } = (parse(text) ?? {}) as Record<string, unknown>
  const [personId, leadId] = [crmId(Id), crmId(LeadId)]
  if (personId === null || leadId === null)
    throw new PonteError('line.without_contact', 'The line names no contact: it needs whole numbers `Id` and `LeadId`.', {
      hint: 'Correct the line in falhas and requeue it.',
    })
  return { id: inboxId(id), letter: id.slice(0, id.lastIndexOf(':')), personId, leadId, taxId: typeof taxId === 'string' ? taxId : null }
}

async function applyContact({ context, run, counts, reader }: Work, event: ContactEvent): Promise<Ending> {
  const { erp, inboundCrm } = context
  const { personId } = event
  const leadId = String(event.leadId)
  const isMeant = ({ id }: Person) => id === personId
  // Who is not found leaves the mirror, so it is asked for alone as well (see certainlyGone).
  const person = (await reader.persons(event.leadId)).find(isMeant) ?? (await inboundCrm.persons(event.leadId)).find(isMeant)
  if (person === undefined) {
    mustHold(run)
    const removed = await erp.removeContact({ personId: String(personId), leadId, job: run.job })
    if (removed) counts.contactGone()
    return { outcome: removed ? 'removed' : 'ignored', code: 'NOT_FOUND' }
  }
  const problem = async (field: string, code: string, reason: string): Promise<Ending> => {
    mustHold(run)
    await erp.logExecution({ job: run.job, leadId, leadName: '', field, value: reason })
    return { outcome: 'refused', code, reason }
  }
  // A person that is mirrored is found by its id.
  if (!hasEmail(person) && !(await erp.mirrorOf(leadId)).persons.some((row) => row.ID === String(personId))) {
    const told: Ledger = { entity: 'contacts', key: contactKey(personId, leadId), fields: { EMAIL: null }, crmTime: null, conflicts: [] }
    const reason = `Person ${personId} of lead ${leadId} has no e-mail. Add it in the CRM, then requeue.`
    return { ...(await problem('Email', 'MISSING_FIELD', reason)), ledger: told }
  }
  const absorbed = await absorbContact(context, run, event.id, person, event.taxId)
  if (absorbed.kind === 'no-client')
    return problem('LeadCNPJ', 'CLIENT_NOT_FOUND', `No ERP client belongs to lead ${leadId}. Once the lead is in the ERP, requeue.`)
  return { outcome: absorbed.changed ? 'applied' : 'unchanged', ledger: absorbed.ledger }
}
