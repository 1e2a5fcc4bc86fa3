/** A webhook's job runs at once (issue 3): again when a letter came during its run, later when another process or a failure is in the way. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acquireLease } from '../../connectors/state/runs/leases.ts'
import type { Context } from '../context.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { crmLead, crmPerson, upTo } from '../testing/crm-leads.ts'
import { seedReference } from '../testing/small-erp.ts'
import { createWaker, type Waker } from './waker.ts'

const job = 'job_update_leads_in_erp'
let bridge: Bridge
let waker: Waker
beforeEach(async () => {
  bridge = await openBridge({ concurrency: 1 })
  await seedReference(bridge.erp)
})
afterEach(async () => {
  await waker.close()
  await bridge.close()
})

const letter = (id: number) =>
  bridge.context.lanes.leads.enqueue('update_leads_in_erp', 'Acme', JSON.stringify({ Lead: { Id: id, Stage: 'Ativação' } }))
const inErp = async () => (await bridge.erp.query('select id_crm::int as id from branches order by id_crm')).rows.map(({ id }) => id)
const runs = async (name = job) =>
  (await bridge.state.query('select status, message from runs where job = $1 order by happened', [name])).rows
const waiting = () => readdirSync(join(bridge.folder, 'queue/leads/processar')).filter((name) => name.endsWith('.json'))

/** The context with something in the way of each run: it is called first. */
const withHindrance = (hinder: () => Promise<void>): Context => ({
  ...bridge.context,
  erp: {
    ...bridge.context.erp,
    async stages() {
      await hinder()
      return bridge.context.erp.stages()
    },
  },
})

test('a wake runs the job, and the jobs that it makes work for', async () => {
  await bridge.simulator.load([crmLead({ id: 1 }), crmPerson(1)])
  waker = createWaker(bridge.context)
  await letter(1)
  waker.wake(job)
  await waker.idle()
  expect(await inErp()).toEqual([1])
  expect((await bridge.erp.query('select id_crm::int as id from contact')).rows).toEqual([{ id: 11 }])
  expect(await runs()).toEqual([{ status: 'success', message: null }])
})

test('wakes during a run mean one more run after it, however many they are', async () => {
  await bridge.simulator.load([crmLead({ id: 1 }), crmLead({ id: 2 })])
  let inFirst = false
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  // The first run has read all its letters when it is held up.
  const slow: Context = {
    ...bridge.context,
    erp: {
      ...bridge.context.erp,
      async removeLead(event) {
        inFirst = true
        await gate
        return bridge.context.erp.removeLead(event)
      },
    },
  }
  waker = createWaker(slow)
  await letter(404)
  waker.wake(job)
  while (!inFirst) await sleep(5)
  await letter(1)
  for (let n = 0; n < 5; n++) waker.wake(job)
  await sleep(50)
  expect(await runs(), 'one at a time').toHaveLength(1)
  open()
  await waker.idle()
  expect(await inErp()).toEqual([1])
  expect((await runs()).map(({ status }) => status)).toHaveLength(2)
})

describe('a job that another process holds', () => {
  test('is run as soon as that one lets go: it may have passed our letter already', async () => {
    await bridge.simulator.load([crmLead({ id: 1 })])
    const other = (await acquireLease(bridge.state, job, 'another process', 60_000))!
    waker = createWaker(bridge.context)
    await letter(1)
    waker.wake(job)
    await sleep(900)
    expect([await inErp(), await runs()]).toEqual([[], []])
    await other.release()
    await waker.idle()
    expect(await inErp()).toEqual([1])
  })

  test('and that another job made work for is not left to the schedule either', async () => {
    await bridge.simulator.load([crmLead({ id: 1 }), crmPerson(1)])
    const other = (await acquireLease(bridge.state, 'job_update_contact_in_erp', 'another process', 60_000))!
    waker = createWaker(bridge.context)
    await letter(1)
    waker.wake(job)
    while ((await inErp()).length === 0) await sleep(20)
    await sleep(500)
    expect((await bridge.erp.query('select from contact')).rowCount).toBe(0)
    await other.release()
    await waker.idle()
    expect((await bridge.erp.query('select from contact')).rowCount).toBe(1)
  })
})

describe('a job that fails', () => {
  test('is tried again after a pause that grows, and is done once what was away is back', async () => {
    await bridge.simulator.load([crmLead({ id: 1 })])
    const tries: number[] = []
    let away = true
    waker = createWaker(
      withHindrance(async () => {
        tries.push(performance.now())
        if (away) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      }),
    )
    await letter(1)
    waker.wake(job)
    while (tries.length < 2) await sleep(20)
    away = false
    await waker.idle()
    expect(await inErp()).toEqual([1])
    expect(tries).toHaveLength(3)
    expect(tries[1]! - tries[0]!).toBeGreaterThanOrEqual(990)
    expect(tries[2]! - tries[1]!).toBeGreaterThanOrEqual(4_900)
    expect((await runs()).map(({ status }) => status)).toEqual(['failed', 'failed', 'success'])
  }, 60_000)

  test('does not keep the process from ending', async () => {
    waker = createWaker(
      withHindrance(async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      }),
    )
    await letter(1)
    waker.wake(job)
    while ((await runs()).filter(({ status }) => status === 'failed').length < 2) await sleep(20)
    await waker.close()
    expect(await runs(), 'it does not wait for the next try').toHaveLength(2)
    expect(waiting()).toHaveLength(1)
  }, 30_000)

  test('of an unknown name is told, and nothing is thrown at who woke it', async () => {
    waker = createWaker(bridge.context)
    expect(() => waker.wake('job_of_nobody')).not.toThrow()
    await waker.close()
    expect(readFileSync(bridge.logFile, 'utf8')).toContain('a woken job could not run')
  })
})

test('closing lets the line under way end, leaves the rest queued, and wakes nothing any more', async () => {
  const ids = upTo(40)
  await bridge.simulator.load(ids.map((id) => crmLead({ id })))
  bridge.simulator.setFaults({ delayMs: 20 })
  waker = createWaker(bridge.context)
  for (const id of ids) await letter(id)
  waker.wake(job)
  while ((await inErp()).length === 0) await sleep(5)
  await waker.close()
  const done = await inErp()
  expect(done.length).toBeGreaterThan(0)
  expect(done.length).toBeLessThan(40)
  expect(waiting(), 'a line is done or it waits').toHaveLength(40 - done.length)
  expect(await runs()).toEqual([{ status: 'failed', message: 'stopped before the end; the rest stays queued' }])
  waker.wake(job)
  await waker.idle()
  expect(await runs()).toHaveLength(1)

  bridge.simulator.setFaults({})
  waker = createWaker(bridge.context)
  waker.wake(job)
  await waker.idle()
  expect(await inErp()).toEqual(ids)
}, 60_000)
