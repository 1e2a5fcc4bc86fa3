/** GET /why: everything that ever happened to one company. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Question } from '../../operations/who-is.ts'
import { why } from '../../operations/why.ts'
import type { ApiDeps } from '../deps.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { json } from '../http/described.ts'
import { ApiError, refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'

const texts = z.array(z.string())
const history = z
  .object({
    who: z.object({
      leads: texts,
      branches: texts,
      contacts: texts,
      taxIds: texts,
      names: texts,
      persons: texts,
      away: z.array(z.enum(['ERP', 'CRM'])),
      notes: texts,
    }),
    happenings: z.array(
      z.object({
        at: z.iso.datetime(),
        kind: z.enum(['change', 'delivery', 'refusal', 'webhook', 'event', 'conflict', 'operator', 'task', 'erp log']),
        record: z.string(),
        text: z.string(),
        code: z.string().nullable(),
        letter: z.string().nullable(),
        run: z.string().nullable(),
      }),
    ),
  })
  .openapi('History')

const ask = createRoute({
  method: 'get',
  path: '/why',
  tags: ['Operate'],
  security: bearer,
  middleware: requireScope('read'),
  summary: 'Everything that ever happened to one company, the oldest first',
  request: {
    query: z.object({
      tax_id: z.string().max(30).optional().openapi({ description: 'In any form.' }),
      lead_id: z.string().max(20).optional(),
      client_code: z.string().max(20).optional(),
    }),
  },
  responses: { 200: json(history, 'With `notes` on what could not be asked.'), ...refusals(400, 401, 403, 429, 503) },
})

export function registerWhy(app: OpenAPIHono<ApiEnv>, { lanes, state, erp, crm }: ApiDeps): void {
  app.openapi(ask, async (c) => {
    const { tax_id: taxId, lead_id: leadId, client_code: clientCode } = c.req.valid('query')
    const asked: Question[] = [
      ...(taxId === undefined ? [] : [{ taxId }]),
      ...(leadId === undefined ? [] : [{ leadId }]),
      ...(clientCode === undefined ? [] : [{ clientCode }]),
    ]
    if (asked.length !== 1) throw new ApiError('INVALID_PAYLOAD', 'Ask by one of tax_id, lead_id and client_code.')
    const { who, happenings } = await why({ lanes, state, erp, crm }, asked[0]!)
    const { leads, branches, contacts, taxIds, names, persons, notes, away } = who
    const lists = { leads, branches, contacts, taxIds, names, persons, notes }
    const copied = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]])) as {
      [name in keyof typeof lists]: string[]
    }
    return c.json({ who: { ...copied, away: [...away] }, happenings: happenings.map((one) => ({ ...one, at: one.at.toISOString() })) }, 200)
  })
}
