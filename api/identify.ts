/** Resolves the bearer token of a request to its caller. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import type { ApiDeps } from './deps.ts'
import type { ApiEnv, Caller } from './types.ts'

/** Sets `caller`, null when there is no known token. */
export function identify({ settings }: ApiDeps) {
  const known = settings.tokens.map(({ name, scope, sha256 }) => ({ name, scope, hash: Buffer.from(sha256, 'hex') }))
  const find = (token: string): Caller | null => {
    const hash = createHash('sha256').update(token).digest()
    let found: Caller | null = null
    // All are compared, so that the time says nothing about which one it was.
    for (const { name, scope, hash: mine } of known) if (timingSafeEqual(mine, hash)) found = { name, scope }
    return found
  }
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
    c.set('caller', token === undefined ? null : find(token))
    await next()
  })
}
