/** Who may see the pages and act on them: a session by cookie, our own forms only, operators for what changes something. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import type pg from 'pg'
import { findSession, openSession, type SessionLimits, touchSession } from '../../../connectors/state/people/sessions.ts'
import { checkOrigin, isEncrypted } from '../../compat/csrf.ts'
import { ApiError } from '../../http/errors.ts'
import { formOf } from '../../http/input.ts'
import type { ApiEnv, Person } from '../../http/types.ts'

const cookie = 'ponte_session'
/** Sent by live.js: such a request shows that the page is open, not that anybody sits before it. */
export const isLive = (c: Context<ApiEnv>): boolean => c.req.header('x-ponte-live') === '1'

/** Sets the cookie of a new session. The old one, if any, is left to end: a session is never carried over a login. */
export async function beginSession(c: Context<ApiEnv>, state: pg.Pool, user: string, limits: SessionLimits): Promise<void> {
  const token = randomBytes(32).toString('base64url')
  await openSession(state, sha256(token), user, limits)
  setCookie(c, cookie, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: isEncrypted(c),
    maxAge: Math.floor(limits.maxMs / 1_000),
  })
}

export function dropCookie(c: Context<ApiEnv>): void {
  setCookie(c, cookie, '', { path: '/', httpOnly: true, sameSite: 'Strict', secure: isEncrypted(c), maxAge: 0 })
}

/**
 * Sets `person`, or sends to the login. Who has to change their password first is sent there.
 * @param ownPassword the page that stays open to those
 */
export function requireLogin(state: pg.Pool, limits: SessionLimits, ownPassword: string) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const token = getCookie(c, cookie)
    const session = token === undefined ? null : sha256(token)
    const found = session === null ? null : await findSession(state, session, limits)
    if (!found) return toLogin(c)
    c.set('person', { name: found.user, role: found.role, session: session!, csrf: csrfOf(token!) })
    if (!isLive(c)) await touchSession(state, session!)
    if (found.mustChange && c.req.path !== ownPassword && !c.req.path.endsWith('/logout')) return c.redirect(ownPassword, 303)
    return next()
  })
}

/** Pages go on to the login and come back; what acts, and what refreshes by itself, is told no. */
function toLogin(c: Context<ApiEnv>): Response {
  if (c.req.method !== 'GET' || isLive(c)) throw new ApiError('UNAUTHORIZED', 'Your session has ended.', { hint: 'log in again' })
  const { pathname, search } = new URL(c.req.url)
  return c.redirect(`/ui/login?next=${encodeURIComponent(pathname + search)}`, 303)
}

/** For POST: our own form in this session sent it. @throws ApiError FORBIDDEN */
export function requireOwnForm() {
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    checkOrigin(c)
    const { csrf } = await formOf(c)
    if (typeof csrf !== 'string' || !equal(csrf, personOf(c).csrf))
      throw new ApiError('FORBIDDEN', 'The form is too old, or was not opened here.', { hint: 'open the page again' })
    return next()
  })
}

/** For routes that act. @throws ApiError FORBIDDEN */
export function requireOperator() {
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (personOf(c).role !== 'operator') throw new ApiError('FORBIDDEN', 'Only an operator may do this; you may look.')
    return next()
  })
}

export function personOf(c: Context<ApiEnv>): Person {
  const person = c.get('person')
  if (!person) throw new ApiError('UNAUTHORIZED', 'Nobody is logged in.')
  return person
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Of the session, so that it needs no place of its own; nobody can make it who does not have the cookie. */
const csrfOf = (token: string): string => createHash('sha256').update(`csrf ${token}`).digest('base64url')

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}
