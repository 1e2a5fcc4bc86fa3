/** Leads into the CRM: PUT /atualizalead/{lead_id}, POST and PUT /leads, POST /contatoobs. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { CustomField, LeadBody } from '../../connectors/crm/spotter/types.ts'
import type { ApiDeps } from '../deps.ts'
import { json, jsonBody } from '../http/described.ts'
import { ApiError, refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { accepted, duplicateText } from './accepted.ts'
import { fieldsUpdate, leadCreation, leadTexts, leadUpdate, pathId } from './bodies.ts'
import { acted, acting, bodyRefusals, crmId, crmRefusals, leadNamed } from './route.ts'

const legacyDuplicate = z.literal(duplicateText)
const writeRefusals = { ...crmRefusals, ...bodyRefusals, ...refusals(409) }

const update = createRoute({
  ...acting,
  method: 'put',
  path: '/atualizalead/{lead_id}',
  summary: 'Changes a lead in the CRM',
  request: { params: z.object({ lead_id: pathId }), body: jsonBody(leadUpdate) },
  responses: {
    201: json(crmId, 'Changed.'),
    200: json(legacyDuplicate, 'Only with the old codes switched on: another lead has this client code, nothing was changed.'),
    ...writeRefusals,
  },
})

const create = createRoute({
  ...acting,
  method: 'post',
  path: '/leads',
  summary: 'Makes a lead in the CRM',
  request: { body: jsonBody(leadCreation) },
  responses: { 200: json(z.object({ lead_id: z.int() }), 'Made.'), ...writeRefusals },
})

const updateFields = createRoute({
  ...acting,
  method: 'put',
  path: '/leads',
  summary: 'Changes fields of a lead in the CRM by name',
  request: { body: jsonBody(fieldsUpdate) },
  responses: {
    200: json(z.literal('Lead updated successfully'), 'Changed.'),
    201: json(legacyDuplicate, 'Only with the old codes switched on: another lead has this client code, nothing was changed.'),
    ...writeRefusals,
  },
})

const touch = createRoute({
  ...acting,
  method: 'post',
  path: '/contatoobs/{lead_id}/{flag}',
  summary: 'Notes on a lead that its contacts changed, so that the CRM announces it',
  request: { params: z.object({ lead_id: pathId, flag: z.enum(['N', 'S']) }) },
  responses: { 201: json(z.literal('Lead updated successfully'), 'Noted.'), ...writeRefusals },
})

export function registerLeadWrites(app: OpenAPIHono<ApiEnv>, { crm, settings, state }: ApiDeps): void {
  const act = acted(state)
  const isLegacyDuplicate = (result: Awaited<ReturnType<typeof crm.updateLead>>) =>
    settings.legacyDuplicateCodes && !result.ok && result.refusal === 'duplicate-client-code'
  /** false: another lead has its client code, and the old answer is wanted. */
  const change = (c: Context<ApiEnv>, id: number, lead: LeadBody) =>
    act(c, 'leads.update', leadNamed(id), lead, async () => {
      const result = await crm.updateLead(id, lead)
      if (isLegacyDuplicate(result)) return false
      accepted(result)
      return true
    })

  app.openapi(update, async (c) => {
    const { lead_id } = c.req.valid('param')
    const { lead } = c.req.valid('json')
    if (!(await change(c, lead_id, lead))) return c.json(duplicateText, 200)
    return c.json({ value: lead_id }, 201)
  })

  app.openapi(create, async (c) => {
    const { lead } = c.req.valid('json')
    const lead_id = await act(c, 'leads.create', leadNamed, lead, async () => accepted(await crm.addLead(lead)))
    return c.json({ lead_id }, 200)
  })

  app.openapi(updateFields, async (c) => {
    const { Id, Fields } = c.req.valid('json')
    const lead = leadOf(Fields)
    if (!(await change(c, Id, lead))) return c.json(duplicateText, 201)
    return c.json('Lead updated successfully', 200)
  })

  app.openapi(touch, async (c) => {
    // The flat body that flag S used to send is one that the CRM refuses: both flags send the same.
    const { lead_id } = c.req.valid('param')
    const note = { description: 'contact updated – synchronise' }
    await act(c, 'leads.update', leadNamed(lead_id), note, async () => accepted(await crm.updateLead(lead_id, note)))
    return c.json('Lead updated successfully', 201)
  })
}

/** Names that begin with `_` are custom fields; `_cod.gestores` is a choice and takes `options`. */
function leadOf(fields: readonly { field_name: string; field_value: string }[]): LeadBody {
  const customFields: CustomField[] = []
  const texts: Record<string, string> = {}
  for (const { field_name: name, field_value: value } of fields) {
    if (name === '_cod.gestores') customFields.push({ id: name, options: [{ value }] })
    else if (name.startsWith('_')) customFields.push({ id: name, value })
    else if (leadTexts.has(name)) texts[name] = value
    else
      throw new ApiError('INVALID_PAYLOAD', 'json field Fields: a field_name is not one that a lead has', {
        hint: [...leadTexts].join(', '),
      })
  }
  return { ...texts, ...(customFields.length > 0 ? { customFields } : {}) }
}
