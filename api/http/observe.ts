/** What every request gets, whatever becomes of it: an id, headers against misuse by browsers, and one line in the log. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import type { Logger } from 'pino'
import { ulid } from 'ulid'
import { inSpan } from '../../base/log/trace.ts'
import { pooledRandom } from '../../base/random.ts'
import { signals } from '../../base/signals.ts'
import type { ApiEnv } from './types.ts'

/** No CORS: nothing in a browser has business here, except what this origin serves itself. */
const headers = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/**
 * The usual JSON answer with the headers of all answers in it. A `Headers` object, which every other way makes, is a twentieth of the work
 * of a webhook: for the routes that are asked most.
 * @param json the body, serialised
 */
export function quickJson(c: Context<ApiEnv>, json: string): Response {
  c.set('headed', true)
  return new Response(json, { headers: { 'content-type': 'application/json', 'x-request-id': c.get('requestId'), ...headers } })
}

/** What a route has set itself stays. */
function addHeaders(c: Context<ApiEnv>): void {
  c.res.headers.set('x-request-id', c.get('requestId'))
  for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
}

/** Asked for every few seconds by machines: not worth a line each. */
const quiet = new Set<string | null>(['/health', '/ready', '/metrics'])

/** Whatever else somebody sends is one kind to those who count. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Of all that looked at the request, the last that is not meant for every path. */
const routeOf = (c: Context<ApiEnv>): string | null => matchedRoutes(c).findLast(({ path }) => path !== '/*')?.path ?? null

/**
 * The line names the route's pattern and never the path, which may hold a tax id or a secret; no query, no address, no body.
 */
export function observe(log: Logger) {
  const random = pooledRandom()
  return createMiddleware<ApiEnv>(async (c, next) => {
    const began = performance.now()
    const given = c.req.header('x-request-id')
    const requestId = given !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(given) ? given : ulid(undefined, random)
    c.set('requestId', requestId)
    c.set('caller', null)
    const method = methods.has(c.req.method) ? c.req.method : 'other'
    const route = await inSpan({ name: method, kind: 'server', parent: c.req.header('traceparent') }, async (span) => {
      await next()
      if (!c.get('headed')) addHeaders(c)
      const found = routeOf(c)
      span.rename(`${method} ${found ?? 'none'}`)
      span.set({ 'http.request.method': method, 'http.route': found ?? 'none', 'http.response.status_code': c.res.status, requestId })
      if (c.res.status >= 500) span.fail(String(c.res.status))
      return found
    })
    const ms = performance.now() - began
    signals.httpRequest.emit(() => ({ method, route, status: c.res.status, ms }))
    const line = {
      requestId,
      method: c.req.method,
      route,
      status: c.res.status,
      ms: Math.round(ms * 10) / 10,
      caller: c.get('caller')?.name ?? c.get('person')?.name ?? null,
    }
    if (quiet.has(route)) log.debug(line, 'request')
    else log.info(line, 'request')
  })
}
