/** The paths of the old service, except its webhooks. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../http/types.ts'
import { registerCustomFields } from './custom-fields.ts'
import { registerEditJson } from './edit-json.ts'
import { registerHandover } from './handover.ts'
import { registerIndustries } from './industries.ts'
import { registerLeadReads } from './lead-reads.ts'
import { registerLeadWrites } from './lead-writes.ts'
import { registerPersons } from './persons.ts'
import { registerSales } from './sales.ts'

export function registerCompat(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  registerLeadWrites(app, deps)
  registerLeadReads(app, deps)
  registerCustomFields(app, deps)
  registerPersons(app, deps)
  registerSales(app, deps)
  registerIndustries(app, deps)
  registerHandover(app, deps)
  registerEditJson(app, deps)
}
