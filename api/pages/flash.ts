/** What the last action came to, carried over its redirect: in the address as a number, in memory as words. */
import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import type { ApiEnv } from '../http/types.ts'
import type { Notice } from './parts.tsx'
import { personOf } from './people/guard.ts'

const KEPT = 200
const notices = new Map<string, { readonly session: string; readonly notice: Notice }>()

/** Goes to a page that will say it. Another process may show the page: then it shows what became of the action, and says nothing. */
export function say(c: Context<ApiEnv>, to: string, tone: Notice['tone'], text: string): Response {
  const id = randomBytes(9).toString('base64url')
  notices.set(id, { session: personOf(c).session, notice: { tone, text } })
  const [oldest] = notices.keys()
  if (notices.size > KEPT && oldest !== undefined) notices.delete(oldest)
  return c.redirect(`${to}${to.includes('?') ? '&' : '?'}said=${id}`, 303)
}

/** Only to whom it was said, as often as they look. */
export function said(c: Context<ApiEnv>): Notice | null {
  const found = notices.get(c.req.query('said') ?? '')
  return found && found.session === personOf(c).session ? found.notice : null
}
