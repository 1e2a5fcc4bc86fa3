/** Logging in and out. */
import type { Context, Hono } from 'hono'
import { audited, noteRefused } from '../../../connectors/state/people/audit.ts'
import { closeSession, countAttempt, forgetAttempts, type SessionLimits } from '../../../connectors/state/people/sessions.ts'
import { findUser } from '../../../connectors/state/people/users.ts'
import { checkCsrf, checkOrigin, issueCsrf } from '../../compat/csrf.ts'
import type { ApiDeps } from '../../deps.ts'
import { clientAddress, networks, rateKey } from '../../http/address.ts'
import { formOf } from '../../http/input.ts'
import { checkPassword, passwordRule } from '../../http/password.ts'
import type { ApiEnv } from '../../http/types.ts'
import { barePage } from '../layout.tsx'
import { beginSession, dropCookie, personOf } from './guard.ts'

const path = '/ui/login'
const userName = /^[a-z0-9][a-z0-9._-]{0,59}$/
/** Attempts in a quarter of an hour: who mistypes is not shut out, who guesses gets nowhere, and one address cannot shut out another's user. */
const limits = { fromHere: 5, address: 30, user: 200 }

export function registerLogin(pages: Hono<ApiEnv>, { state, settings, log }: ApiDeps, session: SessionLimits): void {
  const addressOf = clientAddress(networks(settings.trustedProxies))
  const audit = audited(state)

  pages.get(path, (c) => form(c, safeNext(c.req.query('next')), null))

  pages.post(path, async (c) => {
    checkOrigin(c)
    const sent = await formOf(c)
    const text = (name: string) => (typeof sent[name] === 'string' ? sent[name].slice(0, passwordRule.max + 1) : '')
    checkCsrf(c, text('csrf'))
    const next = safeNext(text('next'))
    const name = userName.exec(text('name').trim().toLowerCase())?.[0] ?? 'nobody'
    const address = rateKey(addressOf(c) ?? 'here')
    const counted = { [`${name} from ${address}`]: limits.fromHere, [`address ${address}`]: limits.address, [`user ${name}`]: limits.user }
    const wait = await countAttempt(state, counted)
    if (wait !== null) {
      c.header('retry-after', String(wait))
      return form(c, next, `Too many attempts. Try again in ${Math.ceil(wait / 60)} min.`, 429)
    }
    const user = await findUser(state, name)
    const isRight = await checkPassword(text('password'), user?.password ?? null)
    if (!user || !isRight) {
      // What was typed is not logged: people type their password into the wrong field.
      log.warn({ user: user?.name ?? null }, 'a login was refused')
      await noteRefused(state, { actor: `user:${user?.name ?? '?'}`, action: 'login', target: user?.name ?? 'nobody' }, 'refused')
      return form(c, next, 'Name or password is wrong.', 401)
    }
    await audit({ actor: `user:${user.name}`, action: 'login', target: user.name }, () => beginSession(c, state, user.name, session))
    await forgetAttempts(state, Object.keys(counted))
    return c.redirect(next, 303)
  })
}

/** Behind the guard. */
export function registerLogout(pages: Hono<ApiEnv>, { state }: ApiDeps): void {
  const audit = audited(state)
  pages.post('/ui/logout', async (c) => {
    const { name, session } = personOf(c)
    await audit({ actor: `user:${name}`, action: 'logout', target: name }, () => closeSession(state, session))
    dropCookie(c)
    return c.redirect(path, 303)
  })
}

/** Only places of ours: a link must not lead through our login to somewhere else. */
export function safeNext(next: string | undefined): string {
  return next !== undefined && /^\/(ui|painel)([/?][\w/?=&.%+:~-]*)?$/.test(next) && !next.startsWith(path) ? next : '/ui'
}

function form(c: Context<ApiEnv>, next: string, problem: string | null, status: 200 | 401 | 429 = 200) {
  return barePage(
    c,
    'Log in',
    status,
    <form class="card" method="post" action={path}>
      <h1>Log in</h1>
      {problem === null ? null : (
        <p class="said bad" role="alert">
          {problem}
        </p>
      )}
      <input type="hidden" name="csrf" value={issueCsrf(c, '/ui')} />
      <input type="hidden" name="next" value={next} />
      <label>
        Name
        <input name="name" required autofocus autocomplete="username" autocapitalize="none" spellcheck={false} maxlength={60} />
      </label>
      <label>
        Password
        <input name="password" type="password" required autocomplete="current-password" maxlength={passwordRule.max} />
      </label>
      <button type="submit">Log in</button>
      <p class="dim">
        No account? Whoever runs this machine makes one: <code>ponte users add &lt;name&gt; --role operator</code>
      </p>
    </form>,
  )
}
