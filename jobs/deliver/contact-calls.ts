/** How contacts are made and changed in the CRM. */
import type { Person } from '../../connectors/crm/spotter/types.ts'
import type { Context, JobRun } from '../context.ts'
import { absorbContact, contactKey } from '../receive/absorb-contact.ts'
import { crmReader } from '../receive/crm-reader.ts'
import { personRow } from '../receive/crm-rows.ts'
import { personBody, personUpdateBody } from './crm-bodies.ts'
import type { InsertCalls } from './insert-sink.ts'
import type { UpdateCalls } from './update-sink.ts'

export const newContacts = ({ crm, erp }: Context): InsertCalls => ({
  looksFirst: true,
  find: async ({ ids, row }) =>
    (await crm.persons(Number(ids.LEAD_ID))).find((person) => person.email?.trim().toLowerCase() === row.EMAIL)?.id ?? null,
  creation: async ({ ids, row }) => {
    const body = { ...personBody(row, 'create'), leadId: Number(ids.LEAD_ID) }
    return (guard) => crm.addPerson(body, guard)
  },
  store: ({ ids, row: { NAME, EMAIL, PHONE = null, JOB_TITLE = null, IS_PRIMARY } }, crmId) =>
    erp.storeContactId({
      ...{ email: EMAIL!, leadId: String(Number(ids.LEAD_ID)), crmId },
      ...{ name: NAME ?? '', phone: PHONE, jobTitle: JOB_TITLE, isPrimary: IS_PRIMARY === 'S' },
    }),
  keyOf: ({ ids }, crmId) => contactKey(crmId, Number(ids.LEAD_ID)),
})

export function knownContacts(context: Context, run: JobRun): UpdateCalls<Person> {
  const { crm, erp } = context
  const reader = crmReader(crm)
  return {
    read: async ({ ID, LEAD_ID }) => (await reader.persons(Number(LEAD_ID))).find(({ id }) => id === Number(ID)) ?? null,
    missing: ({ ID, LEAD_ID }) => `Lead ${Number(LEAD_ID)} of the CRM has no person ${Number(ID)}.`,
    rowOf: personRow,
    absorb: (event, person) => absorbContact(context, run, event, person, null),
    mirrored: async (ids) => (await erp.mirrorOf(String(Number(ids.LEAD_ID)))).persons.find(({ ID }) => ID === ids.ID) ?? null,
    reps: async () => new Set(),
    nameOf: ({ name }) => name,
    write: (id, fields, row, _, guard) => crm.updatePerson(id, personUpdateBody(fields, row), guard),
    store: (row) => erp.writeMirror('contacts', row),
    keyOf: ({ ID, LEAD_ID }) => contactKey(Number(ID), Number(LEAD_ID)),
  }
}
