/** Everybody changes their own password, and must, when somebody else knows it. */
import type { Context, Hono } from 'hono'
import { audited, noteRefused } from '../../../connectors/state/people/audit.ts'
import { countAttempt, forgetAttempts } from '../../../connectors/state/people/sessions.ts'
import { findUser, setPassword } from '../../../connectors/state/people/users.ts'
import type { ApiDeps } from '../../deps.ts'
import { ApiError } from '../../http/errors.ts'
import { formOf } from '../../http/input.ts'
import { checkPassword, hashPassword, passwordProblem, passwordRule } from '../../http/password.ts'
import type { ApiEnv } from '../../http/types.ts'
import { Csrf, page, type View } from '../layout.tsx'
import { type Notice, Said } from '../parts.tsx'
import { personOf } from './guard.ts'

export const ownPasswordPath = '/ui/password'
const ATTEMPTS = 10

export function registerOwnPassword(pages: Hono<ApiEnv>, { state }: ApiDeps, viewOf: (c: Context<ApiEnv>) => View): void {
  const audit = audited(state)
  const show = async (c: Context<ApiEnv>, notice: Notice | null, status: 200 | 400 = 200) => {
    const user = await findUser(state, personOf(c).name)
    return page(
      c,
      viewOf(c),
      { title: 'Your password', status },
      <Form view={viewOf(c)} must={user?.mustChange ?? false} notice={notice} />,
    )
  }
  pages.get(ownPasswordPath, (c) => show(c, null))
  pages.post(ownPasswordPath, async (c) => {
    const { name, session } = personOf(c)
    const { current, fresh, again } = await formOf(c)
    if (typeof current !== 'string' || typeof fresh !== 'string') throw new ApiError('INVALID_PAYLOAD', 'current and fresh are missing')
    const refuse = (text: string) => show(c, { tone: 'bad', text }, 400)
    // A session that somebody left open must not be a way to guess.
    if ((await countAttempt(state, { [`password of ${name}`]: ATTEMPTS })) !== null) return refuse('Too many attempts. Try again later.')
    const user = await findUser(state, name)
    if (!user || !(await checkPassword(current.slice(0, passwordRule.max + 1), user.password))) {
      await noteRefused(state, { actor: `user:${name}`, action: 'users.password', target: name }, 'refused')
      return refuse('The current password is wrong.')
    }
    if (fresh !== again) return refuse('The new password was typed differently the second time.')
    if (fresh === current) return refuse('The new password is the old one.')
    const problem = passwordProblem(name, fresh)
    if (problem !== null) return refuse(problem)
    const hash = await hashPassword(fresh)
    await audit({ actor: `user:${name}`, action: 'users.password', target: name }, () =>
      setPassword(state, name, { hash, mustChange: false }, session),
    )
    await forgetAttempts(state, [`password of ${name}`])
    return show(c, { tone: 'ok', text: 'Your password is changed. Your other sessions have ended.' })
  })
}

const Form = ({ view, must, notice }: { view: View; must: boolean; notice: Notice | null }) => (
  <>
    <h1>Your password</h1>
    <Said notice={notice} />
    {must ? <p class="said warn">Ponte made your password. Choose one that only you know; then everything else opens.</p> : null}
    <form class="card narrow" method="post" action={ownPasswordPath}>
      <Csrf person={view.person} />
      <input type="text" name="name" autocomplete="username" value={view.person.name} hidden />
      <Field name="current" label="Current password" autocomplete="current-password" />
      <Field name="fresh" label={`New password, ${passwordRule.min} characters or more`} autocomplete="new-password" />
      <Field name="again" label="New password once more" autocomplete="new-password" />
      <button type="submit">Change</button>
    </form>
  </>
)

const Field = ({ name, label, autocomplete }: { name: string; label: string; autocomplete: string }) => (
  <label>
    {label}
    <input name={name} type="password" required autocomplete={autocomplete} maxlength={passwordRule.max} />
  </label>
)
