/** Industries: GET and POST /mercados. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { audited } from '../../connectors/state/people/audit.ts'
import { applyRule } from '../../engine/rules.ts'
import { leadCreationFields } from '../../records/lead.ts'
import type { ApiDeps } from '../deps.ts'
import { actorOf } from '../http/auth.ts'
import { json, jsonBody } from '../http/described.ts'
import type { ApiEnv } from '../http/types.ts'
import { industries } from './bodies.ts'
import { acting, bodyRefusals, crmRefusals, reading } from './route.ts'

/** As the mirror spells it: the ERP looks a lead's industry up by that. */
const { rule } = leadCreationFields.find((field) => field.name === 'INDUSTRY')!

const list = createRoute({
  ...reading,
  method: 'get',
  path: '/mercados',
  summary: 'The industries of the CRM',
  responses: {
    200: json(z.object({ value: z.array(z.object({ id: z.int(), value: z.string() })) }), 'As the CRM has them.'),
    ...crmRefusals,
  },
})
const store = createRoute({
  ...acting,
  method: 'post',
  path: '/mercados',
  summary: 'Stores industries in the ERP that it does not have yet',
  request: { body: jsonBody(industries) },
  responses: {
    200: json(z.object({ message: z.string(), inserted: z.int(), existing: z.int() }), 'Stored.'),
    ...crmRefusals,
    ...bodyRefusals,
  },
})

export function registerIndustries(app: OpenAPIHono<ApiEnv>, { crm, erp, state }: ApiDeps): void {
  app.openapi(list, async (c) => c.json({ value: [...(await crm.industries())] }, 200))
  app.openapi(store, async (c) => {
    const given = c.req.valid('json').value.map(({ id, value }) => ({ id, value: applyRule(rule, value) ?? '' }))
    const action = { actor: actorOf(c), action: 'industries.store', target: `${given.length} industries` }
    const stored = await audited(state)(action, () => erp.storeIndustries(given))
    return c.json({ message: 'Industries stored successfully', ...stored }, 200)
  })
}
