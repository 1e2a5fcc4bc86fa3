/**
 * Hostile bodies at a real server in a process of its own: it lives on, answers 4xx and never 5xx, keeps
 * nothing of what it refused, keeps everything it accepted, and does not grow. `PONTE_TEST_LONG=1`: 100,000 bodies.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Pool } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import { testSeed } from '../../base/testing/random.ts'
import { type TestDatabase, testDatabase } from '../../connectors/erp/testing/test-erp.ts'
import { type ServedApi, serveApi } from '../testing/served.ts'
import { type Sent, sent } from './testing/hostile.ts'

const cases = process.env.PONTE_TEST_LONG ? 100_000 : 5_000
const seed = testSeed()
const token = 'token-for-the-fuzz-of-webhooks'
const together = 20

let folder: string
let database: TestDatabase
let api: ServedApi
let pool: Pool
const accepted = new Set<string>()
const refused = new Set<string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ponte-fuzz-'))
  database = await testDatabase({ migrate: [new URL('../../sql/state/', import.meta.url)] })
  api = await serveApi(
    { queueRoot: join(folder, 'queue'), stateUrl: database.url, logFile: join(folder, 'log'), token },
    { execArgv: ['--expose-gc'] },
  )
  pool = new Pool(api.url, { connections: together })
})
afterAll(async () => {
  await pool.destroy()
  await api.stop()
  await database.drop()
  await rm(folder, { recursive: true })
})

const hashOf = (body: Buffer) => createHash('sha256').update(body).digest('hex')

async function send({ body, headers, chunked }: Sent): Promise<number> {
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/atualizalead',
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: chunked ? Readable.from(pieces(body)) : body,
    })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) expect(JSON.parse(text)).toMatchObject({ code: expect.any(String), message: expect.any(String) })
    return answer.statusCode
  } catch (error) {
    // The server may hang up on a sender that is not done; that is an answer too, but not to what it could have read.
    if (
      body.length > 1024 * 1024 &&
      /other side closed|ECONNRESET|EPIPE/.test(`${(error as Error).message} ${(error as NodeJS.ErrnoException).code}`)
    )
      return 413
    throw error
  }
}

async function* pieces(body: Buffer) {
  const size = Math.max(1, Math.ceil(body.length / 7))
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size)
}

async function judge(one: Sent): Promise<void> {
  const status = await send(one)
  if (one.good) expect({ status, body: one.body.toString() }).toEqual({ status: 200, body: one.body.toString() })
  expect([200, 400, 413, 415]).toContain(status)
  if (one.body.length > 1024 * 1024) expect(status).toBe(413)
  ;(status === 200 ? accepted : refused).add(hashOf(one.body))
  if (status !== 200) return
  const { Lead } = JSON.parse(one.body.toString()) as { Lead: { Id: number; Stage: string; Company: string } }
  expect(Number.isSafeInteger(Lead.Id) && Lead.Id > 0).toBe(true)
  expect([typeof Lead.Stage, typeof Lead.Company]).toEqual(['string', 'string'])
}

describe(`${cases} hostile bodies`, () => {
  test(
    'are answered, and the server neither ends nor grows',
    async () => {
      console.log(`webhook fuzz seed: ${seed}`)
      const batch = (numRuns: number, from: number) =>
        fc.assert(
          fc.asyncProperty(fc.array(sent, { minLength: together, maxLength: together }), async (bodies) => {
            await Promise.all(bodies.map(judge))
          }),
          { numRuns, seed: from, endOnFailure: true },
        )
      // What V8 and the pool take once.
      await batch(50, seed)
      const before = (await api.figures()).rss
      await batch(Math.ceil(cases / together), seed + 1)
      const grown = ((await api.figures()).rss - before) / 1024 / 1024
      console.log(`webhook fuzz: ${accepted.size} accepted, ${refused.size} refused, RSS grew by ${grown.toFixed(1)} MiB`)
      // 5,000 are not enough to tell a leak from how a heap settles, which takes up to some 50 MiB; 100,000 are.
      expect(grown).toBeLessThan(process.env.PONTE_TEST_LONG ? 50 : 100)
      expect(api.child.exitCode).toBeNull()
    },
    process.env.PONTE_TEST_LONG ? 3_600_000 : 300_000,
  )

  test('leave a letter each when they were accepted, and none when they were refused', async () => {
    const lane = join(folder, 'queue', 'leads')
    const kept = new Set<string>()
    for (const name of await readdir(join(lane, 'processar'))) kept.add(hashOf(await readFile(join(lane, 'processar', name))))
    expect([...kept].filter((hash) => !accepted.has(hash))).toEqual([])
    expect([...accepted].filter((hash) => !kept.has(hash))).toEqual([])
    const desks = await readdir(join(lane, '.tmp'))
    for (const desk of desks) expect((await readdir(join(lane, '.tmp', desk))).filter((name) => name.endsWith('.json'))).toEqual([])
  })
})

describe('requests that are no HTTP', () => {
  const body = '{"Lead":{"Id":77,"Stage":"s","Company":"wrong length"}}'
  const head = `POST /atualizalead HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`
  const exchange = (bytes: string | Buffer) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
      let answer = ''
      socket.setTimeout(3_000, () => socket.destroy())
      socket.on('data', (data) => {
        answer += data.toString('latin1')
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(answer))
      socket.end(bytes)
    })

  test.each([
    ['a body shorter than its length', `${head}Content-Length: 1000\r\n\r\n${body}`, ''],
    ['a body longer than its length', `${head}Content-Length: ${body.length - 5}\r\n\r\n${body}`, '400'],
    ['two lengths', `${head}Content-Length: 3\r\nContent-Length: ${body.length}\r\n\r\n${body}`, '400'],
    ['a length that is no number', `${head}Content-Length: 1e3\r\n\r\n${body}`, '400'],
    ['a length and chunks at once', `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"Lea\r\n0\r\n\r\n`, '400'],
    ['a chunk that lies about its size', `${head}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n${body}\r\n0\r\n\r\n`, ''],
    ['an encoding that nobody knows', `${head}Transfer-Encoding: gzip\r\n\r\n${body}`, '400'],
    ['20 KiB of headers', `${head}X: ${'x'.repeat(20 * 1024)}\r\n\r\n`, '431'],
    // Cut off while it still sends, a sender may never see the 431.
    ['2 MiB of headers', `${head}X: ${'x'.repeat(2 * 1024 * 1024)}\r\n\r\n`, ''],
    ['bytes that are nothing', Buffer.alloc(5_000, 0xfe), '400'],
    ['TLS', Buffer.from('16030100a5010000a10303', 'hex'), '400'],
  ])('%s: refused, nothing kept', async (_, bytes, status) => {
    const answer = await exchange(bytes)
    if (status !== '') expect(answer).toMatch(new RegExp(`HTTP/1.1 ${status} `))
    expect(answer).not.toContain('HTTP/1.1 200')
    const letters = await readdir(join(folder, 'queue', 'leads', 'processar'))
    expect(letters.filter((name) => name.includes('wrong_length'))).toEqual([])
    const alive = await pool.request({ method: 'GET', path: '/openapi.json' })
    await alive.body.dump()
    expect(alive.statusCode).toBe(200)
  })
})
