/** The whole bridge under SIGKILL: a real child process, killed at random moments of compare, publish, claim, delivery and snapshot. */

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { jobs } from '../catalogue.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { expectCrmHoldsErp, expectExactlyOnce, expectNoSurplusUpdate, expectQueueAtRest, expectStateAtRest } from '../testing/checks.ts'
import { addBranch, addContact, mirrorLinked, seedReference } from '../testing/small-erp.ts'

const long = process.env.PONTE_TEST_LONG === '1'
const kills = long ? 200 : 20
const worker = new URL('../testing/worker.ts', import.meta.url).pathname
/** Those that the worker runs. */
const victims = jobs.filter(({ manual }) => !manual)

let bridge: Bridge
afterEach(() => bridge.close())

/** Lets a worker work until it starts `victim`, and kills it `delayMs` later. */
async function runAndKill(victim: string, delayMs: number): Promise<void> {
  const child = spawn(process.execPath, [worker, JSON.stringify(bridge.where)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => chunk.toString().includes(victim) && resolve())
  })
  await Promise.race([started, ended])
  await sleep(delayMs)
  child.kill('SIGKILL')
  expect(await ended).toBe('SIGKILL')
}

test(
  `after ${kills} SIGKILLs every lead and contact is in the CRM exactly once, edits arrived, and nothing is left half done`,
  async () => {
    const seed = testSeed()
    console.log(`seed ${seed}`)
    let random = seed
    const next = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((random / 2_147_483_648) * below)
    }
    bridge = await openBridge({ childLeaseMs: 400, settleMs: 100, concurrency: 2 })
    await seedReference(bridge.erp)
    // Slow enough that a kill falls into the middle of things.
    bridge.simulator.setFaults({ delayMs: 10 })

    let client = 0
    for (let kill = 0; kill < kills; kill++) {
      for (let added = 0; added < 6; added++) {
        client++
        await addBranch(bridge.erp, { client, taxId: String(10_000_000_000_000 + client) })
        for (const which of [1, 2])
          await addContact(bridge.erp, {
            code: client * 10 + which,
            client,
            name: `Contato ${which}`,
            email: `c${which}.${client}@example.com`,
          })
      }
      await mirrorLinked(bridge.erp)
      await bridge.erp.query('update branches set address_number = address_number + 1 where id_crm is not null and client % 3 = $1', [
        kill % 3,
      ])
      const victim = victims[kill % victims.length]!.name
      await runAndKill(victim, next(victim === 'job_execute_spark' ? 1_200 : 400))
    }

    await sleep(500)
    bridge.simulator.setFaults({})
    for (let cycles = 0; cycles < 3; cycles++)
      for (const report of await bridge.cycle()) expect(['success', 'skipped']).toContain(report.status)
    const last = await bridge.cycle()
    expect(last.map((report) => report.status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'skipped'])

    const cut = await bridge.state.query<{ job: string; n: number }>(
      `select job, count(*)::integer as n from runs where message like 'the process ended%' group by job order by job`,
    )
    console.log(`cut in the middle: ${cut.rows.map(({ job, n }) => `${job} ${n}`).join(', ')}`)
    // Otherwise the kills fell into idle moments and proved nothing.
    expect(cut.rows.reduce((sum, { n }) => sum + n, 0)).toBeGreaterThan(kills / 2)

    await expectNoSurplusUpdate(bridge)
    await expectCrmHoldsErp(bridge)
    await expectExactlyOnce(bridge, { leads: client, persons: client * 2 })
    expectQueueAtRest(bridge)
    await expectStateAtRest(bridge)
    const unlinked = await bridge.erp.query('select count(*)::integer as n from branches where id_crm is null')
    expect(unlinked.rows).toEqual([{ n: 0 }])
  },
  long ? 3_600_000 : 400_000,
)
