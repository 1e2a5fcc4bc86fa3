/** Letters of single contacts (`contato_update_erp`): from the events of leads to job_update_contact_in_erp. */

import type { Person } from '../../connectors/crm/spotter/types.ts'
import { readAgreed } from '../../connectors/state/changes/agreed.ts'
import type { Row } from '../../engine/model.ts'
import { contactFields } from '../../records/contact.ts'
import type { Context } from '../context.ts'
import { contactKey } from './absorb-contact.ts'
import { isTooLong, personRow } from './crm-rows.ts'
import { isKnown, noReps } from './reconcile.ts'

export const contactPrefix = 'contato_update_erp'

/** Persons that the mirror does not hold as the CRM does, and mirrored ones whom the CRM does not have any more. */
export function contactsToApply(persons: readonly Person[], mirrored: readonly Row[]): { changed: Person[]; gone: string[] } {
  const known = new Map(mirrored.map((row) => [row.ID, row]))
  const changed = persons.filter((person) => {
    const row = known.get(String(person.id))
    if (row === undefined) return true
    const said = personRow(person)
    return contactFields.some((field) => !isKnown(field, row, said, noReps))
  })
  const there = new Set(persons.map((person) => String(person.id)))
  return { changed, gone: mirrored.flatMap(({ ID }) => (ID && !there.has(ID) ? [ID] : [])) }
}

/** Without one, or with one that no column holds, a new person cannot be found again. */
export function hasEmail(person: Person): boolean {
  const email = personRow(person).EMAIL ?? null
  return email !== null && !contactFields.some((field) => field.name === 'EMAIL' && isTooLong(field, email))
}

/** It went to falhas before, without an e-mail: once is enough, or each event of its lead would add another letter there. */
export async function isTold({ state }: Pick<Context, 'state'>, { id, leadId }: Person): Promise<boolean> {
  return (await readAgreed(state, 'contacts', contactKey(id, leadId)))?.fields.EMAIL === null
}

/** Of these, who is not in the CRM for certain: asked for alone, because an answer about many leads of which a part was lost must remove nobody. */
export async function certainlyGone(
  { inboundCrm }: Pick<Context, 'inboundCrm'>,
  leadId: string,
  gone: readonly string[],
): Promise<string[]> {
  if (gone.length === 0) return []
  const there = new Set((await inboundCrm.persons(Number(leadId))).map((person) => String(person.id)))
  return gone.filter((id) => !there.has(id))
}

/** The webhook's contact with the lead's tax id. Durable when it resolves; a second letter of one contact does no harm. */
export function queueContact({ lanes }: Pick<Context, 'lanes'>, person: Person, taxId: string | null): Promise<string> {
  const { id, leadId, name, email, phone1, jobTitle } = person
  const body = { Id: id, LeadId: leadId, Name: name, Email: email, Phone: phone1, Position: jobTitle, lead_cnpj: taxId }
  return lanes.contacts.enqueue(contactPrefix, `${leadId}_${id}`, JSON.stringify(body))
}
