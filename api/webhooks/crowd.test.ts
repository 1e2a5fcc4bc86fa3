/** More at one time than there is room for: told to come back, nothing of it kept, and the next is taken as soon as there is room. */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lane } from '../../queue-dirs/lane.types.ts'
import type { LaneName } from '../../records/kinds.ts'
import { createApp } from '../app.ts'
import { listen } from '../http/listen.ts'
import { openApi, type TestApi, tokens } from '../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const MIB = 1024 * 1024
let lead = 0
const event = (filler = '') => JSON.stringify({ Lead: { Id: ++lead, Stage: 's', Company: 'crowd', filler } })
const authorization = `Bearer ${tokens.webhook}`

test('of 1,001 events that are being written the last is asked to come back', async () => {
  const leads = api.deps.lanes.leads
  let letGo = () => {}
  const slow = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let inside = 0
  let asked = () => {}
  const full = new Promise<void>((resolve) => {
    asked = resolve
  })
  const held: Lane<LaneName> = {
    ...leads,
    async enqueueIf(wanted, ...letter) {
      if (++inside === 1_000) asked()
      await slow
      return leads.enqueueIf(wanted, ...letter)
    },
  }
  const app = createApp({
    ...api.deps,
    settings: { ...api.deps.settings, requestsPerMinute: 0 },
    lanes: { ...api.deps.lanes, leads: held },
  })
  const post = () => app.request('/atualizalead', { method: 'POST', body: event(), headers: { authorization } })
  const thousand = Array.from({ length: 1_000 }, post)
  await full
  const refused = await post()
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await refused.json()).toMatchObject({ code: 'BUSY' })
  expect(inside).toBe(1_000)
  letGo()
  expect((await Promise.all(thousand)).every(({ status }) => status === 200)).toBe(true)
  expect((await post()).status).toBe(200)
})

test('bodies that are being received share 64 MiB: the one that would be too much is refused, and the others go on', async () => {
  const app = createApp({ ...api.deps, settings: { ...api.deps.settings, requestsPerMinute: 0 } })
  const server = await listen(app, { host: '127.0.0.1', port: 0, trustedProxies: [] })
  const { port } = new URL(server.url)
  const open: Socket[] = []
  const send = (body: string, upTo: number): { rest(): void; answer: Promise<string> } => {
    const socket = connect(Number(port), '127.0.0.1')
    open.push(socket)
    const head = `POST /atualizalead HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
    socket.write(head + body.slice(0, upTo))
    // The server closes on who is refused while bytes of theirs are under way: TCP's reset may swallow the answer.
    const answer = new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
        if (text.includes('\r\n\r\n')) resolve(text)
      })
      socket.on('close', () => resolve(text)).on('error', () => resolve(text))
    })
    return { rest: () => void socket.write(body.slice(upTo)), answer }
  }
  try {
    // 68 senders that have sent all of a mebibyte but its last bytes: at most 64 of them can be held.
    const body = (): string => {
      const short = event()
      return event('x'.repeat(MIB - Buffer.byteLength(short) - 8))
    }
    const senders = Array.from({ length: 68 }, () => {
      const whole = body()
      return send(whole, whole.length - 4)
    })
    const first = await Promise.any(senders.map(async ({ answer }) => (await answer) || Promise.reject(new Error('swallowed'))))
    expect(first).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: \d+/i)
    for (const { rest } of senders) rest()
    const answers = await Promise.all(senders.map(({ answer }) => answer))
    const refused = answers.filter((text) => text === '' || text.startsWith('HTTP/1.1 503'))
    const kept = answers.filter((text) => text.startsWith('HTTP/1.1 200'))
    expect(refused.length).toBeGreaterThanOrEqual(1)
    expect(kept.length + refused.length).toBe(68)
    expect(kept.length).toBeGreaterThanOrEqual(60)
    const after = send(event(), 0)
    after.rest()
    expect(await after.answer).toMatch(/^HTTP\/1\.1 200/)
  } finally {
    for (const socket of open) socket.destroy()
    await server.close()
  }
})
