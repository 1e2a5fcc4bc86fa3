/** What is known of leads: GET /leads, /lead, /leadaddinfo, /leadid, /leadstage, /endruanumero. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Lead, Spotter } from '../../connectors/crm/spotter/types.ts'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/described.ts'
import { ApiError } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { pathId } from './bodies.ts'
import { jsonArray } from './json-array.ts'
import { crmRefusals, reading } from './route.ts'

const nullable = z.string().nullable()
const choice = z.object({ value: z.string() }).nullable()
const lead = z
  .object({
    ...{ id: z.int(), lead: z.string(), cnpj: nullable, stage: z.string(), industry: choice, source: choice, phone1: nullable },
    ...{ street: nullable, cep: nullable, number: nullable, complement: nullable, district: nullable, city: nullable, state: nullable },
    ...{ registerDate: z.string(), updateDate: z.string() },
  })
  .openapi('Lead') satisfies z.ZodType<Lead>

/** A CPF or CNPJ as people write it; since 2026 a CNPJ may hold letters. */
const taxId = z
  .string()
  .regex(/^[0-9A-Za-z./ -]{1,30}$/, 'must be a tax id')
  .refine((given) => /^[0-9A-Z]{1,14}$/.test(bare(given)), 'must have 1 to 14 letters and digits')
const byLead = { request: { params: z.object({ lead_id: pathId }) } }
const byTaxId = { request: { params: z.object({ cnpj: taxId }) } }

const all = createRoute({
  ...reading,
  method: 'get',
  path: '/leads',
  summary: 'All leads of the CRM, streamed; when the CRM fails in the middle the answer is cut',
  responses: { 200: json(z.array(lead), 'All leads, by id.'), ...crmRefusals },
})
const mirrored = createRoute({
  ...reading,
  method: 'get',
  path: '/lead/{id}',
  summary: 'A lead as the mirror in the ERP holds it',
  request: { params: z.object({ id: pathId }) },
  responses: { 200: json(z.record(z.string(), nullable), 'The row of LEADS, every column as text.'), ...crmRefusals },
})
const addInfo = createRoute({
  ...reading,
  ...byLead,
  method: 'get',
  path: '/leadaddinfo/{lead_id}',
  summary: 'Address and phone of a lead',
  responses: {
    200: json(
      z.object({ numero: nullable, complemento: nullable, bairro: nullable, cidade: nullable, estado: nullable, telefone: nullable }),
      'As the CRM has them.',
    ),
    ...crmRefusals,
  },
})
const idOf = createRoute({
  ...reading,
  ...byTaxId,
  method: 'get',
  path: '/leadid/{cnpj}',
  summary: 'The lead with a tax id',
  responses: { 200: json(z.object({ id: z.int() }), 'Its id.'), ...crmRefusals },
})
const stageOf = createRoute({
  ...reading,
  ...byTaxId,
  method: 'get',
  path: '/leadstage/{cnpj}',
  summary: 'The stage of the lead with a tax id',
  responses: { 200: json(z.string(), 'Its stage, as the CRM writes it.'), ...crmRefusals },
})
const address = createRoute({
  ...reading,
  ...byLead,
  method: 'get',
  path: '/endruanumero/{lead_id}',
  summary: 'Number, street and district of a lead',
  responses: { 200: json(z.array(nullable).length(3), 'Number, street, district.'), ...crmRefusals },
})

export function registerLeadReads(app: OpenAPIHono<ApiEnv>, { crm, erp, log }: ApiDeps): void {
  app.openapi(all, async (c) => {
    const pages = crm.leads(c.req.raw.signal)[Symbol.asyncIterator]()
    // What goes wrong before the first page still gets its own status.
    const first = await pages.next()
    const stream = jsonArray(first, pages, (error) => log.warn({ err: error }, 'the list of leads was cut: the CRM failed in the middle'))
    return c.body(stream, 200, { 'content-type': 'application/json' }) as never
  })
  app.openapi(mirrored, async (c) => {
    const row = await erp.mirroredLead(String(c.req.valid('param').id))
    if (row === null) throw new ApiError('NOT_FOUND', 'This lead is not in the mirror.')
    return c.json(row as Record<string, string | null>, 200)
  })
  app.openapi(addInfo, async (c) => {
    const { number, complement, district, city, state, phone1 } = await leadById(crm, c.req.valid('param').lead_id)
    return c.json({ numero: number, complemento: complement, bairro: district, cidade: city, estado: state, telefone: phone1 }, 200)
  })
  app.openapi(idOf, async (c) => c.json({ id: (await leadByTaxId(crm, c.req.valid('param').cnpj)).id }, 200))
  app.openapi(stageOf, async (c) => c.json((await leadByTaxId(crm, c.req.valid('param').cnpj)).stage, 200))
  app.openapi(address, async (c) => {
    const { number, street, district } = await leadById(crm, c.req.valid('param').lead_id)
    return c.json([number, street, district], 200)
  })
}

async function leadById(crm: Spotter, id: number): Promise<Lead> {
  const found = await crm.leadById(id)
  if (found === null) throw new ApiError('NOT_FOUND', 'The CRM has no such lead.')
  return found
}

/** Padded to 14 as the CRM should have it, else as it was given: people type what they like. */
async function leadByTaxId(crm: Spotter, given: string): Promise<Lead> {
  for (const spelling of new Set([bare(given).padStart(14, '0'), given])) {
    const [found] = await crm.leadsByTaxId(spelling)
    if (found) return found
  }
  throw new ApiError('NOT_FOUND', 'CNPJ não cadastrado')
}

function bare(given: string): string {
  return given.replace(/[^0-9A-Za-z]/g, '').toUpperCase()
}
