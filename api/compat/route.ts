/** What every route of the old service shares: its tag, who may call it, and what may go wrong anywhere. */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type pg from 'pg'
import { audited } from '../../connectors/state/people/audit.ts'
import { actorOf, bearer, requireScope } from '../http/auth.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'

/** Routes that look. */
export const reading = { tags: ['Compatible'], security: bearer, middleware: requireScope('read') }
/** Routes that write to the CRM, the ERP or the queue. */
export const acting = { tags: ['Compatible'], security: bearer, middleware: requireScope('operate') }

/** Of a route that asks the CRM. Without a body, 400 is what the path can have wrong. */
export const crmRefusals = refusals(400, 401, 403, 404, 429, 502, 503)
export const bodyRefusals = refusals(413, 415)

/** The CRM's own answer to a change: the id of what was changed or made. */
export const crmId = z.object({ value: z.int() }).openapi('CrmId')

interface Named {
  readonly entity: 'leads' | 'contacts'
  readonly key: string
}

/** What a route changes, as histories name it. */
export const leadNamed = (id: number): Named => ({ entity: 'leads', key: String(id) })
export const personNamed = (id: number, leadId: number | null | undefined): Named => ({ entity: 'contacts', key: `${id}-${leadId ?? ''}` })

/**
 * For what changes something in CRM, ERP or queue: does it, and leaves it in the audit log as the token's doing. Of values only the fields'
 * names are kept.
 * @param on what it is done to; of what is made, a function from what the work gives
 */
export function acted(state: pg.Pool) {
  const audit = audited(state)
  return async <T>(
    c: Context<ApiEnv>,
    action: string,
    on: Named | ((made: T) => Named),
    body: object,
    work: () => Promise<T>,
  ): Promise<T> => {
    const fields = Object.keys(body)
    const known = typeof on === 'function' ? { target: 'new' } : { target: `${on.entity} ${on.key}`, before: { records: [on] } }
    const { made } = await audit({ actor: actorOf(c), action, ...known, after: { fields } }, async () => {
      const made = await work()
      return typeof on === 'function' ? { made, after: { fields, records: [on(made)] } } : { made }
    })
    return made
  }
}
