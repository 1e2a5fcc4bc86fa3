/** The HTTP API as a value: `createApp(deps)` gives it, only a main listens. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { registerCompat } from './compat/register.ts'
import type { ApiDeps, PageSettings } from './deps.ts'
import { checkLength, limitStreams } from './http/body.ts'
import { registerDocs } from './http/docs.ts'
import { notFound, onError } from './http/errors.ts'
import { identify, limitAddresses } from './http/identify.ts'
import { checkAddress, onInvalid } from './http/input.ts'
import { observe } from './http/observe.ts'
import { createRateLimit } from './http/rate.ts'
import { createTokenBook } from './http/tokens.ts'
import type { ApiEnv } from './http/types.ts'
import { registerHealth } from './operate/health.ts'
import { registerOperate } from './operate/register.ts'
import { registerPages } from './pages/register.tsx'
import { registerWebhooks } from './webhooks/register.ts'

/** @returns the whole API; `app.request()` answers without a port */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const { settings, state, log } = deps
  const limit = createRateLimit(settings.requestsPerMinute)
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: onInvalid })
  app.onError(onError(log))
  app.notFound(notFound)
  // In this order (README): each refuses what the next should not have to look at.
  app.use(observe(log))
  app.use(limitAddresses(limit, settings.trustedProxies))
  app.use(checkAddress())
  app.use(checkLength())
  app.use(identify(createTokenBook(settings, state, log), limit))
  registerWebhooks(app, deps, limit)
  app.use(limitStreams())
  registerCompat(app, deps)
  registerOperate(app, deps)
  registerDocs(app)
  if (settings.pages) registerPages(app, deps, settings.pages)
  return app
}

/** @returns the pages alone, for a port of their own (UI_PORT), with the probes that whoever watches it asks for */
export function createPages(deps: ApiDeps, pages: PageSettings): OpenAPIHono<ApiEnv> {
  const { settings, log } = deps
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: onInvalid })
  app.onError(onError(log))
  app.notFound(notFound)
  app.use(observe(log))
  app.use(limitAddresses(createRateLimit(settings.requestsPerMinute), settings.trustedProxies))
  app.use(checkAddress())
  app.use(checkLength())
  app.use(limitStreams())
  registerHealth(app, deps)
  registerPages(app, deps, pages)
  return app
}
