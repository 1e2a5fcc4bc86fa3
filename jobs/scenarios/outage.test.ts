/** The CRM at its worst: answers lost after the effect, 5xx, storms of 429. Exactly once, under the quota, and every run balances. */

import { afterEach, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import { balanceOf } from '../run/balance.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { expectExactlyOnce, expectQueueAtRest, expectStateAtRest } from '../testing/checks.ts'
import { addBranch, addContact, seedReference } from '../testing/small-erp.ts'

let bridge: Bridge
afterEach(() => bridge.close())

test('20% answers lost, 30% 5xx and 429 storms: every lead and contact exactly once, the rate kept, the run balanced', async () => {
  const quota = { limit: 30, windowMs: 500 }
  const seed = testSeed()
  console.log(`seed ${seed}`)
  bridge = await openBridge({ simulator: { seed, quota }, quota: { ...quota, shared: true }, settleMs: 30, concurrency: 8 })
  await seedReference(bridge.erp)
  const branches = process.env.PONTE_TEST_LONG === '1' ? 1_000 : 60
  for (let client = 1; client <= branches; client++) {
    await addBranch(bridge.erp, { client, taxId: String(10_000_000_000_000 + client) })
    await addContact(bridge.erp, { code: client, client, name: `Contato ${client}`, email: `c.${client}@example.com` })
  }
  const detected = await bridge.run('job_execute_spark')
  bridge.simulator.setFaults({ answersLost: 0.2, errors5xx: 0.3, storm429: { share: 0.1, seconds: 0 } })

  let runs = 0
  for (let left = 1; left > 0 && runs < 40; runs++) {
    await bridge.run('job_insert_leads_in_spotter')
    await bridge.run('job_insert_contacts_in_spotter')
    const { rows } = await bridge.state.query(`select count(*)::integer as n from changes where status = 'queued'`)
    left = rows[0].n
  }
  console.log(
    `delivered after ${runs} runs; most requests in any ${quota.windowMs} ms: ${JSON.stringify(bridge.simulator.requests(quota.windowMs).maxInWindow)}`,
  )

  await expectExactlyOnce(bridge, { leads: branches, persons: branches })
  expectQueueAtRest(bridge)
  await expectStateAtRest(bridge)
  expect(bridge.simulator.requests(quota.windowMs).maxInWindow.authenticated).toBeLessThanOrEqual(quota.limit + 1)
  expect(await balanceOf(bridge.state, detected.run)).toMatchObject({ changed: branches, delivered: branches, balanced: true })

  // The storm is over: nothing to do, and the CRM holds what the ERP says.
  bridge.simulator.setFaults({})
  expect((await bridge.cycle()).map((report) => report.status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'skipped'])
}, 300_000)
