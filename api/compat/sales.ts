/** Budgets and sales: POST /vendelead, /orcalead, GET /leadvendida. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type Replaced, replaceProduct } from '../../jobs/deals/replace-product.ts'
import type { ApiDeps } from '../deps.ts'
import { json, jsonBody } from '../http/described.ts'
import { ApiError } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { accepted, refused } from './accepted.ts'
import { pathId, recommendation, sale } from './bodies.ts'
import { acted, acting, bodyRefusals, crmId, crmRefusals, leadNamed, reading } from './route.ts'

const sell = createRoute({
  ...acting,
  method: 'post',
  path: '/vendelead',
  summary: 'Marks a lead as won in the CRM',
  request: { body: jsonBody(sale) },
  responses: { 200: json(z.literal('Lead sold successfully'), 'Won.'), ...crmRefusals, ...bodyRefusals },
})
const budget = createRoute({
  ...acting,
  method: 'post',
  path: '/orcalead/{lead_id}',
  summary: 'Replaces the recommended products of a lead; when the new one is refused the old one is put back',
  request: { params: z.object({ lead_id: pathId }), body: jsonBody(recommendation) },
  responses: { 200: json(crmId, 'The lead has these products.'), ...crmRefusals, ...bodyRefusals },
})
const sold = createRoute({
  ...reading,
  method: 'get',
  path: '/leadvendida/{lead_id}',
  summary: 'What a lead was sold',
  request: { params: z.object({ lead_id: pathId }) },
  responses: {
    200: json(z.array(z.object({ idProduto: z.int(), valorProduto: z.number(), dataVenda: z.string() })), 'One entry per product.'),
    ...crmRefusals,
  },
})

export function registerSales(app: OpenAPIHono<ApiEnv>, { crm, state }: ApiDeps): void {
  const act = acted(state)
  app.openapi(sell, async (c) => {
    const sale = c.req.valid('json')
    await act(c, 'leads.sell', leadNamed(sale.leadId), sale, async () => accepted(await crm.winLead(sale)))
    return c.json('Lead sold successfully' as const, 200)
  })
  app.openapi(budget, async (c) => {
    const { lead_id } = c.req.valid('param')
    const { leadId, products } = c.req.valid('json')
    if (leadId !== lead_id) throw new ApiError('INVALID_PAYLOAD', 'json field leadId: is not the lead in the path')
    await act(c, 'leads.budget', leadNamed(lead_id), { products }, async () => {
      for (const product of products) mustBeThere(await replaceProduct(crm, lead_id, product))
    })
    return c.json({ value: lead_id }, 200)
  })
  app.openapi(sold, async (c) => {
    const found = await crm.soldLead(c.req.valid('param').lead_id)
    if (!found) throw new ApiError('NOT_FOUND', 'The CRM has no sale of this lead.')
    return c.json(
      found.products.map(({ id, finalValue }) => ({ idProduto: id, valorProduto: finalValue, dataVenda: found.saleDate })),
      200,
    )
  })
}

/** The texts are literals that callers of the old service look for, two spaces included. */
function mustBeThere(result: Replaced): void {
  if (result.kind === 'remove-failed' || result.kind === 'add-failed') {
    const { refusal, message } = result
    // Both are 400; a sold lead keeps its own code, which a caller must tell from a refused product.
    const { code } = refusal === 'already-sold' || refusal === 'not-found' ? refused(result) : { code: 'PRODUCT_ADD_FAILED' as const }
    const text = result.kind === 'remove-failed' ? 'Erro ao deletar o  produto' : 'Erro ao adicionar produto'
    const lost =
      result.kind === 'add-failed' && result.old === 'lost' ? { hint: 'The old product is gone too: send the request again.' } : {}
    throw new ApiError(code, `${text}: ${message}`, lost)
  }
}
