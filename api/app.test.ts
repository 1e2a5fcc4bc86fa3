/** What every answer of the API has: an id, headers, one form of error, a line in the log without personal data. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { openApi, type TestApi, tokens } from './testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const lastLine = (requestId: string) =>
  readFileSync(api.logFile, 'utf8')
    .split('\n')
    .find((line) => line.includes(requestId)) ?? ''

describe('a request id', () => {
  test('that makes sense is kept and returned', async () => {
    const response = await api.app.request('/nowhere', { headers: { 'x-request-id': 'order-4711_A' } })
    expect(response.headers.get('x-request-id')).toBe('order-4711_A')
    expect(lastLine('order-4711_A')).toContain('"status":404')
  })

  test.each(['', 'a b', 'x'.repeat(65), '{"a":1}', '../../x'])('like %j is replaced by our own', async (id) => {
    const response = await api.app.request('/nowhere', { headers: { 'x-request-id': id } })
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  })
})

test.each(['/nowhere', '/openapi.json', '/docs', '/health'])(
  '%s has the headers that keep browsers from misuse, and no CORS',
  async (path) => {
    const { headers } = await api.app.request(path, { headers: { origin: 'https://evil.example' } })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('access-control-allow-origin')).toBeNull()
  },
)

test('a log line names the pattern of the route, never what stood in the path, the query or the body', async () => {
  const secrets = ['11222333000181', 'ana@example.com', 'Rolamentos']
  const id = 'log-line-without-personal-data'
  await api.app.request(`/leadstage/${secrets[0]}?email=${secrets[1]}`, {
    headers: { authorization: `Bearer ${tokens.operate}`, 'x-request-id': id },
  })
  const event = { Lead: { Id: 1, Stage: 's', Company: secrets[2], Email: secrets[1] } }
  const headers = { authorization: `Bearer ${tokens.webhook}` }
  await api.app.request('/atualizalead', { method: 'POST', body: JSON.stringify(event), headers })
  expect(JSON.parse(lastLine(id))).toMatchObject({ method: 'GET', route: '/leadstage/:cnpj', caller: 'operate', ms: expect.any(Number) })
  const log = readFileSync(api.logFile, 'utf8')
  for (const secret of [...secrets, ...Object.values(tokens)]) expect(log).not.toContain(secret)
})

test('errors have one form: code and message, a hint where it helps; a surprise says nothing of its cause', async () => {
  const missing = await api.app.request('/nowhere')
  expect(missing.status).toBe(404)
  expect(await missing.json()).toEqual({ code: 'NOT_FOUND', message: expect.any(String), hint: expect.any(String) })
  const app = createApp(api.deps)
  app.get('/broken', () => {
    throw new Error('connection to 10.0.0.7 failed for user ponte')
  })
  const broken = await app.request('/broken', { headers: { 'x-request-id': 'a-surprise' } })
  expect(broken.status).toBe(500)
  const text = await broken.text()
  expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL_ERROR' })
  expect(text).not.toContain('10.0.0.7')
  expect(lastLine('a-surprise')).toContain('10.0.0.7')
})

describe('limits', () => {
  const withLimit = (requestsPerMinute: number, trustedProxies: readonly string[] = []) =>
    createApp({ ...api.deps, settings: { ...api.deps.settings, requestsPerMinute, trustedProxies } })
  const from = (address: string) => ({ incoming: { socket: { remoteAddress: address } } }) as never
  const authorized = { headers: { authorization: `Bearer ${tokens.read}` } }

  test('a token has its requests per minute, wherever they come from; others are not held up', async () => {
    const app = withLimit(5)
    const statuses: number[] = []
    for (let n = 0; n < 7; n += 1) statuses.push((await app.request('/nowhere', authorized, from(`203.0.113.${n}`))).status)
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429])
    const refused = await app.request('/nowhere', authorized, from('203.0.113.99'))
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    const other = { headers: { authorization: `Bearer ${tokens.operate}` } }
    expect((await app.request('/nowhere', other, from('203.0.113.98'))).status).toBe(404)
  })

  test('so has an address, with tokens or without, and a proxy is not taken for its clients', async () => {
    const app = withLimit(3, ['10.0.0.1'])
    const ask = async (peer: string, client?: string) =>
      (await app.request('/nowhere', client === undefined ? {} : { headers: { 'x-forwarded-for': client } }, from(peer))).status
    expect([await ask('203.0.113.1'), await ask('203.0.113.1'), await ask('203.0.113.1'), await ask('203.0.113.1')]).toEqual([
      404, 404, 404, 429,
    ])
    for (let n = 0; n < 10; n += 1) expect(await ask('10.0.0.1', `198.51.100.${n}`)).toBe(404)
  })

  test('a body larger than 1 MiB is refused by its length, or when it has none, by what came', async () => {
    const headers = { authorization: `Bearer ${tokens.operate}`, 'content-type': 'application/json' }
    const large = JSON.stringify({ Id: 1, filler: 'x'.repeat(1024 * 1024) })
    for (const path of ['/atualizalead', '/leads']) {
      const known = await api.app.request(path, {
        method: 'POST',
        body: large,
        headers: { ...headers, 'content-length': String(large.length) },
      })
      expect([path, known.status]).toEqual([path, 413])
      const chunked = await api.app.request(path, { method: 'POST', body: large, headers: { ...headers, 'transfer-encoding': 'chunked' } })
      expect([path, chunked.status]).toEqual([path, 413])
      const packed = await api.app.request(path, { method: 'POST', body: 'x', headers: { ...headers, 'content-encoding': 'gzip' } })
      expect([path, packed.status]).toEqual([path, 415])
    }
  })
})

test('/docs shows every route, and asks no other server for anything', async () => {
  const page = await (await api.app.request('/docs')).text()
  const document = (await (await api.app.request('/openapi.json')).json()) as { paths: Record<string, unknown>; openapi: string }
  expect(document.openapi).toMatch(/^3\.1/)
  for (const path of ['/atualizalead', '/convertedlead', '/leaddescartada', '/insertedtimeline', '/in/{secret}/atualizalead'])
    expect(Object.keys(document.paths)).toContain(path)
  for (const path of Object.keys(document.paths)) expect(page).toContain(path)
  expect(page).not.toMatch(/<script|src=|https?:\/\//)
})
