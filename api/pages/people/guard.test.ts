/** Who gets in, how long they stay, and what is refused: without a browser, request by request. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit } from '../../../connectors/state/people/audit.ts'
import { addUser, setDisabled } from '../../../connectors/state/people/users.ts'
import { createApp, createPages } from '../../app.ts'
import { checkPassword, hashPassword, madePassword, passwordProblem } from '../../http/password.ts'
import { openApi, type TestApi } from '../../testing/api.ts'
import { safeNext } from './login.tsx'

const right = 'a long and secret phrase'
let api: TestApi
beforeAll(async () => {
  api = await openApi()
  const password = await hashPassword(right)
  for (const name of ['ana', 'bea', 'cid', 'dora', 'eva'])
    await addUser(api.state, { name, role: 'operator', password, mustChange: name === 'dora' })
})
afterAll(() => api.close())

type App = ReturnType<typeof createApp>
const cookiesOf = (response: Response) => response.headers.getSetCookie().map((line) => line.split(';')[0]!)
const get = (path: string, cookie = '', headers: Record<string, string> = {}, app: App = api.app) =>
  app.request(`http://ponte.test${path}`, { headers: { cookie, ...headers } })
const post = (path: string, form: Record<string, string>, cookie = '', headers: Record<string, string> = {}, app: App = api.app) =>
  app.request(`http://ponte.test${path}`, {
    method: 'POST',
    headers: { cookie, origin: 'http://ponte.test', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(form).toString(),
  })
const field = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

async function logIn(
  name: string,
  password = right,
  more: Record<string, string> = {},
  headers: Record<string, string> = {},
  app: App = api.app,
) {
  const page = await get('/ui/login', '', headers, app)
  const csrf = field(await page.text(), 'csrf')
  const answer = await post('/ui/login', { csrf, name, password, ...more }, cookiesOf(page).join('; '), headers, app)
  const cookie = cookiesOf(answer).find((one) => one.startsWith('ponte_session=')) ?? ''
  return { answer, cookie, status: answer.status }
}

describe('passwords', () => {
  test('are kept as scrypt hashes, each with a salt of its own', async () => {
    const [one, two] = await Promise.all([hashPassword(right), hashPassword(right)])
    expect(one).toMatch(/^scrypt\$32768\$8\$3\$/)
    expect(one).not.toBe(two)
    expect(await checkPassword(right, one)).toBe(true)
    expect(await checkPassword(`${right}.`, one)).toBe(false)
    expect(await checkPassword('caf\u0065\u0301 com leite', await hashPassword('caf\u00e9 com leite'))).toBe(true)
  })

  test('nobody’s password is no password', async () => {
    expect(await checkPassword('', null)).toBe(false)
    expect(await checkPassword(right, null)).toBe(false)
  })

  test.each([
    ['short', /12 characters/],
    ['aaaaaaaaaaaaaaaa', /different/],
    ['hello-ANA-hello', /name/],
    ['x'.repeat(201), /at most/],
  ])('%s is refused', (password, why) => {
    expect(passwordProblem('ana', password)).toMatch(why)
  })

  test('those that Ponte makes are good', () => {
    expect(passwordProblem('ana', madePassword())).toBeNull()
    expect(new Set(Array.from({ length: 50 }, madePassword)).size).toBe(50)
  })
})

describe('logging in', () => {
  test('gives a cookie that scripts cannot read and other sites do not send; behind TLS it is Secure', async () => {
    const { answer, status } = await logIn('ana')
    expect(status).toBe(303)
    expect(answer.headers.getSetCookie().find((line) => line.startsWith('ponte_session='))).toMatch(
      /^ponte_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const behind = await logIn('ana', right, {}, { 'x-forwarded-proto': 'https' })
    expect(behind.answer.headers.getSetCookie().join()).toMatch(/ponte_session=[^,]*HttpOnly; Secure; SameSite=Strict/)
  })

  test('leads to places of ours only', async () => {
    expect((await logIn('ana', right, { next: '/ui/falhas?code=x' })).answer.headers.get('location')).toBe('/ui/falhas?code=x')
    for (const next of ['/ui', '/painel', '/painel/queue/ponte', '/ui/jobs?said=a-b_c']) expect(safeNext(next)).toBe(next)
    for (const next of [
      '//evil.example',
      'https://evil.example',
      '/ui\\evil',
      '/uix',
      '/docs',
      'javascript:alert(1)',
      '/ui/login',
      undefined,
    ])
      expect(safeNext(next)).toBe('/ui')
  })

  test('says the same whether the name or the password is wrong, logs neither, and is in the audit log', async () => {
    const [wrong, unknown] = [await logIn('bea', 'not the right one'), await logIn('nobody-here', 'not the right one')]
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    const texts = await Promise.all(
      [wrong, unknown].map(async ({ answer }) => (await answer.text()).replace(/name="csrf" value="[^"]*"/, '')),
    )
    expect(texts[0]).toBe(texts[1])
    const refused = { action: 'login', outcome: 'refused' }
    expect(await listAudit(api.state, { action: 'login', limit: 2 })).toMatchObject([
      { actor: 'user:?', target: 'nobody', ...refused },
      { actor: 'user:bea', target: 'bea', ...refused },
    ])
    expect(readFileSync(api.logFile, 'utf8')).not.toMatch(/not the right one|nobody-here/)
  })

  test('who guesses is made to wait, also with the right password at last, and other users are not shut out', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 6; n++) statuses.push((await logIn('cid', `guess number ${n}`)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    const late = await logIn('cid')
    expect(late.status).toBe(429)
    expect(Number(late.answer.headers.get('retry-after'))).toBeGreaterThan(800)
    expect((await logIn('eva')).status).toBe(303)
  })

  test.each([
    ['without the cookie of the form', ''],
    ['with the cookie of another form', `ponte_csrf=${'x'.repeat(43)}`],
  ])('%s: 403', async (_, cookie) => {
    const page = await get('/ui/login')
    const csrf = field(await page.text(), 'csrf')
    expect((await post('/ui/login', { csrf, name: 'ana', password: right }, cookie)).status).toBe(403)
  })

  test('from another page: 403', async () => {
    expect((await logIn('ana', right, {}, { origin: 'https://evil.example' })).status).toBe(403)
  })
})

describe('a session', () => {
  test('is a new one after each login, and ends by logging out', async () => {
    const [one, two] = [await logIn('ana'), await logIn('ana')]
    expect(one.cookie).not.toBe(two.cookie)
    const csrf = field(await (await get('/ui', one.cookie)).text(), 'csrf')
    expect((await post('/ui/logout', { csrf }, two.cookie)).status, 'the token of another session').toBe(403)
    expect((await post('/ui/logout', { csrf }, one.cookie)).status).toBe(303)
    expect((await get('/ui', one.cookie)).status).toBe(303)
    expect((await get('/ui', two.cookie)).status).toBe(200)
  })

  test('is kept alive by its person, not by a page that refreshes by itself', async () => {
    const { cookie } = await logIn('ana')
    const idle = (minutes: number) => api.state.query(`update sessions set seen_at = seen_at - $1 * interval '1 minute'`, [minutes])
    await idle(40)
    expect((await get('/ui', cookie, { 'x-ponte-live': '1' })).status).toBe(200)
    await idle(40)
    expect((await get('/ui', cookie, { 'x-ponte-live': '1' })).status).toBe(401)
    const other = await logIn('ana')
    await idle(40)
    expect((await get('/ui', other.cookie)).status).toBe(200)
    await idle(40)
    expect((await get('/ui', other.cookie)).status).toBe(200)
  })

  test('of a disabled user ends at once', async () => {
    const { cookie } = await logIn('bea')
    expect((await get('/ui', cookie)).status).toBe(200)
    await setDisabled(api.state, 'bea', true)
    expect((await get('/ui', cookie)).status).toBe(303)
    expect((await logIn('bea')).status).toBe(401)
  })

  test('opens no route of the API, and a token opens no page', async () => {
    const { cookie } = await logIn('ana')
    expect((await get('/jobs', cookie)).status).toBe(401)
    expect((await api.ask('GET', '/ui', { as: 'operate' })).status).toBe(303)
  })

  test('with a password that Ponte made, leads nowhere but to a new one', async () => {
    const { cookie } = await logIn('dora')
    expect((await get('/ui', cookie)).headers.get('location')).toBe('/ui/password')
    const csrf = field(await (await get('/ui/password', cookie)).text(), 'csrf')
    const change = (form: Record<string, string>) => post('/ui/password', { csrf, ...form }, cookie)
    const fresh = 'only I know this one'
    expect((await change({ current: 'wrong', fresh, again: fresh })).status).toBe(400)
    expect((await change({ current: right, fresh, again: `${fresh}!` })).status).toBe(400)
    expect((await change({ current: right, fresh: 'short', again: 'short' })).status).toBe(400)
    const other = await logIn('dora')
    expect((await change({ current: right, fresh, again: fresh })).status).toBe(200)
    expect((await get('/ui', cookie)).status).toBe(200)
    expect((await get('/ui', other.cookie)).status, 'other sessions end').toBe(303)
    expect((await logIn('dora')).status).toBe(401)
    expect((await logIn('dora', fresh)).status).toBe(303)
  })
})

describe('every page', () => {
  test('forbids what is not ours: scripts, styles, frames, bases; and is not kept', async () => {
    const { cookie } = await logIn('ana')
    for (const path of ['/ui', '/ui/jobs', '/ui/login']) {
      const { headers } = await get(path, cookie)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('escapes what came from outside', async () => {
    const { cookie } = await logIn('ana')
    const evil = '<img src=x onerror=alert(1)>"\'&'
    await api.state.query(
      `insert into conflicts (entity, key, field, erp, crm, winner, event) values ('leads', $1, 'NAME', $1, $1, 'erp', $1)`,
      [evil],
    )
    const html = await (await get('/ui/conflicts', cookie)).text()
    expect(html).toContain('&lt;img src=x')
    expect(html).not.toContain('<img')
    expect(await (await get(`/ui/falhas?code=${encodeURIComponent(evil)}`, cookie)).text()).not.toContain('<img')
  })

  test('writes out what would make a text read as another, and keeps it exact where a form sends it back', async () => {
    const { cookie } = await logIn('ana')
    const evil = 'a\u202egnp.exe\u0085'
    await api.state.query(
      `insert into changes (run_id, entity, key, hash, letter, status, code, sends) values ('r', 'leads.update', $1, 'h', 'l', 'failed', 'DISCARDED', 3)`,
      [evil],
    )
    const html = await (await get('/ui/falhas', cookie)).text()
    expect(html).toContain('<td>a\\u202egnp.exe\\x85</td>')
    expect(html).toContain(`name="key" value="${evil}"`)
  })

  test('that is not there says so as a page', async () => {
    const { cookie } = await logIn('ana')
    for (const path of ['/ui/runs/nothing', '/ui/jobs/nothing', '/ui/falhas/nothing.json']) {
      const answer = await get(path, cookie)
      expect(answer.status).toBe(404)
      expect(await answer.text()).toContain('That did not work')
    }
  })
})

describe('UI_PORT', () => {
  test('gives pages without the API, and the API without pages', async () => {
    const { pages, ...settings } = api.deps.settings
    const [ui, bare] = [createPages({ ...api.deps, settings }, pages!), createApp({ ...api.deps, settings })]
    expect((await get('/ui/login', '', {}, ui)).status).toBe(200)
    expect((await get('/health', '', {}, ui)).status).toBe(200)
    expect((await get('/jobs', '', {}, ui)).status).toBe(404)
    expect((await get('/ui/login', '', {}, bare)).status).toBe(404)
    expect((await get('/', '', {}, bare)).status).toBe(404)
    expect((await get('/jobs', '', {}, bare)).status).toBe(401)
  })

  test('the state database away: a page that says so, and nobody gets in', async () => {
    const away = await openApi()
    await away.deps.state.end()
    const answer = await get('/ui', 'ponte_session=x', {}, away.app)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('That did not work')
    await away.close()
  })
})
