/** What leaves the house, against real sockets: receivers that hang, trickle, redirect, refuse; and the alert of the state database. */
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLog } from '../../base/log/log.ts'
import { createHeartbeat } from './heartbeat.ts'
import { send } from './outgoing.ts'
import { stateAway, stateAwayRow } from './state-away.ts'

const servers: Server[] = []
const folder = mkdtempSync(join(tmpdir(), 'ponte-away-'))
const log = createLog({ name: 'test', level: 'debug', file: join(folder, 'log') })
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-key`
}
const refused = (reason: string) => expect.objectContaining({ code: 'watch.not_told', message: expect.stringContaining(reason) })

describe('sending', () => {
  test.each<readonly [string, RequestListener, string]>([
    ['never answers', () => {}, 'no answer in time'],
    ['sends its answer drop by drop', (_, response) => void response.writeHead(200).write('x'), 'no answer in time'],
    ['redirects', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'HTTP 302'],
    ['refuses', (_, response) => void response.writeHead(500).end('secret-key'), 'HTTP 500'],
    ['hangs up', (request) => void request.socket.destroy(), 'UND_ERR_SOCKET'],
  ])('to one that %s fails in time, and names no address', async (_, listener, reason) => {
    const url = await serve(listener)
    const failure = send('alerts', url, { body: '{}', deadlineMs: 300 })
    await expect(failure).rejects.toEqual(refused(reason))
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('secret-key') })
  })

  test('to nobody fails', async () => {
    await expect(send('alerts', 'http://127.0.0.1:1/secret-key')).rejects.toEqual(refused('ECONNREFUSED'))
  })
})

describe('the heartbeat', () => {
  test('beats once a minute, only while a tick is answered, and again at once after a failure', async () => {
    let beats = 0
    let status = 500
    const url = await serve((_, response) => {
      beats += 1
      response.writeHead(status).end()
    })
    const beat = createHeartbeat(url, log, 60_000)
    const ticking = (value: number | null, stale = false) => beat({ lateSeconds: { value, stale, ageSeconds: 1 } })
    for (const [value, stale] of [
      [151, false],
      [null, false],
      [0, true],
    ] as const)
      await ticking(value, stale)
    expect(beats).toBe(0)
    await ticking(0)
    status = 200
    await ticking(0)
    await ticking(0)
    expect(beats).toBe(2)
  })
})

describe('the alert that the state database is away', () => {
  let file: string
  let got: { type: string; id: string; code: string; text: string }[]
  let status: number
  let url: string
  beforeEach(async () => {
    file = join(mkdtempSync(join(folder, 'state-')), 'away.alert')
    got = []
    status = 200
    url = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        if (status === 200) got.push(JSON.parse(body) as (typeof got)[number])
        response.writeHead(status).end()
      })
    })
  })
  const process = (more: { holdMs?: number; file?: string } = {}) =>
    stateAway({
      file,
      machine: 'vm1',
      log,
      holdMs: 0,
      settings: {
        url,
        secret: null,
        repeatMinutes: 240,
        zone: 'America/Sao_Paulo',
        runbook: 'deploy/RUNBOOK.md',
        limits: { lagMinutes: 60, deadPerHour: 10, conflictsPerHour: 50, diskFreePercent: 10 },
      },
      ...more,
    })
  const types = () => got.map(({ type }) => type)

  test('is told once by all processes of a machine, and so is its end', async () => {
    const [a, b] = [process(), process()]
    for (let n = 0; n < 3; n++) await Promise.all([a.away(), b.away()])
    expect(types()).toEqual(['alert.firing'])
    expect(got[0]!.text).toMatch(/^ALERT state_unreachable: .* \(since 20\S+ \S+ -03\)$/)
    expect(got[0]).toMatchObject({ code: 'state_unreachable', subject: 'vm1', runbook: 'deploy/RUNBOOK.md#state_unreachable' })
    await b.there()
    await a.there()
    await b.there()
    expect(types()).toEqual(['alert.firing', 'alert.resolved'])
    expect(existsSync(file)).toBe(false)
  })

  test('is not told before it has lasted, and not at all when it was there again', async () => {
    const it = process({ holdMs: 60_000 })
    await it.away()
    await it.there()
    await it.away()
    expect(got).toEqual([])
    expect(existsSync(file)).toBe(false)
  })

  test('is what a command shows that finds the database away: since when, as noted, or since now', async () => {
    await process().away()
    const { since } = JSON.parse(readFileSync(file, 'utf8')) as { since: number }
    expect(stateAwayRow(file)).toMatchObject({ code: 'state_unreachable', status: 'firing', since: new Date(since), notifications: 1 })
    const before = Date.now()
    expect(stateAwayRow(`${file}.none`).since.getTime()).toBeGreaterThanOrEqual(before)
  })

  test('is tried again while the receiver is away', async () => {
    status = 503
    const it = process()
    await it.away()
    await it.away()
    status = 200
    await it.away()
    await it.away()
    expect(types()).toEqual(['alert.firing'])
  })

  test('is told once more, under the same id, when its owner was killed before it noted that it had told', async () => {
    await process().away()
    const { since } = JSON.parse(readFileSync(file, 'utf8')) as { since: number }
    const heir = process()
    await heir.away()
    expect(types()).toEqual(['alert.firing'])
    writeFileSync(file, JSON.stringify({ since, notifications: 0, notifiedAt: 0 }))
    const dead = new Date(Date.now() - 120_000)
    utimesSync(file, dead, dead)
    await heir.away()
    expect(got.map(({ id }) => id)).toEqual([got[0]!.id, got[0]!.id])
  })

  test('is taken over from a dead owner that had told, and only its end is told', async () => {
    await process().away()
    const dead = new Date(Date.now() - 120_000)
    utimesSync(file, dead, dead)
    const [one, other] = [process(), process()]
    await Promise.all([one.away(), other.away()])
    expect(types()).toEqual(['alert.firing'])
    await Promise.all([one.there(), other.there()])
    expect(types()).toEqual(['alert.firing', 'alert.resolved'])
    expect(got[1]!.id.split('_').slice(0, -1)).toEqual(got[0]!.id.split('_').slice(0, -1))
  })

  test('is told where no file can be made', async () => {
    const it = process({ file: join(folder, 'no-such-folder', 'x.alert') })
    await it.away()
    await it.away()
    await it.there()
    expect(types()).toEqual(['alert.firing', 'alert.resolved'])
  })
})
