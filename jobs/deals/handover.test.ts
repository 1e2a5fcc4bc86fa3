/** The baton hand-over as a durable task: each answer once as far as can be known, whatever stops it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { acquireLease } from '../../connectors/state/runs/leases.ts'
import { beginStep, findTask, openTask } from '../../connectors/state/runs/tasks.ts'
import { type Bridge, openBridge, token } from '../testing/bridge.ts'
import { handoverKind, openHandovers } from './handover.ts'

const answers = [1, 2, 3].map((number) => ({ questionId: 100_000 + number, answerId: 200_000 + number }))
let bridge: Bridge
let stopping: AbortController
let leadId = 0
beforeAll(async () => {
  bridge = await openBridge()
})
afterAll(() => bridge.close())
beforeEach(async () => {
  stopping = new AbortController()
  leadId++
  await bridge.simulator.load([{ kind: 'lead', id: leadId, lead: `Lead ${leadId}` }])
})
afterEach(() => {
  stopping.abort()
  bridge.simulator.setFaults({})
})

const open = (more: { pauseMs?: number; leaseMs?: number; sweepMs?: number; stopping?: AbortSignal } = {}) =>
  openHandovers({ ...bridge.context, answers, pauseMs: 10, leaseMs: 600, sweepMs: 200, stopping: stopping.signal, ...more })
const ended = (id: string) =>
  vi.waitFor(
    async () => {
      const task = (await findTask(bridge.state, id))!
      expect(['done', 'failed']).toContain(task.status)
      return task
    },
    { timeout: 20_000, interval: 20 },
  )
/** The questions of the answers that reached the CRM, in order. */
const answered = async () =>
  (await bridge.simulator.effects({ kind: 'qualified' }))
    .filter(({ id }) => id === leadId)
    .map(({ body }) => (body as { answersList: { questionId: number }[] }).answersList[0]!.questionId)
const all = answers.map(({ questionId }) => questionId)

test('answers the three questions in order, and the lead moves', async () => {
  const { id } = await open().start(leadId)
  expect(await ended(id)).toMatchObject({ status: 'done', done: 3, code: null })
  expect(await answered()).toEqual(all)
  expect(bridge.simulator.state.lead(leadId)?.stage).toBe('Passagem de bastão')
})

test('a second start joins the first; after the end it begins anew', async () => {
  const handovers = open({ pauseMs: 150 })
  const [one, two] = await Promise.all([handovers.start(leadId), handovers.start(leadId)])
  expect(two.id).toBe(one.id)
  await ended(one.id)
  expect(await answered()).toEqual(all)
  expect((await handovers.start(leadId)).id).not.toBe(one.id)
})

test('leaves no lease behind', async () => {
  const { id } = await open().start(leadId)
  await ended(id)
  await vi.waitFor(async () => {
    const { rowCount } = await bridge.state.query('select from leases where name = $1', [`${handoverKind}.${id}`])
    expect(rowCount).toBe(0)
  })
})

test('stopped between two answers, the next process goes on with the next one', async () => {
  const first = new AbortController()
  const { id } = await open({ pauseMs: 60_000, stopping: first.signal }).start(leadId)
  await vi.waitFor(async () => expect((await findTask(bridge.state, id))?.done).toBe(1), { timeout: 10_000 })
  first.abort()
  await open().resume()
  expect(await ended(id)).toMatchObject({ status: 'done' })
  expect(await answered()).toEqual(all)
})

test('killed (SIGKILL) after the first answer, the sweep of another process goes on with the next one', async () => {
  const where = {
    ...{ crmUrl: bridge.simulator.url, token, stateUrl: bridge.where.stateUrl, erpUrl: bridge.where.erpUrl },
    ...{ leadId, answers, pauseMs: 60_000, leaseMs: 600 },
  }
  const child = spawn(process.execPath, [fileURLToPath(new URL('../testing/handover-child.ts', import.meta.url)), JSON.stringify(where)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const id = String(line).trim()
  await vi.waitFor(async () => expect((await findTask(bridge.state, id))?.done).toBe(1), { timeout: 20_000 })
  child.kill('SIGKILL')
  await once(child, 'exit')
  open()
  expect(await ended(id)).toMatchObject({ status: 'done' })
  expect(await answered()).toEqual(all)
})

test('an answer that was begun and has no verdict is sent again', async () => {
  const { id } = await openTask(bridge.state, { id: `BEGUN${leadId}`, kind: handoverKind, leadId, steps: answers })
  const lease = (await acquireLease(bridge.state, 'former', 'killed', 60_000))!
  expect(await beginStep(bridge.state, id, lease)).toBe(true)
  await lease.release()
  await open().resume()
  expect(await ended(id)).toMatchObject({ status: 'done' })
  expect(await answered()).toEqual(all)
})

test('but not when the lead has left pre-sales meanwhile', async () => {
  await bridge.simulator.load([{ kind: 'lead', id: leadId, lead: 'Moved on', stage: 'Desenvolvimento/Orçamento' }])
  const { id } = await openTask(bridge.state, { id: `LEFT${leadId}`, kind: handoverKind, leadId, steps: answers })
  const lease = (await acquireLease(bridge.state, 'former', 'killed', 60_000))!
  await beginStep(bridge.state, id, lease)
  await lease.release()
  await open().resume()
  expect(await ended(id)).toMatchObject({ status: 'done', done: 3 })
  expect(await answered()).toEqual([])
})

test('lost answers and a CRM that is away for a moment cost a repetition, nothing else', async () => {
  bridge.simulator.setFaults({
    answersLost: { paths: ['leadsQualification'], times: 1 },
    errors5xx: { paths: ['leadsQualification'], times: 1 },
  })
  const { id } = await open().start(leadId)
  expect(await ended(id)).toMatchObject({ status: 'done' })
  expect(new Set(await answered())).toEqual(new Set(all))
})

test('a CRM that stays away fails the task and says at which answer', async () => {
  const handovers = open()
  bridge.simulator.setFaults({ errors5xx: { paths: ['leadsQualification'] } })
  const { id } = await handovers.start(leadId)
  expect(await ended(id)).toMatchObject({ status: 'failed', done: 0, code: 'unavailable', message: expect.stringContaining('HTTP 5') })
})

test('a refusal fails the task; the earlier answers stay', async () => {
  const handovers = open({ pauseMs: 300 })
  const { id } = await handovers.start(leadId)
  await vi.waitFor(async () => expect((await findTask(bridge.state, id))?.done).toBe(1), { timeout: 10_000 })
  bridge.simulator.setFaults({ errors400: { paths: ['leadsQualification'] } })
  expect(await ended(id)).toMatchObject({ status: 'failed', done: 1, code: 'rejected' })
  expect(await answered()).toEqual(all.slice(0, 1))
})

test('two processes never work on one task at a time', async () => {
  const other = new AbortController()
  const one = open({ pauseMs: 50 })
  const two = open({ pauseMs: 50, stopping: other.signal })
  const { id } = await one.start(leadId)
  for (let look = 0; look < 10; look++) await two.resume()
  await ended(id)
  other.abort()
  expect(await answered()).toEqual(all)
})
