import { z } from 'zod'
import { blankLead } from './calls/leads.ts'
import { personKey } from './calls/persons.ts'
import { type Crm, commit, leadKey } from './state/crm.ts'
import type { LeadRow, PersonRow } from './state/model.ts'

/** What somebody at the CRM's own screen can do: no duplicity validation, any stage. Fields have the names of `GET Leads`. */
const text = z.string().nullable()
const leadFields = {
  lead: z.string().min(1),
  ...{ cnpj: text, stage: z.string(), phone1: text, phone2: text, website: text, industry: text, source: text, subSource: text },
  ...{ street: text, cep: text, number: text, complement: text, district: text, city: text, state: text, country: text },
  ...{ description: text, salesRepEmail: text, customFields: z.record(z.string(), z.union([z.string(), z.array(z.string())])) },
}
export const leadEdit = z.strictObject(leadFields).partial()
export const newLead = leadEdit.required({ lead: true })
const personFields = { name: z.string().min(1), email: text, phone1: text, jobTitle: text, mainContact: z.boolean() }
/** Touching the lead makes the CRM send the lead's webhook, which carries its contacts: a changed person alone sends none. */
export const touch = z.strictObject({ touchLead: z.boolean().default(false) })
export const personEdit = z.strictObject(personFields).partial().extend(touch.shape)
export const newPerson = personEdit.required({ name: true })

/** A lead typed in by hand. Returns it as stored. */
export function enterLead(crm: Crm, body: z.output<typeof newLead>): LeadRow {
  const time = crm.clock.next()
  const lead = changed(blankLead(crm, crm.state.nextLeadId, time), body, time)
  commit(crm, { kind: 'leadAdded', by: 'user', id: lead.id, key: leadKey(lead), body, time, after: { lead } })
  return lead
}

/** Null when there is no such lead. Custom fields that are not named stay. */
export function editLead(crm: Crm, id: number, body: z.output<typeof leadEdit>): LeadRow | null {
  const held = crm.state.lead(id)
  if (!held) return null
  const time = crm.clock.next()
  const lead = changed(held, body, time)
  commit(crm, { kind: 'leadUpdated', by: 'user', id, key: leadKey(lead), body, time, after: { lead } })
  return lead
}

/** Deletes a lead with its persons, products and sale. False when there is none. */
export function deleteLead(crm: Crm, id: number): boolean {
  const held = crm.state.lead(id)
  if (!held) return false
  commit(crm, { kind: 'leadDeleted', by: 'user', id, key: leadKey(held), body: null, after: { deletedLead: id } })
  return true
}

/** Null when there is no such lead. */
export function enterPerson(crm: Crm, leadId: number, { touchLead, ...body }: z.output<typeof newPerson>): PersonRow | null {
  if (!crm.state.lead(leadId)) return null
  const blank = { id: crm.state.nextPersonId, leadId, email: null, phone1: null, jobTitle: null, mainContact: false }
  const person: PersonRow = { ...blank, ...defined(body), name: body.name }
  commit(crm, { kind: 'personAdded', by: 'user', id: person.id, key: personKey(person), body, after: { person } })
  if (touchLead) touchLeadOf(crm, person)
  return person
}

/** Null when there is no such person. */
export function editPerson(crm: Crm, id: number, { touchLead, ...body }: z.output<typeof personEdit>): PersonRow | null {
  const held = crm.state.person(id)
  if (!held) return null
  const person: PersonRow = { ...held, ...defined(body) }
  commit(crm, { kind: 'personUpdated', by: 'user', id, key: personKey(person), body, after: { person } })
  if (touchLead) touchLeadOf(crm, person)
  return person
}

/** False when there is no such person. */
export function deletePerson(crm: Crm, id: number, { touchLead }: z.output<typeof touch>): boolean {
  const held = crm.state.person(id)
  if (!held) return false
  commit(crm, { kind: 'personDeleted', by: 'user', id, key: personKey(held), body: null, after: { deletedPerson: id } })
  if (touchLead) touchLeadOf(crm, held)
  return true
}

/** One more effect: the lead as it is, with a new `updateDate`. */
function touchLeadOf(crm: Crm, person: PersonRow): void {
  const held = crm.state.lead(person.leadId)
  // A seeded person may belong to no lead.
  if (!held) return
  const time = crm.clock.next()
  const lead = { ...held, updateDate: time }
  commit(crm, { kind: 'leadUpdated', by: 'user', id: lead.id, key: leadKey(lead), body: { touchedBy: person.id }, time, after: { lead } })
}

function changed(held: LeadRow, body: z.output<typeof leadEdit>, time: string): LeadRow {
  return { ...held, ...defined(body), customFields: { ...held.customFields, ...body.customFields }, updateDate: time }
}

/** Drops keys whose value is undefined, so that a spread leaves what was held. */
function defined<Row extends object>(row: Row): { [Key in keyof Row]?: Exclude<Row[Key], undefined> } {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Row]?: Exclude<Row[Key], undefined>
  }
}
