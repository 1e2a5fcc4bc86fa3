/** Contacts of a full sync: those that the mirror does not hold as the CRM does, one at a time, as events apply them. */

import type { Person } from '../../connectors/crm/spotter/types.ts'
import type { Erp, MirrorStaging } from '../../connectors/erp/erp.ts'
import { settleLedger } from '../../connectors/state/changes/agreed.ts'
import type { Row } from '../../engine/model.ts'
import { contactFields } from '../../records/contact.ts'
import type { Context, JobRun } from '../context.ts'
import { isSystemic } from '../faults.ts'
import { absorbContact } from '../receive/absorb-contact.ts'
import { eachOf } from '../receive/absorb-fresh.ts'
import { certainlyGone, contactsToApply } from '../receive/contact-letters.ts'
import type { CrmReader } from '../receive/crm-reader.ts'
import { leadRow } from '../receive/crm-rows.ts'
import { mustHold } from '../receive/end-event.ts'
import { isKnown, noReps } from '../receive/reconcile.ts'
import { contactProblems } from './full-sync-checks.ts'

export interface ContactTotals {
  contactsApplied: number
  contactsRefused: number
  contactsGone: number
}
export const newContactTotals = (): ContactTotals => ({ contactsApplied: 0, contactsRefused: 0, contactsGone: 0 })

/** Leads of which a contact is not in the mirror as it was read, or is there and was not read. */
export async function contactsThatDiffer(erp: Erp, staging: MirrorStaging, leadIds: readonly string[]): Promise<number[]> {
  const mirrored = await erp.mirroredContacts(leadIds)
  const staged = await staging.contactsOf(leadIds)
  const leads = new Set<number>()
  for (const { personId, leadId, row } of staged) {
    const known = mirrored.get(personId)
    mirrored.delete(personId)
    if (row !== null && (known === undefined || !equal(known, row))) leads.add(Number(leadId))
  }
  for (const row of mirrored.values()) leads.add(Number(row.LEAD_ID))
  return [...leads]
}

const equal = (known: Row, row: Row): boolean => contactFields.every((field) => isKnown(field, known, row, noReps))

/** @throws PonteError `lease.lost`; what is systemic */
export async function syncContacts(
  context: Context,
  run: JobRun,
  reader: CrmReader,
  leadIds: readonly number[],
  totals: ContactTotals,
): Promise<void> {
  await eachOf(leadIds, context.options.concurrency, async (id) => {
    const leadId = String(id)
    const seen = await reader.lead(id)
    if (seen === null) return
    const taxId = leadRow(seen.lead, seen.customFields).TAXID ?? null
    const mirrored = (await context.erp.mirrorOf(leadId)).persons
    const { changed, gone } = contactsToApply(await reader.persons(id), mirrored)
    for (const person of changed) if (contactProblems(person).length === 0) await syncContact(context, run, person, taxId, totals)
    for (const personId of await certainlyGone(context, leadId, gone)) {
      mustHold(run)
      if (await context.erp.removeContact({ personId, leadId, job: run.job })) totals.contactsGone++
    }
  })
}

async function syncContact(context: Context, run: JobRun, person: Person, taxId: string | null, totals: ContactTotals): Promise<void> {
  run.signal.throwIfAborted()
  mustHold(run)
  const inboxId = `${run.id}.${person.leadId}.${person.id}`
  try {
    const absorbed = await absorbContact(context, run, inboxId, person, taxId)
    if (absorbed.kind === 'no-client') {
      totals.contactsRefused++
      return
    }
    await settleLedger(context.state, absorbed.ledger, inboxId, run.lease)
    if (absorbed.changed) totals.contactsApplied++
  } catch (error) {
    if (isSystemic(error)) throw error
    context.log.error({ err: error, key: `${person.id}-${person.leadId}` }, 'the ERP refuses a contact')
    totals.contactsRefused++
  }
}
