/** GET /logs: sync_logs, newest first, by page. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { readLogs } from '../../connectors/coreintegrator/logs.ts'
import { json } from '../http/described.ts'
import { refusals } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'
import type { CoreIntegratorDeps } from './deps.ts'

const digits = (max: number, standard: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= max, `must be ${max} at most`)
    .default(standard)

const row = z.object({
  id: z.int(),
  payload: z.string().nullable().openapi({ description: 'JSON as text, as it was sent.' }),
  status: z.string().nullable(),
  created_at: z.string(),
  erp_id: z.union([z.int(), z.string()]).nullable(),
  attempts: z.int().nullable(),
  error: z.string().nullable(),
  duration_ms: z.int().nullable(),
})

const logs = createRoute({
  method: 'get',
  path: '/logs',
  request: {
    query: z.object({
      limit: digits(1_000, 100),
      offset: digits(999_999_999, 0),
      status: z.enum(['SUCCESS', 'FAILED', 'DEAD']).optional(),
    }),
  },
  responses: { 200: json(z.array(row), 'Newest first.'), ...refusals(400, 500) },
})

export function registerLogs(app: OpenAPIHono<ApiEnv>, { database }: CoreIntegratorDeps): void {
  app.openapi(logs, async (c) => c.json(await readLogs(database, c.req.valid('query')), 200))
}
