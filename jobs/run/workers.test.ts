/**
 * Several workers as processes, on Redis and on PostgreSQL (issue 5, must show 3): nothing overlaps, and whatever happens to them or to
 * Redis, each record arrives once. The oracle is the simulated CRM's own effect log.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { redisMissing } from '../../connectors/queue-backend/testing/private-redis.ts'
import { creations, expectExactlyOnce, expectQueueAtRest, expectStateAtRest } from '../testing/checks.ts'
import { addBranch } from '../testing/small-erp.ts'
import { history, only, openShift, overlaps, type Shift, type WorkerProcess } from '../testing/workers.ts'
import { askRun } from './ask-run.ts'

const spark = 'job_execute_spark'
const inserts = 'job_insert_leads_in_spotter'
const everySecond = '* * * * * *'
/** It ticks, but not in this test. */
const newYear = '0 0 1 1 *'
const patience = { timeout: 120_000, interval: 50 }
const backends = [['PostgreSQL', false], ...(redisMissing('jobs/workers on Redis') ? [] : [['Redis', true] as const])] as const

let shift: Shift
let client = 0
beforeEach(() => {
  client = 0
})
afterEach(() => shift.close())

const addLeads = async (count: number) => {
  for (let n = 0; n < count; n++) await addBranch(shift.bridge.erp, { client: ++client, taxId: String(10_000_000_000_000 + client) })
}
const created = async () => (await creations(shift.bridge)).leads.size
const allCreated = () => vi.waitFor(async () => expect(await created()).toBe(client), patience)
/** The last effect comes before its letter is put away. */
const atRest = () => vi.waitFor(() => expectQueueAtRest(shift.bridge), patience)
/** Letters of so many new leads wait; the CRM is slow enough that something can happen meanwhile. */
const queueLeads = async (count: number) => {
  await addLeads(count)
  expect(await shift.bridge.run(spark)).toMatchObject({ status: 'success' })
  shift.bridge.simulator.setFaults({ delayMs: 150 })
}
/** Waits until one of them is in the middle of the job. */
const inTheMiddle = (workers: readonly WorkerProcess[], job: string, effects: number) =>
  vi.waitFor(async () => {
    expect(await created()).toBeGreaterThanOrEqual(effects)
    const running = (await history(shift.bridge, job)).find(({ status }) => status === 'running')
    const holder = workers.find(({ name }) => name === running?.worker)
    expect(holder).toBeDefined()
    return holder!
  }, patience)

describe.each(backends)('workers with ticks in %s', (_, onRedis) => {
  test('three of them share the work of every second; no two runs of a job overlap', async () => {
    shift = await openShift(onRedis)
    shift.bridge.simulator.setFaults({ delayMs: 30 })
    await shift.workers(3, only({ [spark]: everySecond, [inserts]: everySecond, job_update_leads_in_spotter: everySecond }))
    for (let round = 0; round < 4; round++) {
      await addLeads(10)
      await allCreated()
    }
    await vi.waitFor(async () => expect((await history(shift.bridge)).length).toBeGreaterThan(30), patience)
    expect(await overlaps(shift.bridge)).toEqual([])
    expect(new Set((await history(shift.bridge)).map(({ worker }) => worker)).size).toBeGreaterThan(1)
    await expectExactlyOnce(shift.bridge, { leads: client, persons: 0 })
  })

  test('a worker killed with SIGKILL in the middle of a run is replaced within 10 s, and nothing is doubled', async () => {
    shift = await openShift(onRedis, { leaseMs: 8_000, concurrency: 1 })
    await queueLeads(40)
    const workers = await shift.workers(2, only({ [inserts]: newYear }))
    const { run } = await askRun(shift.bridge.state, inserts, {}, 'test')
    const holder = await inTheMiddle(workers, inserts, 3)
    expect(await holder.end('SIGKILL')).toBe('SIGKILL')
    const killedAt = Date.now()
    const successor = await vi.waitFor(async () => {
      const next = (await history(shift.bridge, inserts)).find(({ worker }) => worker !== null && worker !== holder.name)
      expect(next).toBeDefined()
      return next!
    }, patience)
    console.log(`${onRedis ? 'Redis' : 'PostgreSQL'}: replaced after ${((successor.started_at.getTime() - killedAt) / 1_000).toFixed(1)} s`)
    expect(successor.started_at.getTime() - killedAt).toBeLessThan(10_000)
    expect(successor).toMatchObject({ parent: run, trigger: 'manual' })
    expect((await history(shift.bridge, inserts))[0]).toMatchObject({ id: run, status: 'failed', code: 'run.killed', worker: holder.name })
    await allCreated()
    await vi.waitFor(async () => expect((await history(shift.bridge, inserts)).at(-1)!.status).toBe('success'), patience)
    await expectExactlyOnce(shift.bridge, { leads: client, persons: 0 })
    await atRest()
    await expectStateAtRest(shift.bridge)
  })

  test('a worker told to stop comes to its next line, exits with 0, and another goes on at once', async () => {
    shift = await openShift(onRedis, { leaseMs: 8_000, concurrency: 1 })
    await queueLeads(40)
    const workers = await shift.workers(2, only({ [inserts]: newYear }))
    await askRun(shift.bridge.state, inserts, {}, 'test')
    const holder = await inTheMiddle(workers, inserts, 3)
    expect(await holder.end('SIGTERM')).toBe(0)
    const { rows: leases } = await shift.bridge.state.query(
      'select from leases where name = $1 and expires_at > clock_timestamp() and holder like $2',
      [inserts, `%${holder.child.pid}%`],
    )
    expect(leases, 'nobody waits for its lease').toEqual([])
    const ended = (await history(shift.bridge, inserts))[0]!
    expect(ended).toMatchObject({ status: 'failed', code: 'run.interrupted' })
    await allCreated()
    const next = (await history(shift.bridge, inserts))[1]!
    expect(next.worker).not.toBe(holder.name)
    await expectExactlyOnce(shift.bridge, { leads: client, persons: 0 })
  })

  test('a worker stopped past its lease and woken doubles nothing', async () => {
    shift = await openShift(onRedis, { leaseMs: 1_500, concurrency: 2 })
    shift.bridge.simulator.setPolicies({ duplicatePolicy: 'accept' })
    await queueLeads(30)
    const workers = await shift.workers(2, only({ [inserts]: everySecond }))
    const holder = await inTheMiddle(workers, inserts, 3)
    holder.child.kill('SIGSTOP')
    // Another has taken over, and works.
    const before = await vi.waitFor(async () => {
      const next = (await history(shift.bridge, inserts)).find(({ worker, status }) => worker !== holder.name && status === 'running')
      expect(next).toBeDefined()
      return created()
    }, patience)
    await vi.waitFor(async () => expect(await created()).toBeGreaterThan(before), patience)
    holder.child.kill('SIGCONT')
    await allCreated()
    await vi.waitFor(async () => {
      const woken = (await history(shift.bridge, inserts)).filter(({ worker }) => worker === holder.name)
      expect(woken.some(({ code }) => code === 'run.killed')).toBe(true)
    }, patience)
    await addLeads(5)
    await shift.bridge.run(spark)
    await allCreated()
    expect(holder.child.exitCode, 'the woken worker goes on with its work').toBeNull()
    await expectExactlyOnce(shift.bridge, { leads: client, persons: 0 })
    await atRest()
  })

  test('a tick that nobody could make is caught up once, also by several that start together, and also when the queue was lost', async () => {
    shift = await openShift(onRedis)
    const { bridge, redis } = shift
    const nightly = only({ [spark]: '0 3 * * *' })
    const [first] = await shift.workers(1, nightly)
    await vi.waitFor(async () => expect((await bridge.state.query('select from schedules')).rowCount).toBe(1), patience)
    expect(await history(bridge, spark), 'the first night has yet to come').toEqual([])
    await first!.end('SIGTERM')
    await bridge.state.query(`update schedules set since = since - interval '2 days'`)
    if (redis) await redis.wipe()
    else await bridge.state.query('drop schema bullmq cascade')
    await shift.workers(2, nightly)
    await vi.waitFor(async () => expect(await history(bridge, spark)).toEqual([expect.objectContaining({ trigger: 'schedule' })]), patience)
    await shift.workers(1, nightly)
    // Whoever comes later finds it done: a request, which comes after any tick that is under way, is the only further run.
    const { run } = await askRun(bridge.state, spark, {}, 'test')
    await vi.waitFor(async () => expect((await history(bridge, spark)).at(-1)).toMatchObject({ id: run, status: 'skipped' }), patience)
    expect(await history(bridge, spark)).toHaveLength(2)
  })
})

if (!redisMissing('jobs/workers: FLUSHALL'))
  test('Redis wiped in mid-run, again and again: the run ends well, the schedules are put back, what was asked for is done', async () => {
    shift = await openShift(true, { concurrency: 1 })
    await queueLeads(30)
    const workers = await shift.workers(2, only({ [spark]: everySecond, [inserts]: everySecond }))
    for (let wipe = 1; wipe <= 4; wipe++) {
      await inTheMiddle(workers, inserts, wipe * 3)
      await shift.redis!.wipe()
    }
    const asked = await askRun(shift.bridge.state, 'purge', {}, 'test')
    await shift.redis!.wipe()
    await addLeads(5)
    await allCreated()
    await vi.waitFor(
      async () => expect((await history(shift.bridge, 'purge'))[0]).toMatchObject({ id: asked.run, status: 'skipped' }),
      patience,
    )
    const last = (await history(shift.bridge, spark)).length
    await vi.waitFor(async () => expect((await history(shift.bridge, spark)).length).toBeGreaterThan(last + 1), patience)
    expect(await overlaps(shift.bridge)).toEqual([])
    expect((await history(shift.bridge, inserts)).filter(({ status }) => status === 'failed')).toEqual([])
    await expectExactlyOnce(shift.bridge, { leads: client, persons: 0 })
    await atRest()
  })
