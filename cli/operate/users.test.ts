/** `ponte users` as processes, and what it gives: a login to the pages that `ponte api` serves. */
import { userInfo } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type House, openHouse } from '../testing/house.ts'

let house: House
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())

test('there is nobody at first; a user gets a password that is shown once and let in by the pages', async () => {
  expect((await house.json('users', 'ls')).document).toEqual({ ok: true, users: [] })
  const { document, code } = await house.json('users', 'add', 'ana', '--role', 'operator')
  expect(code).toBe(0)
  expect(document).toEqual({ ok: true, name: 'ana', role: 'operator', password: expect.stringMatching(/^[\w-]{20}$/) })
  const listed = await house.json('users', 'ls')
  expect(listed.document.users).toMatchObject([{ name: 'ana', role: 'operator', mustChange: true, disabledAt: null }])
  expect(listed.stdout).not.toContain(document.password)

  const api = house.ponte.start(['api', '--json'], { ...house.env, PORT: '0', UI_PORT: '0', LOG_FILE: '-' })
  const { url, pages } = JSON.parse(await api.shows('"pages"')) as { url: string; pages: string }
  expect(new URL(url).port).not.toBe(new URL(pages).port)
  const login = await fetch(`${pages}/login`)
  const csrf = /name="csrf" value="([^"]+)"/.exec(await login.text())![1]!
  const answer = await fetch(`${pages}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: new URL(pages).origin, cookie: login.headers.getSetCookie()[0]!.split(';')[0]! },
    body: new URLSearchParams({ csrf, name: 'ana', password: document.password }),
  })
  const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!
  const inside = await fetch(pages, { headers: { cookie } })
  expect([answer.status, inside.url]).toEqual([303, `${pages}/password`])
  // Style and script are where the compiled code looks for them.
  const style = /href="(\/ui\/assets\/[^"]+\.css)"/.exec(await inside.text())![1]!
  expect((await fetch(new URL(style, pages))).headers.get('content-type')).toContain('text/css')
  expect((await fetch(new URL('/ui/login', url))).status).toBe(404)

  expect((await house.json('users', 'disable', 'ana')).code).toBe(0)
  expect((await fetch(pages, { headers: { cookie }, redirect: 'manual' })).headers.get('location')).toContain('/ui/login')
  expect((await house.json('users', 'enable', 'ana')).code).toBe(0)
  api.child.kill('SIGTERM')
  const ended = await api.ended
  expect(ended.code).toBe(0)
  expect(ended.stderr).not.toContain(document.password)
}, 180_000)

test('a password may come from standard input, and a bad one changes nothing', async () => {
  const give = async (password: string, ...args: string[]) => {
    const started = house.ponte.start([...args, '--password-stdin', '--json'], house.env, undefined, password)
    return started.ended
  }
  expect((await give('long enough to be good\n', 'users', 'add', 'bea', '--role', 'viewer')).code).toBe(0)
  const short = await give('short', 'users', 'password', 'bea')
  expect(short.code).toBe(2)
  expect(JSON.parse(short.stdout)).toMatchObject({
    ok: false,
    error: { code: 'usage.users', message: expect.stringContaining('12 characters') },
  })
})

test.each([
  [['add', 'Ana B', '--role', 'viewer'], 'small letters'],
  [['add', 'cid', '--role', 'admin'], 'viewer or operator'],
  [['add', 'ana', '--role', 'viewer'], 'already'],
  [['password', 'nobody'], 'no user'],
  [['disable', 'nobody'], 'no enabled user'],
])('ponte users %j is wrong usage: %s', async (args, message) => {
  const { code, document } = await house.json('users', ...args)
  expect(code).toBe(2)
  expect(document).toMatchObject({ ok: false, error: { code: 'usage.users', message: expect.stringContaining(message) } })
})

test('who did it is in the audit log', async () => {
  const { rows } = await house.state.query(`select actor, action, target, outcome from audit where target = 'ana' order by id limit 2`)
  expect(rows).toMatchObject([
    { actor: expect.stringMatching(/^cli:/), action: 'users.add', outcome: 'done' },
    { action: 'login', outcome: 'done' },
  ])
})

test('so is whoever pauses, asks for a run, passes a guard, or makes a token', async () => {
  const run = '01JD3Z5W0E7R6X8K9M2N4P5Q6S'
  const job = 'job_execute_spark'
  for (const args of [
    ['pause'],
    ['resume'],
    ['pause', job],
    ['token', 'add', 'x', '--scope', 'read'],
    ['token', 'revoke', 'x'],
    ['token', 'revoke', 'x'],
    ['run', job, '--enqueue'],
    ['run', job, '--accept-guard', run],
  ])
    await house.run(...args)
  const { rows } = await house.state.query(`select actor, action, target, outcome from audit where action ~ '^(jobs|tokens)' order by id`)
  const me = `cli:${userInfo().username}`
  expect(rows.map(({ actor, action, target, outcome }) => [actor, action, target, outcome])).toEqual([
    [me, 'jobs.pause', '*', 'done'],
    [me, 'jobs.resume', '*', 'done'],
    [me, 'jobs.pause', job, 'done'],
    [me, 'tokens.add', 'x', 'done'],
    [me, 'tokens.revoke', 'x', 'done'],
    [me, 'tokens.revoke', 'x', 'usage.token'],
    [me, 'jobs.run', job, 'done'],
    [me, 'jobs.run', job, 'run.not_stopped'],
  ])
})
