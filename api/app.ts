/** The HTTP API as a value: `createApp(deps)` gives it, only a main listens. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { registerCompat } from './compat/register.ts'
import type { ApiDeps } from './deps.ts'
import { notFound, onError, onInvalid } from './errors.ts'
import { identify } from './identify.ts'
import { registerOperate } from './operate/register.ts'
import type { ApiEnv } from './types.ts'

/** @returns the whole API; `app.request()` answers without a port */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: onInvalid })
  app.onError(onError(deps.log))
  app.notFound(notFound)
  app.use(identify(deps))
  registerCompat(app, deps)
  registerOperate(app, deps)
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Ponte', version: '1', description: 'Keeps an ERP and a CRM in step.' },
    tags: [],
  })
  return app
}
