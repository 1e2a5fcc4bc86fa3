import { createServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { type Http, type HttpOptions, openHttp } from './http.ts'
import { type ScriptedServer, type Step, scriptedServer } from './testing.ts'

const token = '8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f'
const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function client(baseUrl: string, options: Partial<HttpOptions> = {}): Http {
  const http = openHttp({ baseUrl, token, connectTimeoutMs: 1_000, connections: 2, maxBodyBytes: 10_000, ...options })
  open.push(() => http.close())
  return http
}
async function server(script: readonly Step[]): Promise<ScriptedServer> {
  const started = await scriptedServer(script)
  open.push(() => started.close())
  return started
}
const post = { method: 'POST', path: 'LeadsAdd', body: '{"lead":{"name":"Ação"}}', timeoutMs: 2_000 } as const

describe('one request', () => {
  it('carries the token in its header only, and its body whole', async () => {
    const crm = await server([{ do: 'reply', status: 201, body: { value: 7 }, headers: { 'retry-after': '3' } }])
    expect(await client(crm.baseUrl).exchange(post)).toEqual({ kind: 'answer', status: 201, retryAfter: '3', body: '{"value":7}' })
    expect(crm.seen).toMatchObject([{ method: 'POST', path: 'LeadsAdd', token, body: post.body }])
  })

  it('follows no redirect, so the token goes nowhere else', async () => {
    const other = await server([{ do: 'reply', status: 200, body: {} }])
    const crm = await server([{ do: 'reply', status: 302, headers: { location: other.baseUrl } }])
    expect(await client(crm.baseUrl).exchange(post)).toMatchObject({ kind: 'answer', status: 302 })
    expect(other.seen).toHaveLength(0)
  })

  it.each(['ftp://crm/v3', 'not a url', 'https://user:pass@crm/v3', 'https://crm/v3?x=1', ''])(
    'refuses the address %j without printing it',
    (url) => {
      expect(() => openHttp({ baseUrl: url, token, connectTimeoutMs: 1, connections: 1, maxBodyBytes: 1 })).toThrow(
        expect.objectContaining({ code: 'crm.bad_url', exitCode: 2, message: expect.not.stringContaining('pass') }),
      )
    },
  )
  it.each(['', 'with blank', 'line\nbreak', 'ação'])('refuses the token %j', (bad) => {
    expect(() => client('http://127.0.0.1:1/', { token: bad })).toThrow(expect.objectContaining({ code: 'crm.bad_token' }))
  })
})

describe('not a byte was written when', () => {
  it('nobody listens', async () => {
    const gone = await scriptedServer([])
    await gone.close()
    expect(await client(gone.baseUrl).exchange(post)).toMatchObject({ kind: 'broken', written: false, cause: { code: 'ECONNREFUSED' } })
  })

  it('the name does not resolve', async () => {
    expect(await client('http://crm.invalid/v3/').exchange(post)).toMatchObject({ kind: 'broken', written: false })
  })

  it('connecting takes too long', async () => {
    // A TLS hello that is never answered: connected, but no request could be written.
    const silent = createServer((socket) => socket.on('error', () => undefined))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    open.push(async () => silent.close())
    const { port } = silent.address() as { port: number }
    const started = performance.now()
    expect(await client(`https://127.0.0.1:${port}/`, { connectTimeoutMs: 300 }).exchange({ ...post, timeoutMs: 20_000 })).toMatchObject({
      kind: 'broken',
      written: false,
    })
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('the deadline ends while it waits for a socket, and it is not written later', async () => {
    const crm = await server([{ do: 'reply', status: 200, delayMs: 300 }])
    const http = client(crm.baseUrl, { connections: 1 })
    const first = http.exchange(post)
    expect(await http.exchange({ ...post, timeoutMs: 100 })).toMatchObject({ kind: 'broken', written: false })
    expect(await first).toMatchObject({ kind: 'answer' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(crm.seen).toHaveLength(1)
  })

  it('the permit is stale at the last instant', async () => {
    const crm = await server([{ do: 'reply', status: 200 }])
    const http = client(crm.baseUrl)
    expect(await http.exchange({ ...post, mayStart: () => false })).toEqual({ kind: 'stale' })
    expect(await http.exchange({ ...post, mayStart: () => true })).toMatchObject({ kind: 'answer' })
    expect(crm.seen).toHaveLength(1)
  })
})

describe('the CRM may have acted when', () => {
  const steps: readonly (readonly [string, Step])[] = [
    ['the connection is reset before the body is read', { do: 'reset' }],
    ['the connection drops before the answer', { do: 'drop' }],
    ['no answer comes in time', { do: 'stall' }],
    ['the answer is cut in its body', { do: 'cut', status: 201, body: '{"value":' }],
    ['the answer trickles past the deadline', { do: 'trickle', status: 201, body: '{"value":7}'.padEnd(200), everyMs: 50 }],
    ['the answer is larger than allowed', { do: 'reply', status: 201, body: 'x'.repeat(20_000) }],
    ['the answer is not HTTP', { do: 'cut', status: 201, body: 'ab', length: -1 }],
  ]
  it.each(steps)('%s', async (_name, step) => {
    const crm = await server([step])
    const started = performance.now()
    const outcome = await client(crm.baseUrl).exchange({ ...post, timeoutMs: 400 })
    expect(outcome).toMatchObject({ kind: 'broken', written: true })
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})

describe('the text of an answer', () => {
  const words = '{"lead":"João Conceição"}'
  const latin1 = Buffer.from(words, 'latin1')
  const plain = { 'content-type': 'application/json' }
  const got = async (body: Buffer, headers: Record<string, string>, status = 200) => {
    const crm = await server([{ do: 'reply', status, body, headers }])
    return client(crm.baseUrl).exchange({ ...post, timeoutMs: 5_000 })
  }

  it.each([
    ['in UTF-8', Buffer.from(words), plain],
    ['in ISO-8859-1 as declared', latin1, { 'content-type': 'application/json; charset=ISO-8859-1' }],
    ['compressed by a proxy that was not asked to', gzipSync(words), { ...plain, 'content-encoding': 'gzip' }],
    [
      'in ISO-8859-1 and compressed',
      brotliCompressSync(latin1),
      { 'content-type': 'text/json;charset="iso-8859-1"', 'content-encoding': 'br' },
    ],
  ])('is read %s', async (_name, body, headers) => {
    expect(await got(body, headers)).toMatchObject({ kind: 'answer', body: words })
  })

  it.each([
    ['in ISO-8859-1 that nobody declares', latin1, plain],
    ['with compressed bytes that break off', gzipSync(words).subarray(0, -9), { ...plain, 'content-encoding': 'gzip' }],
    ['with a compression that nobody knows', latin1, { ...plain, 'content-encoding': 'zopfli' }],
    ['larger than allowed once unpacked', gzipSync(' '.repeat(20_000)), { ...plain, 'content-encoding': 'gzip' }],
  ])('is none %s: no letter is guessed', async (_name, body, headers) => {
    expect(await got(body, headers)).toMatchObject({ kind: 'answer', status: 200, body: null })
  })

  it('of a refusal is read as it can be: people see it, nothing stores it', async () => {
    expect(await got(latin1, plain, 400)).toMatchObject({ status: 400, body: words })
  })

  it('is asked for without compression', async () => {
    const crm = await server([{ do: 'reply', status: 200, body: {} }])
    await client(crm.baseUrl).exchange(post)
    expect(crm.seen[0]?.headers['accept-encoding']).toBe('identity')
  })
})

it('keeps what the status alone says when the body is cut', async () => {
  const crm = await server([{ do: 'cut', status: 429, body: 'slow', headers: { 'retry-after': '9' } }])
  expect(await client(crm.baseUrl).exchange(post)).toMatchObject({ kind: 'answer', status: 429, retryAfter: '9' })
})

it('rejects with the reason of its signal, before and during', async () => {
  const crm = await server([{ do: 'stall' }])
  const http = client(crm.baseUrl)
  const reason = new Error('stop')
  await expect(http.exchange({ ...post, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(crm.seen).toHaveLength(0)
  const controller = new AbortController()
  const running = http.exchange({ ...post, signal: controller.signal })
  setTimeout(() => controller.abort(reason), 50)
  await expect(running).rejects.toBe(reason)
})

it('goes on after broken exchanges: sockets are not used up', async () => {
  const crm = await server([
    { do: 'drop' },
    { do: 'stall' },
    { do: 'reset' },
    { do: 'cut', status: 200, body: 'x' },
    { do: 'reply', status: 200, body: {} },
  ])
  const http = client(crm.baseUrl, { connections: 1 })
  for (let i = 0; i < 4; i++) expect(await http.exchange({ ...post, timeoutMs: 200 })).toMatchObject({ kind: 'broken' })
  expect(await http.exchange(post)).toMatchObject({ kind: 'answer', status: 200 })
})
