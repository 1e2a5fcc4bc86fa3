import type { z } from 'zod'
import { commit } from '../state/crm.ts'
import type { PersonRow } from '../state/model.ts'
import { type Call, withBody } from './call.ts'
import { personBody } from './dto.ts'
import { phone } from './leads.ts'
import { idReply, type Reply, refuse } from './reply.ts'

type PersonBody = z.output<typeof personBody>

/** POST personsAdd: 201 with the new id. E-mails may repeat, so a create sent twice shows as two persons. */
export const addPerson = withBody(personBody, (call: Call, body: PersonBody): Reply => {
  const { crm } = call
  if (!body.name?.trim()) return refuse('name : The name field is required.')
  if (!body.leadId || !crm.state.lead(body.leadId)) return refuse('Lead not found')
  const person: PersonRow = {
    id: crm.state.nextPersonId,
    leadId: body.leadId,
    name: body.name,
    email: body.email ?? null,
    phone1: phone(body.ddiPhone1, body.phone1),
    jobTitle: body.jobTitle ?? null,
    mainContact: body.mainContact ?? false,
  }
  commit(crm, { kind: 'personAdded', id: person.id, key: personKey(person), body: call.body, after: { person } })
  return idReply(201, person.id)
})

/** PUT PersonsUpdate/{id}: 200. The lead's `updateDate` stays (a changed person is not noticed until its lead is touched). */
export const updatePerson = withBody(personBody, (call: Call, body: PersonBody): Reply => {
  const { crm, id } = call
  const held = crm.state.person(id)
  if (!held) return refuse('Person not found')
  if (typeof body.name === 'string' && !body.name.trim()) return refuse('name : The name field is required.')
  const person: PersonRow = {
    ...held,
    name: body.name ?? held.name,
    email: body.email ?? held.email,
    phone1: phone(body.ddiPhone1, body.phone1) ?? held.phone1,
    jobTitle: body.jobTitle ?? held.jobTitle,
    mainContact: body.mainContact ?? held.mainContact,
  }
  commit(crm, { kind: 'personUpdated', id, key: personKey(person), body: call.body, after: { person } })
  return idReply(200, id)
})

/** `key` of a person's effects: the lead and the e-mail, as the ERP knows a contact. */
export function personKey(person: { leadId: number; email: string | null }): string {
  return `${person.leadId}:${person.email?.toLowerCase() ?? ''}`
}
