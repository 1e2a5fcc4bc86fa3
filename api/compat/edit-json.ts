/** /edit_json: a value that a converted lead lacks is put into its letters while they wait. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ApiDeps } from '../deps.ts'
import { bearer, forbidden, unauthorized } from '../http/auth.ts'
import { ApiError, refusals } from '../http/errors.ts'
import { createTokenBook } from '../http/tokens.ts'
import type { ApiEnv, Caller } from '../http/types.ts'
import { pathId } from './bodies.ts'
import { checkCsrf, checkOrigin, issueCsrf } from './csrf.ts'
import { editable, editHeaders, editPage } from './edit-form.ts'
import { acted, leadNamed } from './route.ts'

const path = '/edit_json'
const prefix = 'converted_lead'
const job = 'job_update_converted_lead_in_erp'
const page = (description: string) => ({ description, content: { 'text/html': { schema: z.string() } } })

const show = createRoute({
  tags: ['Compatible'],
  method: 'get',
  path,
  summary: 'A form for the letters of converted leads that wait',
  request: {
    query: z.object({
      changed: z
        .string()
        .regex(/^\d{1,6}$/)
        .optional(),
    }),
  },
  responses: { 200: page('The form.'), ...refusals(400, 429) },
})

const form = z
  .object({
    lead_id: pathId,
    depara: z.enum(Object.keys(editable) as [keyof typeof editable, ...(keyof typeof editable)[]]),
    value: z.string().trim(),
    token: z.string().max(1_000).optional().openapi({ description: 'An operate token, for browsers; others send it as a bearer token.' }),
    csrf: z
      .string()
      .max(100)
      .optional()
      .openapi({ description: 'From the form; not asked for with a bearer token, which no browser sends by itself.' }),
  })
  .refine(({ depara, value }) => editable[depara].value.test(value), {
    path: ['value'],
    message: 'does not look like a value of this field',
  })

const save = createRoute({
  tags: ['Compatible'],
  security: [...bearer, {}],
  method: 'post',
  path,
  summary: 'Sets a custom field in every waiting letter of a converted lead',
  request: { body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: form } } } },
  responses: { 302: page('Set; back to the form.'), ...refusals(400, 401, 403, 404, 413, 415, 429, 503) },
})

export function registerEditJson(app: OpenAPIHono<ApiEnv>, { lanes, settings, state, log, wake }: ApiDeps): void {
  const tokens = createTokenBook(settings, state, log)
  const act = acted(state)
  /** By bearer token, or by the form: then only when our own page sent it. */
  const authenticate = async (c: Context<ApiEnv>, { token, csrf }: z.output<typeof form>): Promise<Caller> => {
    checkOrigin(c)
    const known = c.get('caller')
    if (!known) checkCsrf(c, csrf)
    const caller = known ?? (token === undefined ? null : await tokens.find(token))
    if (!caller) throw unauthorized()
    if (caller.scope !== 'operate') throw forbidden('operate')
    c.set('caller', caller)
    return caller
  }

  app.openapi(show, (c) => {
    const { changed } = c.req.valid('query')
    return c.html(editPage(issueCsrf(c, path), changed === undefined ? null : Number(changed)), 200, editHeaders)
  })

  app.openapi(save, async (c) => {
    const sent = c.req.valid('form')
    const { name } = await authenticate(c, sent)
    const { lead_id: leadId, depara: field, value } = sent
    const edit = setField(leadId, field, value)
    const changed = await act(c, 'letters.edit', leadNamed(leadId), { [field]: value }, async () => {
      const letters = await lanes.leads.editWaiting(prefix, edit.apply)
      if (letters === 0 && !edit.isThere()) throw new ApiError('NOT_FOUND', 'No letter of this lead is waiting.')
      return letters
    })
    log.info({ caller: name, leadId, field, letters: changed }, 'waiting letters were edited')
    if (changed > 0) wake(job)
    return c.html('', 302, { location: `${path}?changed=${changed}` })
  })
}

/** The edit of one letter, and whether any letter had the value already. */
function setField(leadId: number, id: string, value: string) {
  let there = false
  const apply = (body: string): string | null => {
    const event = parsed(body)
    if (!isRecord(event) || !isRecord(event.Lead) || Number(event.Lead.Id) !== leadId) return null
    const { CustomFields: held } = event.Lead
    const fields: unknown[] = Array.isArray(held) ? held : []
    const mine = fields.filter((one) => isRecord(one) && one.id === id)
    if (mine.length === 1 && (mine[0] as Record<string, unknown>).value === value) {
      there = true
      return null
    }
    const others = fields.filter((one) => !mine.includes(one))
    return JSON.stringify({ ...event, Lead: { ...event.Lead, CustomFields: [...others, { id, value }] } })
  }
  return { apply, isThere: () => there }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
