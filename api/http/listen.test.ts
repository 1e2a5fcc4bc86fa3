/** The server around the app: it ends in order, and says what is wrong with a request that is none. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenAPIHono } from '@hono/zod-openapi'
import { describe, expect, test } from 'vitest'
import { type Listening, listen } from './listen.ts'
import type { ApiEnv } from './types.ts'

const open = (app: OpenAPIHono<ApiEnv>, port = 0) => listen(app, { host: '127.0.0.1', port, trustedProxies: [] })

function slowApp(ms: number) {
  const app = new OpenAPIHono<ApiEnv>()
  app.get('/slow', async (c) => {
    await sleep(ms)
    return c.text('done')
  })
  app.get('/quick', (c) => c.text('done'))
  return app
}

function ask(server: Listening, path: string, agent = new Agent()): Promise<string> {
  return new Promise((resolve, reject) => {
    request(`${server.url}${path}`, { agent }, (response) => {
      let text = ''
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}

describe('closing', () => {
  test('lets what is in flight end, closes idle connections, and accepts nothing more', async () => {
    const server = await open(slowApp(600))
    const agent = new Agent({ keepAlive: true })
    expect(await ask(server, '/quick', agent)).toBe('done')
    const slow = ask(server, '/slow', new Agent({ keepAlive: true }))
    await sleep(100)
    const began = performance.now()
    const closing = server.close()
    await expect(ask(server, '/quick')).rejects.toThrow(/ECONNREFUSED/)
    expect(await slow).toBe('done')
    await closing
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test('with nothing in flight is quick', async () => {
    const server = await open(slowApp(1))
    const idle = connect(Number(new URL(server.url).port), '127.0.0.1')
    await once(idle, 'connect')
    const began = performance.now()
    const closing = server.close()
    idle.destroy()
    await closing
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

test('a port in use is named, with a hint', async () => {
  const server = await open(slowApp(1))
  await expect(open(slowApp(1), Number(new URL(server.url).port))).rejects.toMatchObject({
    code: 'api.cannot_listen',
    exitCode: 1,
    message: expect.stringContaining('EADDRINUSE'),
  })
  await server.close()
})

test.each([
  ['NONSENSE\r\n\r\n', /^HTTP\/1.1 400 [\s\S]*"code":"INVALID_PAYLOAD"/],
  [`GET /quick HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 [\s\S]*"code":"HEADERS_TOO_LARGE"/],
  ['GET /quick HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
  ['GET /\\..\\quick HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1.1 400 /],
])('what is no request, such as %j, is answered and not run', async (bytes, expected) => {
  const server = await open(slowApp(1))
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  socket.write(bytes)
  await once(socket, 'close')
  expect(answer).toMatch(expected)
  await server.close()
})
