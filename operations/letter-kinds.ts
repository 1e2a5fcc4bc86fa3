/** What the letters of each prefix are: where they go, which job takes them, what their lines say (mission C.2). */

import { contactPrefix } from '../jobs/receive/contact-letters.ts'
import type { LaneName } from '../queue-dirs/lane.types.ts'
import { type Entity, entities } from '../records/entities.ts'

export interface LetterKind {
  readonly prefix: string
  readonly lane: LaneName
  /** null: nobody reads it yet. */
  readonly job: string | null
  /** A line is a record on its way to the CRM; null: it is an event of the CRM. */
  readonly entity: Entity | null
}

const deliveredBy: Readonly<Record<Entity['name'], string>> = {
  'leads.update': 'job_update_leads_in_spotter',
  'leads.insert': 'job_insert_leads_in_spotter',
  'contacts.update': 'job_update_contacts_in_spotter',
  'contacts.insert': 'job_insert_contacts_in_spotter',
}

export const letterKinds: readonly LetterKind[] = [
  ...entities.map((entity) => ({ prefix: entity.prefix, lane: entity.lane, job: deliveredBy[entity.name], entity })),
  { prefix: 'update_leads_in_erp', lane: 'leads', job: 'job_update_leads_in_erp', entity: null },
  { prefix: 'converted_lead', lane: 'leads', job: 'job_update_converted_lead_in_erp', entity: null },
  { prefix: 'lead_descartada', lane: 'leads', job: 'job_descarta_lead', entity: null },
  { prefix: contactPrefix, lane: 'contacts', job: 'job_update_contact_in_erp', entity: null },
  { prefix: 'inserted_timeline', lane: 'contacts', job: null, entity: null },
]

/** null: no job takes such letters. */
export const kindOf = (prefix: string): LetterKind | null => letterKinds.find((kind) => kind.prefix === prefix) ?? null
