/** Contacts: POST /dummycontact, /atualizacontato, /inserecontato, GET /maincontact, /buscacontato. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Person } from '../../connectors/crm/spotter/types.ts'
import type { ApiDeps } from '../deps.ts'
import { json, jsonBody } from '../http/described.ts'
import { ApiError } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { accepted } from './accepted.ts'
import { pathId, personCreation, personUpdate } from './bodies.ts'
import { acted, acting, bodyRefusals, crmId, crmRefusals, personNamed, reading } from './route.ts'

const nullable = z.string().nullable()
const person = z
  .object({
    id: z.int(),
    leadId: z.int(),
    name: z.string(),
    email: nullable,
    phone1: nullable,
    jobTitle: nullable,
    mainContact: z.string(),
  })
  .openapi('Person') satisfies z.ZodType<Person>

const dummy = createRoute({
  ...acting,
  method: 'post',
  path: '/dummycontact/{lead_id}',
  summary: 'Gives a lead a contact without values',
  request: { params: z.object({ lead_id: pathId }) },
  responses: { 200: json(z.literal(200), 'Made; the body is the number 200.'), ...crmRefusals },
})
const isMain = createRoute({
  ...reading,
  method: 'get',
  path: '/maincontact/{lead_id}/{contact_id}',
  summary: 'Whether a contact is the main one of its lead',
  request: { params: z.object({ lead_id: pathId, contact_id: pathId }) },
  responses: { 200: json(z.enum(['S', 'N']), 'S or N.'), ...crmRefusals },
})
const update = createRoute({
  ...acting,
  method: 'post',
  path: '/atualizacontato/{contact_id}',
  summary: 'Changes a contact in the CRM',
  request: { params: z.object({ contact_id: pathId }), body: jsonBody(personUpdate) },
  responses: { 200: json(z.literal('Contact updated successfully'), 'Changed.'), ...crmRefusals, ...bodyRefusals },
})
const create = createRoute({
  ...acting,
  method: 'post',
  path: '/inserecontato',
  summary: 'Makes a contact in the CRM',
  request: { body: jsonBody(personCreation) },
  responses: { 200: json(crmId, 'Made; `value` is its id.'), ...crmRefusals, ...bodyRefusals },
})
const list = createRoute({
  ...reading,
  method: 'get',
  path: '/buscacontato/{lead_id}',
  summary: 'The contacts of a lead',
  request: { params: z.object({ lead_id: pathId }) },
  responses: { 200: json(z.object({ value: z.array(person) }), 'As the CRM has them.'), ...crmRefusals },
})

export function registerPersons(app: OpenAPIHono<ApiEnv>, { crm, state }: ApiDeps): void {
  const act = acted(state)
  app.openapi(dummy, async (c) => {
    const person = { name: 'Dummy contact', leadId: c.req.valid('param').lead_id }
    await act(
      c,
      'contacts.create',
      (id: number) => personNamed(id, person.leadId),
      person,
      async () => {
        const result = await crm.addPerson(person)
        // The body is ours, so it is not the caller's fault when the CRM does not like it.
        if (!result.ok && result.refusal === 'rejected') throw new ApiError('CRM_REFUSED', result.message, { status: 502 })
        return accepted(result)
      },
    )
    return c.json(200 as const, 200)
  })
  app.openapi(isMain, async (c) => {
    const { lead_id, contact_id } = c.req.valid('param')
    const found = (await crm.persons(lead_id)).find((one) => one.id === contact_id)
    if (!found) throw new ApiError('NOT_FOUND', 'The lead has no such contact.')
    return c.json(found.mainContact === 'true' ? ('S' as const) : ('N' as const), 200)
  })
  app.openapi(update, async (c) => {
    const { contact_id } = c.req.valid('param')
    const person = c.req.valid('json')
    await act(c, 'contacts.update', personNamed(contact_id, person.leadId), person, async () =>
      accepted(await crm.updatePerson(contact_id, person)),
    )
    return c.json('Contact updated successfully' as const, 200)
  })
  app.openapi(create, async (c) => {
    const person = c.req.valid('json')
    const named = (id: number) => personNamed(id, person.leadId)
    return c.json({ value: await act(c, 'contacts.create', named, person, async () => accepted(await crm.addPerson(person))) }, 200)
  })
  app.openapi(list, async (c) => c.json({ value: [...(await crm.persons(c.req.valid('param').lead_id))] }, 200))
}
