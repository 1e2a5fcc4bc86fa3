/** job_update_contact_in_erp (mission C.10): persons of the CRM into CONTACTS, and by its trigger into the ERP. */
import { PonteError } from '../base/error.ts'
import { absorbContact } from './absorb-contact.ts'
import type { Stream } from './consume.ts'
import { contactPrefix } from './contact-letters.ts'
import type { Job } from './context.ts'
import { type CrmReader, crmReader } from './crm-reader.ts'
import { type Ending, endEvent, type InboundEvent, type InboundWork, mustHold } from './end-event.ts'
import { newCounts } from './inbound-counts.ts'
import { contactJob } from './inbound-leads.ts'
import { inboxId, parse } from './lead-event.ts'
import { recoverLanes } from './recover.ts'
import { runLane } from './run-lane.ts'

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
  const [personId, leadId] = [Number(Id), Number(LeadId)]
  if (![personId, leadId].every((one) => Number.isSafeInteger(one) && one > 0))
    throw new PonteError('line.without_contact', 'The line names no contact: it needs whole numbers `Id` and `LeadId`.', {
      hint: 'Correct the line in falhas and requeue it.',
    })
  return { id: inboxId(id), letter: id.slice(0, id.lastIndexOf(':')), personId, leadId, taxId: typeof taxId === 'string' ? taxId : null }
}

async function applyContact({ context, run, counts, reader }: Work, event: ContactEvent): Promise<Ending> {
  const { erp } = context
  const leadId = String(event.leadId)
  const person = (await reader.persons(event.leadId)).find((one) => one.id === event.personId)
  mustHold(run)
  if (person === undefined) {
    const removed = await erp.removeContact({ personId: String(event.personId), leadId, job: run.job })
    if (removed) counts.contactGone()
    return { outcome: removed ? 'removed' : 'ignored', code: 'NOT_FOUND' }
  }
  const problem = async (field: string, code: string, reason: string): Promise<Ending> => {
    await erp.logExecution({ job: run.job, leadId, leadName: '', field, value: reason })
    return { outcome: 'refused', code, reason }
  }
  if (!person.email?.trim())
    return problem('Email', 'MISSING_FIELD', `Person ${person.id} of lead ${leadId} has no e-mail. Add it in the CRM, then requeue.`)
  const absorbed = await absorbContact(context, event.id, person, event.taxId)
  if (absorbed.kind === 'no-client')
    return problem('LeadCNPJ', 'CLIENT_NOT_FOUND', `No ERP client belongs to lead ${leadId}. Once the lead is in the ERP, requeue.`)
  return { outcome: absorbed.changed ? 'applied' : 'unchanged', ledger: absorbed.ledger }
}
