/** Who may do what: bearer tokens with one of three scopes. */
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Scope } from '../deps.ts'
import { ApiError } from './errors.ts'
import type { ApiEnv } from './types.ts'

/** What each scope of a token allows. */
const allows: Readonly<Record<Scope, readonly Scope[]>> = {
  webhook: ['webhook'],
  read: ['read'],
  operate: ['operate', 'read', 'webhook'],
}

/**
 * Lets a request through when its token has `scope`; 401 without a known token, 403 with one that may not.
 * @example app.openapi(createRoute({ ..., middleware: requireScope('read'), security: bearer }), handler)
 */
export function requireScope(scope: Scope) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const caller = c.get('caller')
    if (!caller) throw unauthorized()
    if (!allows[caller.scope].includes(scope)) throw forbidden(scope)
    await next()
  })
}

/** Who acts through a route that needs a token, as the audit log names them. */
export const actorOf = (c: Context<ApiEnv>): string => `token:${c.get('caller')!.name}`

/** `security` of a route in the document. */
export const bearer = [{ bearer: [] }]

export function unauthorized(message = 'A known token is needed: Authorization: Bearer <token>.'): ApiError {
  return new ApiError('UNAUTHORIZED', message, {
    headers: { 'www-authenticate': 'Bearer realm="ponte"' },
    hint: 'ponte token add <name> --scope ... makes one',
  })
}

export function forbidden(scope: Scope): ApiError {
  return new ApiError('FORBIDDEN', `This needs a token of scope ${scope}.`, {
    headers: { 'www-authenticate': `Bearer realm="ponte", error="insufficient_scope", scope="${scope}"` },
  })
}
