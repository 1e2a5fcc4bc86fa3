/** What a worker makes of how a run ended: tried again later and later, handed on, caught up. In this process, on PostgreSQL. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { openQueueBackend } from '../../connectors/queue-backend/open.ts'
import { acquireLease } from '../../connectors/state/runs/leases.ts'
import { ALL_JOBS, pauseJob, resumeJob } from '../../connectors/state/runs/schedules.ts'
import { jobNamed } from '../catalogue.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { addBranch, seedReference } from '../testing/small-erp.ts'
import { history, only } from '../testing/workers.ts'
import { askRun } from './ask-run.ts'
import { runJob } from './run-job.ts'
import { nextTick, type Schedule } from './schedule.ts'
import { createWaker } from './waker.ts'
import { startWorker } from './worker.ts'

const spark = 'job_execute_spark'
const inserts = 'job_insert_leads_in_spotter'
const contacts = 'job_update_contact_in_erp'
const patience = { timeout: 60_000, interval: 30 }

let bridge: Bridge
beforeEach(async () => {
  bridge = await openBridge()
  await seedReference(bridge.erp)
})
afterEach(() => bridge.close())

async function work(schedules: readonly Schedule[] = [], retryMs = 50) {
  const backend = await openQueueBackend({ redisUrl: null, stateUrl: bridge.where.stateUrl }, { nextTick, onError: () => {} })
  onTestFinished(() => backend.close())
  const worker = await startWorker(bridge.context, backend, { schedules, retryMs })
  onTestFinished(() => worker.close())
  return { backend, worker }
}
const lastOf = async (job: string) => (await history(bridge, job)).at(-1)

describe('a run that failed because a system is away', () => {
  test('is tried again later and later, each try on record, until it succeeds', async () => {
    await addBranch(bridge.erp, { client: 1, taxId: '11222333000181' })
    await bridge.run(spark)
    bridge.simulator.setFaults({ errors5xx: { share: 1, statuses: [503] } })
    await work([], 200)
    const { run } = await askRun(bridge.state, inserts, {}, 'test')
    await vi.waitFor(async () => expect((await history(bridge, inserts)).length).toBeGreaterThan(1), patience)
    bridge.simulator.setFaults({})
    await vi.waitFor(async () => expect(await lastOf(inserts)).toMatchObject({ status: 'success' }), patience)
    const tries = await history(bridge, inserts)
    expect(tries.map(({ attempt }) => attempt)).toEqual(tries.map((_, n) => n + 1))
    expect(tries[0]).toMatchObject({ id: run, status: 'failed', code: expect.stringMatching(/^crm\./) })
    for (const [n, { retry_at, ended_at, parent }] of tries.entries()) {
      if (n > 0) expect(parent, 'a retry names the run that was asked for').toBe(run)
      if (n === tries.length - 1) continue
      expect(retry_at!.getTime() - ended_at!.getTime()).toBeGreaterThan(200 * 2 ** n * 0.7)
      expect(tries[n + 1]!.started_at.getTime()).toBeGreaterThanOrEqual(retry_at!.getTime() - 100)
    }
  })

  test('is given up after its retries', async () => {
    bridge.simulator.setFaults({ errors5xx: { share: 1, statuses: [503] } })
    await work([], 10)
    await askRun(bridge.state, 'job_validade_full', {}, 'test')
    await vi.waitFor(
      async () => expect(await lastOf('job_validade_full')).toMatchObject({ attempt: 4, status: 'failed', retry_at: null }),
      patience,
    )
    // Whatever comes after it is done, so no fifth try is under way.
    const { run } = await askRun(bridge.state, 'purge', {}, 'test')
    await vi.waitFor(async () => expect(await lastOf('purge')).toMatchObject({ id: run, status: 'skipped' }), patience)
    expect(await history(bridge, 'job_validade_full')).toHaveLength(4)
  })
})

describe('a job that another process holds', () => {
  test('is waited for by who asked for it, and let pass by its schedule', async () => {
    const held = (await acquireLease(bridge.state, 'purge', 'elsewhere', 60_000))!
    const { backend } = await work(only({ purge: '* * * * * *' }))
    const { run } = await askRun(bridge.state, 'purge', {}, 'test')
    const passed = async () => (await bridge.state.query(`select from bullmq.job where return_value @> '{"busy": true}'`)).rowCount ?? 0
    await vi.waitFor(async () => expect(await passed()).toBeGreaterThan(1), patience)
    expect(await history(bridge, 'purge')).toEqual([expect.objectContaining({ id: run, status: 'queued' })])
    await backend.remove('purge')
    await held.release()
    await vi.waitFor(async () => expect((await history(bridge, 'purge'))[0]).toMatchObject({ status: 'skipped' }), patience)
  })

  test('and for which a run made work runs once more when it is free', async () => {
    await bridge.simulator.load([
      { kind: 'lead', id: 1, lead: 'L1', cnpj: '11222333000181', stage: 'Ativação' },
      { kind: 'person', id: 11, leadId: 1, name: 'Ana', email: 'ana@example.com', mainContact: true },
    ])
    await bridge.context.lanes.leads.enqueue('converted_lead', 'x', '{"Lead":{"Id":1,"Stage":"Ativação"}}')
    const held = (await acquireLease(bridge.state, contacts, 'elsewhere', 60_000))!
    await work()
    const { run } = await askRun(bridge.state, 'job_update_converted_lead_in_erp', {}, 'test')
    await vi.waitFor(async () => expect(await lastOf(contacts)).toMatchObject({ status: 'queued', trigger: 'job', parent: run }), patience)
    await held.release()
    await vi.waitFor(async () => expect(await lastOf(contacts)).toMatchObject({ status: 'success', trigger: 'job', parent: run }), patience)
    expect((await bridge.erp.query('select email from contact')).rows).toEqual([{ email: 'ana@example.com' }])
  })
})

describe('a pause', () => {
  test.each([inserts, ALL_JOBS])('of %s holds schedule, webhooks and other jobs back, but no person', async (paused) => {
    await pauseJob(bridge.state, paused, 'test')
    for (const trigger of ['schedule', 'job', 'webhook'] as const)
      expect(await runJob(bridge.context, jobNamed(inserts), { trigger })).toMatchObject({ status: 'skipped', message: 'paused' })
    const waker = createWaker(bridge.context)
    waker.wake(inserts)
    await waker.idle()
    expect(await history(bridge, inserts)).toEqual([])
    expect(await bridge.run(inserts)).toMatchObject({ message: 'no letters waiting' })
    expect(await resumeJob(bridge.state, paused)).toBe(true)
    expect(await runJob(bridge.context, jobNamed(inserts), { trigger: 'schedule' })).toMatchObject({ message: 'no letters waiting' })
  })
})

describe('what cannot be meant', () => {
  test('a tick of a job that this version does not know fails and disturbs nobody', async () => {
    const { backend } = await work()
    await backend.tick({ job: 'job_of_tomorrow' }, { id: 'tomorrow', retries: 0 })
    const { run } = await askRun(bridge.state, 'purge', {}, 'test')
    await vi.waitFor(async () => expect(await lastOf('purge')).toMatchObject({ id: run, status: 'skipped' }), patience)
    expect((await bridge.state.query('select from runs')).rowCount).toBe(1)
  })

  test.each([
    ['nobody', {}, 'job.unknown'],
    [spark, { dryRun: true }, 'run.no_dry_run'],
    [spark, { acceptGuard: 'nothing' }, 'run.not_stopped'],
  ])('asking for %s with %o is refused, and nothing is queued', async (job, parameters, code) => {
    await expect(askRun(bridge.state, job, parameters, 'test')).rejects.toMatchObject({ code, exitCode: 2 })
    expect((await bridge.state.query('select from runs')).rowCount).toBe(0)
  })
})

describe('a machine whose clock is wrong', () => {
  const dayAhead = () => {
    const now = Date.now.bind(Date)
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 86_400_000)
    onTestFinished(() => clock.mockRestore())
    return clock
  }
  const hourly = { [spark]: '0 * * * *' }
  const next = async (backend: Awaited<ReturnType<typeof work>>['backend']) => (await backend.standing())[0]?.next ?? null

  test('leaves schedules a day ahead: they are put right, and what was missed runs', async () => {
    const { backend, worker } = await work()
    await worker.close()
    const clock = dayAhead()
    for (const schedule of only(hourly)) await backend.put(schedule, 0)
    clock.mockRestore()
    await work(only(hourly))
    await vi.waitFor(async () => expect((await next(backend))!.getTime()).toBeLessThanOrEqual(Date.now() + 3_600_000), patience)
    await vi.waitFor(async () => expect(await lastOf(spark)).toMatchObject({ trigger: 'schedule' }), patience)
  })

  test('puts up nothing and takes nothing, until it is right', async () => {
    const clock = dayAhead()
    const { backend } = await work(only({ [spark]: '* * * * * *' }))
    const { run } = await askRun(bridge.state, 'purge', {}, 'test')
    await vi.waitFor(() => expect(readFileSync(bridge.logFile, 'utf8')).toContain('worker.clock_wrong'), patience)
    expect(await next(backend)).toBeNull()
    expect(await lastOf('purge')).toMatchObject({ id: run, status: 'queued' })
    clock.mockRestore()
    await vi.waitFor(async () => expect(await lastOf('purge')).toMatchObject({ id: run, status: 'skipped' }), patience)
    await vi.waitFor(async () => expect(await lastOf(spark)).toMatchObject({ trigger: 'schedule' }), patience)
  })
})

test('a queue of ticks that somebody paused goes on', async () => {
  const { backend } = await work()
  await backend.queue.pause()
  const { run } = await askRun(bridge.state, 'purge', {}, 'test')
  await vi.waitFor(async () => expect(await lastOf('purge')).toMatchObject({ id: run, status: 'skipped' }), patience)
})

test('schedulers of other settings are replaced when a worker starts, and what is taken off ticks no more', async () => {
  const first = await work(only({ [spark]: '0 3 * * *', purge: '0 4 * * *' }))
  await first.worker.close()
  const { backend } = await work(only({ [spark]: '0 5 * * *' }))
  expect(await backend.standing()).toEqual([expect.objectContaining({ job: spark, cron: '0 5 * * *' })])
  expect((await bridge.state.query('select job, cron from schedules')).rows).toEqual([{ job: spark, cron: '0 5 * * *' }])
})
