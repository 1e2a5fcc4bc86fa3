/** What an operator does with refused letters: edit, requeue (also recomputed, also in bulk), discard. All of it is in the audit log. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { discardDead } from '../../operations/discard-dead.ts'
import { editDead } from '../../operations/edit-dead.ts'
import { rebaseOn } from '../../operations/rebase.ts'
import { requeue, requeueMatching } from '../../operations/requeue.ts'
import type { Requeued } from '../../operations/requeue-dead.ts'
import { kindOf } from '../../records/kinds.ts'
import type { ApiDeps } from '../deps.ts'
import { bearer, requireScope } from '../http/auth.ts'
import { json, jsonBody } from '../http/described.ts'
import { ApiError, refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import { file, filterFields, filterOf } from './falhas.ts'
import { requeued } from './falhas-schemas.ts'
import { chosenLines, letterNamed, operatorOf } from './operator-of.ts'

const shared = { method: 'post' as const, tags: ['Operate'], security: bearer, middleware: requireScope('operate') }
const refused = refusals(400, 401, 403, 404, 409, 413, 415, 429, 503)
const lineNumber = z.int().min(1)
const lines = z.array(lineNumber).min(1).max(1_000).optional().openapi({ description: 'Only these; the others stay.' })
const rebase = z.boolean().default(false).openapi({ description: 'Send what the ERP says now instead of what was stored.' })

const requeueOne = createRoute({
  ...shared,
  path: '/queue/falhas/{file}/requeue',
  summary: 'Puts a dead letter back on the queue',
  request: {
    params: file,
    body: { required: false, content: { 'application/json': { schema: z.object({ lines, rebase }).openapi('RequeueOptions') } } },
  },
  responses: { 200: json(requeued, 'It waits again, as the newest.'), ...refused },
})
const requeueAll = createRoute({
  ...shared,
  path: '/queue/falhas/requeue',
  summary: 'Puts back all that a filter names, at most 1,000 letters at a time',
  request: { body: jsonBody(z.object({ ...filterFields, all: z.literal(true).optional(), rebase }).openapi('RequeueFilter')) },
  responses: {
    200: json(
      z
        .object({
          letters: z.int(),
          queued: z.int(),
          superseded: z.int(),
          more: z.boolean().openapi({ description: 'Ask again for the rest.' }),
        })
        .openapi('RequeuedAll'),
      'What was done. A letter that somebody else took meanwhile is not counted.',
    ),
    ...refused,
  },
})
const edit = createRoute({
  ...shared,
  path: '/queue/falhas/{file}/edit',
  summary: 'Corrects what a refused line sends, and puts it back',
  request: {
    params: file,
    body: jsonBody(
      z
        .object({
          line: lineNumber.optional().openapi({ description: 'Needed when the letter has several.' }),
          set: z
            .record(z.string().max(60), z.string().max(1_000).nullable())
            .openapi({ description: 'New values by field; null takes a value out.' }),
          version: z.string().max(64).optional(),
          requeue: z.boolean().default(true),
        })
        .openapi('LetterEdit'),
    ),
  },
  responses: {
    200: json(
      z
        .object({
          line: z.int(),
          changed: z.array(z.object({ field: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
          ownedByErp: z
            .array(z.string())
            .openapi({ description: 'Correct these in the ERP too, or the next compare sends its values again.' }),
          requeued: requeued.nullable(),
        })
        .openapi('EditedLetter'),
      'Corrected.',
    ),
    ...refused,
  },
})
const discard = createRoute({
  ...shared,
  path: '/queue/falhas/{file}/discard',
  summary: 'Decides that lines are not to be sent; they are kept in processados',
  request: { params: file, body: jsonBody(z.object({ lines, reason: z.string().trim().min(3).max(1_000) }).openapi('Discard')) },
  responses: {
    200: json(
      z.object({ lines: z.int(), archived: z.string(), left: z.int() }).openapi('Discarded'),
      'Kept, with the reason in the audit log.',
    ),
    ...refused,
  },
})

/** Letters that one request puts back at most, so that it ends while its caller waits. */
const mostAtOnce = 1_000

export function registerFalhasActions(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  const rebaseIf = (wanted: boolean) => (wanted ? { rebase: rebaseOn(deps.erp) } : {})
  /** Events of the CRM are applied at once; others wait for their schedule. */
  const wake = ({ job, letter, prefix }: Requeued) => {
    if (letter !== null && job !== null && kindOf(prefix)?.entity === null) deps.wake(job)
  }

  app.openapi(requeueOne, async (c) => {
    const { lines: numbers, rebase: isRebased = false } = c.req.valid('json') ?? {}
    const dead = await letterNamed(deps, c.req.valid('param').file)
    const done = await requeue(operatorOf(deps, c), dead, chosenLines(dead, numbers), rebaseIf(isRebased))
    wake(done)
    return c.json(print(done), 200)
  })
  app.openapi(requeueAll, async (c) => {
    const { rebase: isRebased, all, ...fields } = c.req.valid('json')
    const filter = filterOf(fields)
    if (Object.keys(filter).length > 0 === Boolean(all))
      throw new ApiError('INVALID_PAYLOAD', all ? 'Either all or a filter.' : 'Nothing is named: give a filter, or all.')
    const total = { letters: 0, queued: 0, superseded: 0, more: false }
    for await (const one of requeueMatching(operatorOf(deps, c), filter, rebaseIf(isRebased))) {
      if ('gone' in one) continue
      total.letters += 1
      total.queued += one.again
      total.superseded += one.superseded
      wake(one)
      total.more = total.letters === mostAtOnce
      if (total.more) break
    }
    return c.json(total, 200)
  })
  app.openapi(edit, async (c) => {
    const dead = await letterNamed(deps, c.req.valid('param').file)
    const { line, changed, ownedByErp, requeued } = await editDead(operatorOf(deps, c), dead, c.req.valid('json'))
    return c.json({ line, changed: [...changed], ownedByErp: [...ownedByErp], requeued: requeued === null ? null : print(requeued) }, 200)
  })
  app.openapi(discard, async (c) => {
    const dead = await letterNamed(deps, c.req.valid('param').file)
    const { lines: numbers, reason } = c.req.valid('json')
    const done = await discardDead(operatorOf(deps, c), dead, chosenLines(dead, numbers), reason)
    return c.json({ lines: done.lines, archived: done.archived, left: done.left }, 200)
  })
}

const print = ({ again, ...rest }: Requeued) => ({ ...rest, queued: again })
