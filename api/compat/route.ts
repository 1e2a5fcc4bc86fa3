/** What every route of the old service shares: its tag, who may call it, and what may go wrong anywhere. */
import { z } from '@hono/zod-openapi'
import { bearer, requireScope } from '../auth.ts'
import { refusals } from '../errors.ts'

/** Routes that look. */
export const reading = { tags: ['Compatible'], security: bearer, middleware: requireScope('read') }
/** Routes that write to the CRM, the ERP or the queue. */
export const acting = { tags: ['Compatible'], security: bearer, middleware: requireScope('operate') }

/** Of a route that asks the CRM. Without a body, 400 is what the path can have wrong. */
export const crmRefusals = refusals(400, 401, 403, 404, 429, 502, 503)
export const bodyRefusals = refusals(413, 415)

/** The CRM's own answer to a change: the id of what was changed or made. */
export const crmId = z.object({ value: z.int() }).openapi('CrmId')
