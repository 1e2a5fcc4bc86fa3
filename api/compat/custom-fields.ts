/** Custom fields: GET /codgestores, /inscricaoestadual, /representante, /analisefinanceira (#21-#23, G.3). */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import { json } from '../http/described.ts'
import type { ApiEnv } from '../http/types.ts'
import { pathId } from './bodies.ts'
import { crmRefusals, reading } from './route.ts'

const salesReps = createRoute({
  ...reading,
  method: 'get',
  path: '/codgestores',
  summary: 'The sales representatives that a lead may have',
  responses: { 200: json(z.array(z.string()), 'Their codes.'), ...crmRefusals },
})
const request = { params: z.object({ lead_id: pathId }) }
const registration = createRoute({
  ...reading,
  request,
  method: 'get',
  path: '/inscricaoestadual/{lead_id}',
  summary: 'State registration of a lead',
  responses: { 200: json(z.string(), 'ISENTO when it has none.'), ...crmRefusals },
})
const salesRep = createRoute({
  ...reading,
  request,
  method: 'get',
  path: '/representante/{lead_id}',
  summary: 'Sales representative of a lead',
  responses: { 200: json(z.string().nullable(), 'null when it has none.'), ...crmRefusals },
})
const analysis = createRoute({
  ...reading,
  request,
  method: 'get',
  path: '/analisefinanceira/{lead_id}',
  summary: 'Financial analysis of a lead',
  responses: { 200: json(z.string(), 'Empty when it has none.'), ...crmRefusals },
})

export function registerCustomFields(app: OpenAPIHono<ApiEnv>, { crm }: ApiDeps): void {
  const field = async (leadId: number, id: string) => (await crm.leadCustomFields(leadId)).find((one) => one.id === id)

  app.openapi(salesReps, async (c) => c.json([...(await crm.salesReps())], 200))
  app.openapi(registration, async (c) => {
    const found = await field(c.req.valid('param').lead_id, '_inscricaoestadual')
    return c.json(found?.value || 'ISENTO', 200)
  })
  app.openapi(salesRep, async (c) => {
    const found = await field(c.req.valid('param').lead_id, '_cod.gestores')
    // A choice shows its options, of which the last counts; some answers carry it as a plain value.
    return c.json(found?.options.at(-1) ?? found?.value ?? null, 200)
  })
  app.openapi(analysis, async (c) => {
    const found = await field(c.req.valid('param').lead_id, '_analisefinanceira')
    return c.json(found?.value ?? '', 200)
  })
}
