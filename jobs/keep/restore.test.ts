/**
 * A disaster: backup, 1,000 more deliveries, state and queue destroyed in the middle of them, restore, go on. ERP, CRM and their logs are real
 * databases and files, or simulated (the CRM); the judge is the CRM's own effect log.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, expect, test } from 'vitest'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import {
  creations,
  expectCrmHoldsErp,
  expectExactlyOnce,
  expectNoSurplusUpdate,
  expectQueueAtRest,
  expectStateAtRest,
} from '../testing/checks.ts'
import { inCrm } from '../testing/crm-leads.ts'
import { destroyAndRestore, type Survivor } from '../testing/disaster.ts'
import { addBranch, addContact, mirrorLinked, seedReference, setBudget, setOrder } from '../testing/small-erp.ts'

const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)
const worker = new URL('../testing/worker.ts', import.meta.url).pathname

let bridge: Bridge
let survivor: Survivor | null = null
afterEach(async () => {
  await survivor?.close()
  survivor = null
  await bridge.close()
})

let clients = 0
async function newBranches(count: number): Promise<void> {
  for (let added = 0; added < count; added++) {
    const client = ++clients
    await addBranch(bridge.erp, { client, taxId: String(10_000_000_000_000 + client) })
    await addContact(bridge.erp, { code: client, client, name: `Contato ${client}`, email: `c.${client}@example.com` })
  }
}
const edit = (where: string) =>
  bridge.erp.query(`update branches set address_number = address_number + 1 where id_crm is not null and ${where}`)
const writes = async (by: Bridge) => (await by.simulator.effects({ by: 'api' })).length

/** Both commerce jobs, as often as it takes: a lead in doubt is told in the run after it was looked for. */
const commerce = ['job_orca_lead_in_spotter', 'job_vende_lead_in_spotter']

/** A worker that delivers until it is killed, with `atLeast` effects in the CRM's log that it brought about. */
async function killInMidDelivery(atLeast: number): Promise<void> {
  const before = await writes(bridge)
  const child = spawn(process.execPath, [worker, JSON.stringify(bridge.where)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  await expect.poll(() => writes(bridge), { timeout: 120_000, interval: 20 }).toBeGreaterThan(before + atLeast)
  child.kill('SIGKILL')
  expect((await ended)[1]).toBe('SIGKILL')
}

test('backup, 1,000 more deliveries, destroy, restore, run: nothing is sent twice, nothing is missing', async () => {
  clients = 0
  bridge = await openBridge({ settleMs: 60, leaseMs: 1_000, concurrency: 8, backupRecipients: [recipient] })
  await seedReference(bridge.erp)
  // This CRM refuses no second lead: only Ponte's own look can prevent one.
  bridge.simulator.setPolicies({ duplicatePolicy: 'accept', uniqueClientCode: false })

  // The life before: leads with contacts, budgets, an order; then edits that wait, and leads of which one answer is lost.
  await newBranches(100)
  await bridge.cycle()
  await mirrorLinked(bridge.erp)
  for (const client of [1, 2, 3]) await setBudget(bridge.erp, client, '100')
  for (const job of commerce) await bridge.run(job)
  const [lead] = (await bridge.erp.query<{ id: string }>('select id_crm::text as id from branches where client = 70')).rows
  await inCrm(bridge, `/leads/${lead!.id}`, { stage: 'Desenvolvimento/Orçamento' })
  await bridge.run('job_update_leads_in_erp')
  await edit('client <= 60')
  await newBranches(20)
  await bridge.run('job_execute_spark')
  bridge.simulator.setFaults({ answersLost: { times: 5, methods: ['POST'] }, errors5xx: { share: 1, methods: ['GET'] } })
  await bridge.run('job_insert_leads_in_spotter')
  bridge.simulator.setFaults({})

  // The backup is made while letters are being delivered.
  const [backup] = await Promise.all([bridge.run('backup_postgresql'), bridge.run('job_update_leads_in_spotter')])
  expect(backup).toMatchObject({ status: 'success', counts: { removed: 0 } })
  const atBackup = await writes(bridge)

  // A thousand deliveries of every kind that the backup does not know.
  await bridge.cycle()
  await newBranches(400)
  await bridge.cycle()
  await bridge.cycle()
  await mirrorLinked(bridge.erp)
  await edit('client > 60')
  for (const client of [2, 3, 4]) await setBudget(bridge.erp, client, '200')
  for (const client of [1, 2]) await setOrder(bridge.erp, client, '300')
  await bridge.cycle()
  for (const job of commerce) await bridge.run(job)
  // In the CRM somebody works, and no webhook of it will ever be seen again.
  await inCrm(bridge, `/leads/${lead!.id}`, { phone1: '5511900000070' })

  // Killed in the middle of creates whose answers come late: effects that nobody wrote down.
  await newBranches(60)
  await edit('client <= 80')
  await setBudget(bridge.erp, 5, '500')
  await setOrder(bridge.erp, 3, '700')
  bridge.simulator.setFaults({ replyLate: { ms: 200 } })
  await killInMidDelivery(20)
  bridge.simulator.setFaults({})
  const linked = await bridge.erp.query('select count(*)::integer as n from branches where id_crm is not null')
  expect((await creations(bridge)).leads.size).toBeGreaterThan(linked.rows[0].n)
  const atDisaster = await writes(bridge)
  expect(atDisaster - atBackup).toBeGreaterThanOrEqual(1_000)

  // While nothing runs the ERP goes on: new values, also for what was being sent.
  await edit('client <= 40')
  survivor = await destroyAndRestore(bridge, String(backup.counts.file), identity)
  expect(survivor.restored.letters).toBeGreaterThan(0)
  for (let round = 0; round < 4; round++) {
    for (const report of await survivor.cycle())
      expect(report, JSON.stringify(report)).toMatchObject({ status: expect.stringMatching(/^(success|skipped)$/) })
    for (const job of [...commerce, 'job_update_leads_in_erp']) await survivor.run(job)
  }
  const last = await survivor.cycle()
  expect(last.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'skipped'])

  await expectExactlyOnce(survivor, { leads: clients, persons: clients })
  await expectNoSurplusUpdate(survivor)
  await expectNoStaleUpdate(survivor)
  await expectToldOnce(survivor)
  await expectCrmHoldsErp(survivor)
  expectQueueAtRest(survivor)
  await expectStateAtRest(survivor)
  const { rows: phones } = await bridge.erp.query('select phone from leads where id = $1', [lead!.id])
  expect(phones).toEqual([{ phone: expect.stringContaining('900000070') }])
  console.log(`${atDisaster - atBackup} writes after the backup, ${(await writes(survivor)) - atDisaster} after the restore`)
}, 400_000)

/** Every edit raises the number: no lead was ever given an older value after a newer one. */
async function expectNoStaleUpdate(by: Bridge): Promise<void> {
  const last = new Map<number, number>()
  const stale: unknown[] = []
  for (const { id, after } of await by.simulator.effects({ by: 'api', kind: 'leadUpdated' })) {
    const number = Number(after.lead!.number)
    if (number < (last.get(id) ?? 0)) stale.push([id, last.get(id), number])
    last.set(id, number)
  }
  expect(last.size).toBeGreaterThan(400)
  expect(stale).toEqual([])
}

/** Each sale once, each value of a budget once. */
async function expectToldOnce(by: Bridge): Promise<void> {
  const told = new Map<string, number>()
  for (const { kind, id, digest } of await by.simulator.effects({ by: 'api' }))
    if (!['leadAdded', 'personAdded', 'leadUpdated', 'personUpdated'].includes(kind) && !/removed/i.test(kind))
      told.set(`${kind} ${id} ${digest}`, (told.get(`${kind} ${id} ${digest}`) ?? 0) + 1)
  expect([...told.values()].filter((times) => times > 1)).toEqual([])
  expect(told.size).toBeGreaterThanOrEqual(9)
  expect((await creations(by)).leads.size).toBe(clients)
}
