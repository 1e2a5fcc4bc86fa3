/** `ponte api` and `ponte token` as processes. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type House, openHouse } from '../testing/house.ts'
import type { Started } from '../testing/ponte.ts'

const token = 'token-of-the-crm-for-webhooks'
const env = { PONTE_TOKENS: `crm:webhook:${token}`, PORT: '0', LOG_FILE: '-' }

let house: House
beforeAll(async () => {
  house = await openHouse()
})
afterAll(() => house.close())

async function serve(more: Record<string, string> = {}): Promise<{ api: Started; url: string }> {
  const api = house.ponte.start(['api', '--json'], { ...house.env, ...env, ...more })
  const { url } = JSON.parse(await api.shows('"url"')) as { url: string }
  return { api, url }
}
const deliver = (url: string, id: number, bearer = token) =>
  fetch(`${url}/atualizalead`, {
    method: 'POST',
    body: JSON.stringify({ Lead: { Id: id, Stage: 's', Company: 'cli' } }),
    headers: { authorization: `Bearer ${bearer}` },
  })

test('the API says where it listens, keeps webhooks as letters and ends with 0 on SIGTERM', async () => {
  const { api, url } = await serve({ API_URL: '', API_TOKEN: '' })
  expect((await deliver(url, 1)).status).toBe(200)
  expect(house.letters('leads', 'processar')).toHaveLength(1)
  api.child.kill('SIGTERM')
  const { code, stderr } = await api.ended
  expect(code).toBe(0)
  expect(stderr).not.toContain(token)
  expect(readdirSync(join(house.queue, 'leads', '.tmp'))).toEqual([])
})

test('it starts and takes in webhooks while the state database is away', async () => {
  const before = house.letters('leads', 'processar').length
  const { api, url } = await serve({ API_URL: '', API_TOKEN: '', STATE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' })
  expect((await deliver(url, 2)).status).toBe(200)
  expect(house.letters('leads', 'processar')).toHaveLength(before + 1)
  api.child.kill('SIGTERM')
  expect((await api.ended).code).toBe(0)
})

test('a port in use ends it with 1 and a hint: the unit tries again until it is free', async () => {
  const { api, url } = await serve()
  const { code, document } = await house
    .ponte(['api', '--json'], { ...house.env, ...env, PORT: new URL(url).port })
    .then(({ code: exit, stdout }) => ({ code: exit, document: JSON.parse(stdout) as unknown }))
  expect(code).toBe(1)
  expect(document).toMatchObject({ ok: false, error: { code: 'api.cannot_listen' } })
  api.child.kill('SIGTERM')
  expect((await api.ended).code).toBe(0)
})

describe('ponte token', () => {
  test('makes a token that a running server knows, shows it once, and revokes it', async () => {
    const { api, url } = await serve()
    const { document } = await house.json('token', 'add', 'second-crm', '--scope', 'webhook')
    expect(document).toMatchObject({ ok: true, name: 'second-crm', scope: 'webhook', token: expect.stringMatching(/^ponte_.{43}$/) })
    const until = Date.now() + 30_000
    while ((await deliver(url, 3, document.token)).status !== 200) expect(Date.now()).toBeLessThan(until)
    const listed = await house.run('token', 'ls')
    expect(listed.stdout).toContain('second-crm')
    expect(listed.stdout).not.toContain(document.token)
    expect((await house.run('token', 'revoke', 'second-crm')).code).toBe(0)
    while ((await deliver(url, 3, document.token)).status !== 401) expect(Date.now()).toBeLessThan(until)
    api.child.kill('SIGTERM')
    await api.ended
  })

  test.each([
    [['add', 'x', '--scope', 'admin'], 'usage.token'],
    [['add', 'two words', '--scope', 'read'], 'usage.token'],
    [['revoke', 'nobody'], 'usage.token'],
  ])('%j is refused with 2', async (args, code) => {
    const { document, code: exit } = await house.json('token', ...args)
    expect(exit).toBe(2)
    expect(document).toMatchObject({ ok: false, error: { code } })
  })

  test('a name is used once', async () => {
    expect((await house.run('token', 'add', 'once', '--scope', 'read')).code).toBe(0)
    expect((await house.run('token', 'add', 'once', '--scope', 'read')).code).toBe(2)
  })
})
