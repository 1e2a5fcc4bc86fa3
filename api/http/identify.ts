/** Resolves the bearer token of a request to its caller, and holds callers to their requests per minute. */
import { createMiddleware } from 'hono/factory'
import { clientAddress, networks, rateKey } from './address.ts'
import { ApiError } from './errors.ts'
import type { RateLimit } from './rate.ts'
import type { TokenBook } from './tokens.ts'
import type { ApiEnv } from './types.ts'

/** Sets `caller`, null when there is no known token. */
export function identify(tokens: TokenBook, limit: RateLimit) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
    const found = token === undefined ? null : tokens.find(token)
    const caller = found instanceof Promise ? await found : found
    c.set('caller', caller)
    if (caller) checkRate(limit, `token ${caller.name}`)
    await next()
  })
}

/** @throws ApiError TOO_MANY_REQUESTS with Retry-After */
export function checkRate(limit: RateLimit, key: string): void {
  const seconds = limit.take(key)
  if (seconds === 0) return
  throw new ApiError('TOO_MANY_REQUESTS', 'Too many requests in this minute.', {
    headers: { 'retry-after': String(seconds) },
    hint: 'API_REQUESTS_PER_MINUTE is the limit',
  })
}

/** Counts requests by the address that they come from, before anything else is looked at. */
export function limitAddresses(limit: RateLimit, trustedProxies: readonly string[]) {
  const addressOf = clientAddress(networks(trustedProxies))
  return createMiddleware<ApiEnv>(async (c, next) => {
    const address = addressOf(c)
    if (address !== null) checkRate(limit, `address ${rateKey(address)}`)
    await next()
  })
}
