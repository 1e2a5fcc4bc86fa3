/** GET /queue/falhas and /queue/falhas/{file}: what was refused, and one letter beside what ERP and CRM hold now. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type DeadFilter, findDead } from '../../operations/find-dead.ts'
import { showLines } from '../../operations/show-dead.ts'
import { entities, kindNames } from '../../records/kinds.ts'
import type { ApiDeps } from '../deps.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { json } from '../http/described.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { deadPage, printFound, printShown, shownLetter } from './falhas-schemas.ts'
import { knownJob } from './job-names.ts'
import { chosenLines, letterNamed } from './operator-of.ts'

const shared = { method: 'get' as const, tags: ['Operate'], security: bearer, middleware: requireScope('read') }
const whole = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,9}$/, 'must be a whole number from 1')
    .transform(Number)
    .refine((number) => number <= most, `must be at most ${most}`)
    .optional()
    .openapi({ type: 'integer', minimum: 1, maximum: most })
const short = (description: string) => z.string().min(1).max(200).optional().openapi({ description })

/** What names refused letters, in queries and bodies alike. */
export const filterFields = {
  lane: z.enum(kindNames).optional(),
  prefix: short('Of the name, as in converted_lead.'),
  entity: z.enum(entities.map(({ name }) => name) as [string, ...string[]]).optional(),
  job: short('That takes the letter; either of its names.'),
  code: short('Of the refusal, exactly.'),
  text: short('Part of the reason, in any case.'),
  tax_id: short('In any form.'),
  lead_id: short('Of the CRM.'),
}

export const file = z.object({ file: z.string().min(1).max(255) })

const list = createRoute({
  ...shared,
  path: '/queue/falhas',
  summary: 'Refused letters, oldest first, by what they are; a page at a time',
  request: {
    query: z.object({ ...filterFields, older_than_seconds: whole(315_360_000), limit: whole(200), after: z.string().max(300).optional() }),
  },
  responses: { 200: json(deadPage, 'Of each letter the lines that match.'), ...refusals(400, 401, 403, 404, 429) },
})
const show = createRoute({
  ...shared,
  path: '/queue/falhas/{file}',
  summary: 'One refused letter: what was sent, why it was refused, what ERP and CRM hold now',
  request: {
    params: file,
    query: z.object({ line: whole(1_000_000).openapi({ description: 'One line; without it the first ten are shown with both sides.' }) }),
  },
  responses: { 200: json(shownLetter, 'Side by side.'), ...refusals(400, 401, 403, 404, 429, 503) },
})

/** Lines for which both systems are asked in one request. */
const mostAsked = 10

export function registerFalhas(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  app.openapi(list, async (c) => {
    const { limit = 50, after, older_than_seconds: age, ...rest } = c.req.valid('query')
    const filter = { ...filterOf(rest), ...(age === undefined ? {} : { olderThanMs: age * 1_000 }) }
    const { letters, next, matching } = await findDead(deps.lanes, filter, { limit, after })
    return c.json({ letters: letters.map(printFound), next, matching }, 200)
  })
  app.openapi(show, async (c) => {
    const dead = await letterNamed(deps, c.req.valid('param').file)
    const { line } = c.req.valid('query')
    const lines = chosenLines(dead, line === undefined ? undefined : [line]) ?? dead.lines ?? []
    const asked = lines.slice(0, mostAsked)
    const views = await showLines(deps, dead, asked, { erp: deps.erp, crm: deps.crm })
    const others = await showLines(deps, dead, lines.slice(mostAsked), null)
    return c.json(printShown(dead, [...views, ...others]), 200)
  })
}

/** @throws ApiError NOT_FOUND for an unknown job */
export function filterOf(fields: { readonly [name in keyof typeof filterFields]?: string | undefined }): DeadFilter {
  const { tax_id: taxId, lead_id: leadId, job, ...plain } = fields
  const given = { ...plain, taxId, leadId, job: job === undefined ? undefined : knownJob(job).name }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
