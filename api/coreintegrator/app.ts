/** CoreIntegrator over HTTP: GET /health, POST /sync, GET /logs. `app.request()` answers without a port. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { notFound, onError } from '../http/errors.ts'
import { checkAddress, onInvalid } from '../http/input.ts'
import { observe } from '../http/observe.ts'
import type { ApiEnv } from '../http/types.ts'
import type { CoreIntegratorDeps } from './deps.ts'
import { registerCustomerHealth } from './health.ts'
import { registerLogs } from './logs.ts'
import { registerSync } from './sync.ts'

/** No tokens: the original has none, and its demonstration works literally. It therefore listens on 127.0.0.1 unless told otherwise. */
export function createCoreIntegratorApp(deps: CoreIntegratorDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: onInvalid })
  app.onError(onError(deps.log))
  app.notFound(notFound)
  app.use(observe(deps.log))
  app.use(checkAddress())
  registerCustomerHealth(app, deps)
  registerSync(app, deps)
  registerLogs(app, deps)
  return app
}
