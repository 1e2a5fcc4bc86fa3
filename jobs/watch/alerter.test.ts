/** The alerter on a real state database with a real receiver: several of them, a receiver that is away, a leader that goes. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../base/log/log.ts'
import { openStateBed, type StateBed } from '../../connectors/state/testing/state.ts'
import { type Alerter, startAlerter } from './alerter.ts'
import { type FigureName, figureNames, type Looked } from './figures.ts'

const log = createLog({ name: 'test', level: 'silent' })
const settings = {
  secret: null,
  repeatMinutes: 240,
  zone: 'America/Sao_Paulo',
  runbook: 'deploy/RUNBOOK.md',
  limits: { lagMinutes: 60, deadPerHour: 10, conflictsPerHour: 50, diskFreePercent: 10 },
}

let bed: StateBed
let server: Server
let url: string
let got: { id: string; type: string; code: string; subject: string }[]
let answer: number | 'never'
let full: readonly string[]
let blind: readonly FigureName[]
const running: Alerter[] = []

beforeEach(async () => {
  bed = await openStateBed()
  got = []
  answer = 200
  full = []
  blind = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (answer === 'never') return
      if (answer === 200) got.push(JSON.parse(body) as (typeof got)[number])
      response.writeHead(answer).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await Promise.all(running.splice(0).map((one) => one.close()))
  server.close()
  await bed.close()
})

/** Sees the disks that the test fills, and nothing else that is wrong. */
function looked(): Looked {
  const disks = full.map((machine) => ({ machine, place: 'queue', freeBytes: 1, sizeBytes: 100 }))
  return Object.fromEntries(
    figureNames.map((name) => [name, { value: name === 'disks' ? disks : null, ageSeconds: 0, stale: blind.includes(name) }]),
  ) as unknown as Looked
}

function start(more: { url?: string | null } = {}): { alerter: Alerter; looks: () => number } {
  let looks = 0
  const alerter = startAlerter({
    state: bed.pool,
    sources: { look: async () => looked() },
    settings: { ...settings, url, ...more },
    stateAway: { away: async () => {}, there: async () => {} },
    log,
    onLook: async () => {
      looks += 1
    },
    everyMs: 50,
  })
  running.push(alerter)
  return { alerter, looks: () => looks }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}
const rows = async () => (await bed.pool.query('select code, subject, status, attempts from alerts order by subject')).rows
/** As if so much time had passed for what is in the book. The table is locked, so that it meets no leader halfway. */
const pass = (seconds: number) =>
  bed.pool.query(`begin; lock table alerts;
    update alerts set seen_at = seen_at - interval '${seconds} seconds', next_try_at = next_try_at - interval '${seconds} seconds'; commit`)

test('three alerters tell each episode once, its start and its end', async () => {
  const all = [start(), start(), start()]
  full = ['vm1', 'vm2']
  await until(() => got.length === 2)
  const leads = () => all.reduce((sum, one) => sum + one.looks(), 0)
  const before = leads()
  await until(() => leads() > before + 5)
  expect(got.map(({ subject, type }) => [subject, type])).toEqual([
    ['vm1 queue', 'alert.firing'],
    ['vm2 queue', 'alert.firing'],
  ])
  expect(all.filter((one) => one.looks() > 0)).toHaveLength(1)
  full = ['vm2']
  await until(() => pass(61).then(() => got.length === 3))
  expect(got[2]).toMatchObject({ subject: 'vm1 queue', type: 'alert.resolved' })
  // The answer is there before its note.
  await until(async () => (await rows()).length === 1)
  expect(await rows()).toMatchObject([{ subject: 'vm2 queue', status: 'firing' }])
})

test('a leader that ends hands over at once', async () => {
  const first = start()
  await until(() => first.looks() > 0)
  const second = start()
  await first.alerter.close()
  await until(() => second.looks() > 0)
})

test('a receiver that refuses, then hangs, then takes it: told once, and the looks went on', { timeout: 90_000 }, async () => {
  answer = 503
  const one = start()
  full = ['vm1']
  await until(async () => (await rows())[0]?.attempts > 0)
  answer = 'never'
  await pass(10)
  const before = one.looks()
  await until(async () => (await rows())[0]?.attempts > 1)
  answer = 200
  await pass(60)
  await until(() => got.length === 1)
  await until(() => one.looks() > before + 3)
  expect(got).toHaveLength(1)
  expect((await rows())[0]).toMatchObject({ status: 'firing', attempts: 0 })
})

test('what cannot be seen any more is not over', async () => {
  const one = start()
  full = ['vm1']
  await until(() => got.length === 1)
  blind = ['disks']
  full = []
  const before = one.looks()
  await until(() => pass(61).then(() => one.looks() > before + 5))
  expect(got).toHaveLength(1)
  expect(await rows()).toMatchObject([{ status: 'firing' }])
})

test('without a receiver the book is kept all the same', async () => {
  const one = start({ url: null })
  full = ['vm1']
  await until(async () => (await rows()).length === 1)
  await until(() => one.looks() > 2)
  expect(await rows()).toMatchObject([{ code: 'disk_low', status: 'firing' }])
  expect(got).toEqual([])
})
