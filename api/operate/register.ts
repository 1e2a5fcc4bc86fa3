/** What operators and machines ask Ponte itself: health, queue, jobs. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { ApiDeps } from '../deps.ts'
import type { ApiEnv } from '../http/types.ts'
import { registerFalhas } from './falhas.ts'
import { registerFalhasActions } from './falhas-actions.ts'
import { registerHealth } from './health.ts'
import { registerHeld } from './held.ts'
import { registerJobs } from './jobs.ts'
import { registerMetrics } from './metrics.ts'
import { registerPauses } from './pauses.ts'
import { registerQueue } from './queue.ts'
import { registerRuns } from './runs.ts'
import { registerWhy } from './why.ts'

export function registerOperate(app: OpenAPIHono<ApiEnv>, deps: ApiDeps): void {
  registerHealth(app, deps)
  registerQueue(app, deps)
  registerFalhas(app, deps)
  registerFalhasActions(app, deps)
  registerHeld(app, deps)
  registerWhy(app, deps)
  registerJobs(app, deps)
  registerRuns(app, deps)
  registerPauses(app, deps)
  if (deps.metrics) registerMetrics(app, deps.metrics, deps.settings.trustedProxies)
}
