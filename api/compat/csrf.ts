/**
 * Requests that a foreign page makes a browser send. Two things that such a page cannot do: send our Origin, and read or set a
 * SameSite=Strict cookie of ours, whose value the form must repeat (double submit).
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { ApiError } from '../http/errors.ts'
import type { ApiEnv } from '../http/types.ts'

const cookie = 'ponte_csrf'
const shape = /^[A-Za-z0-9_-]{43}$/

/** @returns what the form must send back as `csrf`; the cookie stays when there is one, so that two tabs do not spoil each other */
export function issueCsrf(c: Context<ApiEnv>, path: string): string {
  const held = getCookie(c, cookie)
  if (held !== undefined && shape.test(held)) return held
  const fresh = randomBytes(32).toString('base64url')
  setCookie(c, cookie, fresh, { path, httpOnly: true, sameSite: 'Strict', secure: isEncrypted(c) })
  return fresh
}

/** Whether a cookie may be marked Secure. Whoever lies about it spoils only their own cookie. */
export function isEncrypted(c: Context<ApiEnv>): boolean {
  return new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https'
}

/** @throws ApiError FORBIDDEN */
export function checkCsrf(c: Context<ApiEnv>, sent: string | undefined): void {
  const held = getCookie(c, cookie)
  const equal =
    held !== undefined &&
    sent !== undefined &&
    shape.test(held) &&
    shape.test(sent) &&
    timingSafeEqual(Buffer.from(held), Buffer.from(sent))
  if (!equal) throw new ApiError('FORBIDDEN', 'The form is too old, or was not opened here.', { hint: 'open the form again' })
}

/** Browsers send Origin with every POST; other callers need not. @throws ApiError FORBIDDEN */
export function checkOrigin(c: Context<ApiEnv>): void {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  const isOurs =
    origin === undefined
      ? site === undefined || site === 'same-origin' || site === 'none'
      : URL.canParse(origin) && new URL(origin).host === new URL(c.req.url).host
  if (!isOurs) throw new ApiError('FORBIDDEN', 'The request comes from another page.')
}
