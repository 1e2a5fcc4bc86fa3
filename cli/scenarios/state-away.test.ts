/**
 * Ponte's own database goes away for ten seconds under a running API and a running worker, in the middle of deliveries: both live on, say
 * so, keep what comes in, and go on by themselves. So they do when it only falls silent. Real processes; a door stands in front of the database.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gate, openGate } from '../../connectors/testing/gate.ts'
import { inCrm } from '../../jobs/testing/crm-leads.ts'
import { addLeads, type House, openHouse } from '../testing/house.ts'
import type { Started } from '../testing/ponte.ts'

const token = 'token-of-the-crm-for-webhooks'
let house: House
let gate: Gate
let api: Started
let worker: Started
let url: string
beforeAll(async () => {
  house = await openHouse()
  gate = await openGate(house.env.STATE_DATABASE_URL!)
  // Whoever sent a lead twice would have it twice.
  house.simulator.setPolicies({ duplicatePolicy: 'accept', uniqueClientCode: false })
  house.simulator.setFaults({ replyLate: { ms: 300 } })
  await addLeads(house.erp, 1, 12)
  const everyTwoSeconds = ['JOB_EXECUTE_SPARK', 'JOB_INSERT_LEADS_IN_SPOTTER', 'JOB_UPDATE_LEADS_IN_ERP']
  const env = {
    ...house.env,
    ...Object.fromEntries(everyTwoSeconds.map((job) => [`SCHEDULE_${job}`, '*/2 * * * * *'])),
    ...{ STATE_DATABASE_URL: gate.url, PORT: '0', PONTE_TOKENS: `crm:webhook:${token}`, CRM_CONCURRENCY: '1', JOB_RETRY_MS: '500' },
  }
  api = house.ponte.start(['api', '--json'], env)
  worker = house.ponte.start(['worker', '--json'], env)
  url = (JSON.parse(await api.shows('}\n')) as { url: string }).url
  await worker.shows('}\n')
})
afterAll(async () => {
  for (const one of [api, worker]) one?.child.kill('SIGKILL')
  await Promise.all([api?.ended, worker?.ended])
  await gate?.shut()
  await house?.close()
})

const ready = async () => {
  const answer = await fetch(`${url}/ready`)
  return { status: answer.status, checks: ((await answer.json()) as { checks: Record<string, string> }).checks }
}
const webhook = async (id: number) => {
  const body = JSON.stringify({ Lead: { Id: id, Stage: 'Desenvolvimento/Orçamento', Company: 'x' } })
  return (await fetch(`${url}/atualizalead`, { method: 'POST', body, headers: { authorization: `Bearer ${token}` } })).status
}
const created = () => house.simulator.effects({ by: 'api', kind: 'leadAdded' })
const quick = { timeout: 30_000, interval: 100 }

test('away for ten seconds in mid-delivery: processes live, /ready says so, webhooks are kept, and all of it ends once', {
  timeout: 150_000,
}, async () => {
  await expect.poll(async () => (await created()).length, quick).toBeGreaterThan(2)
  expect(await ready()).toMatchObject({ status: 200 })
  await gate.shut()
  const shutAt = performance.now()
  await expect.poll(ready, quick).toMatchObject({ status: 503, checks: { state: 'DOWN', erp: 'UP', queue: 'UP' } })
  expect((await created()).length, 'it was cut off in the middle').toBeLessThan(12)

  // The world goes on: in the ERP, and in the CRM, whose webhooks are acknowledged because their letters are on the disk.
  await addLeads(house.erp, 13, 4)
  const moved = (await created()).slice(0, 3).map(({ id }) => id)
  for (const id of moved) {
    await inCrm(house, `/leads/${id}`, { stage: 'Desenvolvimento/Orçamento', phone1: `55119000${10_000 + id}` })
    expect(await webhook(id)).toBe(200)
  }
  await sleep(Math.max(0, 10_000 - (performance.now() - shutAt)))
  expect((await fetch(`${url}/health`)).status).toBe(200)
  expect([api.child.exitCode, worker.child.exitCode]).toEqual([null, null])

  await gate.open()
  await expect.poll(ready, quick).toMatchObject({ status: 200 })
  const phones = async () => (await house.erp.query('select id::integer as id, phone from leads order by id')).rows
  await expect
    .poll(phones, quick)
    .toEqual([...moved].sort((a, b) => a - b).map((id) => ({ id, phone: expect.stringContaining(`9000${10_000 + id}`) })))
  await expect.poll(async () => (await created()).length, quick).toBe(16)
  const linked = async () =>
    (await house.erp.query('select count(distinct id_crm)::integer as n from branches where id_crm is not null')).rows[0].n
  await expect.poll(linked, quick).toBe(16)
  // A round more of everything: nothing follows.
  const { rows } = await house.state.query<{ now: Date }>('select clock_timestamp() as now')
  const ended = async () =>
    (
      await house.state.query(
        `select count(distinct job)::integer as n from runs where started_at > $1 and status in ('success', 'skipped')`,
        [rows[0]!.now],
      )
    ).rows[0].n
  await expect.poll(ended, quick).toBeGreaterThanOrEqual(3)
  expect(new Set((await created()).map(({ key }) => key)).size).toBe(16)
  expect(await created()).toHaveLength(16)
  for (const folder of ['processar', 'falhas']) expect(house.letters('leads', folder)).toEqual([])
  // A compare that read the ERP before a delivery and published after it queues the lead once more: it is found, not made again.
  const { rows: ends } = await house.state.query('select status, count(distinct key)::integer as n from changes group by status')
  expect(ends).toEqual([{ status: 'delivered', n: 16 }])
  expect([api.child.exitCode, worker.child.exitCode]).toEqual([null, null])
})

test('silent on every connection that is open: webhooks are acknowledged within seconds, and work goes on by itself', {
  timeout: 240_000,
}, async () => {
  const [first] = (await created()).map(({ id }) => id)
  gate.hush()
  const started = performance.now()
  await inCrm(house, `/leads/${first}`, { phone1: '5511777000001' })
  expect(await webhook(first!)).toBe(200)
  expect(performance.now() - started).toBeLessThan(10_000)
  await addLeads(house.erp, 17, 2)
  await expect.poll(async () => (await created()).length, { timeout: 150_000, interval: 500 }).toBe(18)
  const phone = async () => (await house.erp.query('select phone from leads where id = $1', [first])).rows[0].phone
  await expect.poll(phone, { timeout: 60_000, interval: 500 }).toContain('777000001')
  expect([api.child.exitCode, worker.child.exitCode]).toEqual([null, null])
})
