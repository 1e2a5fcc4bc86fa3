/** What operators and machines ask Ponte itself: health, queue, jobs. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../types.ts'
import { registerHealth } from './health.ts'
import { registerJobs } from './jobs.ts'
import { registerQueue } from './queue.ts'

export function registerOperate(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  registerHealth(app, deps)
  registerQueue(app, deps)
  registerJobs(app, deps)
}
