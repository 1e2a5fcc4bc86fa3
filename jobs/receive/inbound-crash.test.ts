/** The inbound jobs under SIGKILL: a real child process, killed at random moments between claim, ERP, letters of contacts, ledger and progress. */

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { listConflicts } from '../../connectors/state/changes/agreed.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { expectQueueAtRest } from '../testing/checks.ts'
import { crmLead, crmPerson, inCrm } from '../testing/crm-leads.ts'
import { addBranch, seedReference } from '../testing/small-erp.ts'

const long = process.env.PONTE_TEST_LONG === '1'
const kills = long ? 100 : 10
const worker = new URL('../testing/worker.ts', import.meta.url).pathname
const inbound = ['job_update_converted_lead_in_erp', 'job_update_leads_in_erp', 'job_update_contact_in_erp']

let bridge: Bridge
afterEach(() => bridge.close())

/** A worker is killed `delayMs` after it began `victim`, while `edits` are made. */
async function runAndKill(victim: string, delayMs: number, edits: () => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [worker, JSON.stringify(bridge.where), victim, ...inbound], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => chunk.toString().includes(victim) && resolve())
  })
  await edits()
  await Promise.race([started, ended])
  await sleep(delayMs)
  child.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
}

test(
  `after ${kills} SIGKILLs the ERP holds what the CRM holds, with one client per lead and one contact per person, and the queue is at rest`,
  async () => {
    const seed = testSeed()
    console.log(`seed ${seed}`)
    let random = seed
    const next = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((random / 2_147_483_648) * below)
    }
    bridge = await openBridge({ childLeaseMs: 400, concurrency: 2 })
    await seedReference(bridge.erp)
    bridge.simulator.setFaults({ delayMs: 5 })
    const letter = (prefix: string, id: number) =>
      bridge.context.lanes.leads.enqueue(prefix, 'Acme', JSON.stringify({ Lead: { Id: id, Stage: 'Ativação', Company: 'Acme' } }))

    const leads: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const fresh = Array.from({ length: 8 }, () => leads.push(leads.length + 1))
      // Half of them are ERP clients already.
      for (const id of fresh.filter((one) => one % 2 === 0))
        await addBranch(bridge.erp, { client: 1_000 + id, taxId: `12ABC${String(id).padStart(7, '0')}35`, flagged: false, rep: 3 })
      await bridge.simulator.load(fresh.flatMap((id) => [crmLead({ id }), crmPerson(id, 1), crmPerson(id, 2)]))
      await runAndKill(inbound[kill % inbound.length]!, next(500), async () => {
        for (const id of fresh) {
          await letter('converted_lead', id)
          if (next(2) === 0) await letter('update_leads_in_erp', id)
        }
        const known = 1 + next(leads.length)
        await inCrm(bridge, `/leads/${known}`, {
          phone1: `55119${10_000_000 + next(9_999_999)}`,
          customFields: { '_cod.gestores': [['7', '9', '10'][next(3)]] },
        })
        await inCrm(bridge, `/persons/${known * 10 + 1}`, { phone1: `5511${30_000_000 + next(9_999_999)}`, touchLead: true })
        await letter('update_leads_in_erp', known)
      })
    }

    await sleep(500)
    bridge.simulator.setFaults({})
    // A busy machine may lose a lease this short; the next round goes on.
    const left: string[] = []
    for (let quiet = 0, round = 0; quiet < 2 && round < 10; round++) {
      const reports = []
      for (const job of inbound) reports.push(await bridge.run(job))
      const failed = reports.filter(({ status }) => status === 'failed')
      left.push(...failed.map(({ job, message }) => `${job}: ${message}`))
      quiet = failed.length === 0 ? quiet + 1 : 0
    }
    expect(left.filter((message) => !/lease/i.test(message))).toEqual([])

    const cut = await bridge.state.query<{ job: string; n: number }>(
      `select job, count(*)::integer as n from runs where message like 'the process ended%' group by job order by job`,
    )
    console.log(`cut in the middle: ${cut.rows.map(({ job, n }) => `${job} ${n}`).join(', ')}`)
    // Otherwise the kills fell into idle moments and proved nothing.
    expect(cut.rows.reduce((sum, { n }) => sum + n, 0)).toBeGreaterThan(kills / 3)

    const held = new Map<string, unknown>()
    for await (const page of bridge.context.crm.leads()) for (const { id, phone1 } of page) held.set(String(id), phone1)
    const { rows: branches } = await bridge.erp.query('select id_crm, phone, sales_rep, client from branches order by id_crm')
    expect(
      branches.map((row) => Number(row.id_crm)),
      'each lead has one branch',
    ).toEqual(leads)
    expect(new Set(branches.map((row) => row.client)).size).toBe(leads.length)
    expect(branches.filter((row) => row.phone !== held.get(row.id_crm))).toEqual([])
    const reps = await bridge.context.crm.customFieldsOf(leads)
    const repOf = (id: string) =>
      reps
        .get(Number(id))
        ?.find((field) => field.id === '_cod.gestores')
        ?.options.at(-1)
    expect(branches.filter((row) => row.sales_rep !== repOf(row.id_crm))).toEqual([])

    const { rows: contacts } = await bridge.erp.query('select id_crm, phone from contact order by id_crm')
    const persons = [...(await bridge.context.crm.personsOf(leads)).values()].flat().sort((a, b) => a.id - b.id)
    expect(contacts).toEqual(persons.map(({ id, phone1 }) => ({ id_crm: String(id), phone: phone1 })))

    const mirror = await bridge.erp.query(
      'select (select count(*)::int from leads) as leads, (select count(*)::int from contacts) as contacts',
    )
    expect(mirror.rows).toEqual([{ leads: leads.length, contacts: leads.length * 2 }])
    expect(await listConflicts(bridge.state), 'a kill is no conflict').toEqual([])
    expect((await bridge.erp.query('select from error_log')).rowCount).toBe(0)
    expectQueueAtRest(bridge)
  },
  long ? 1_800_000 : 300_000,
)
