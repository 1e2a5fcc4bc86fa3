/** Workers that are stopped past their lease and wake up again: the one that took over is not disturbed. */

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testSeed } from '../../base/testing/random.ts'
import type { Quota } from '../../connectors/crm/quota.ts'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import { acquireLease } from '../../connectors/state/runs/leases.ts'
import { startRun } from '../../connectors/state/runs/runs.ts'
import type { Comparison } from '../../engine/model.ts'
import type { Manifest } from '../../queue-dirs/lane.types.ts'
import { entityNamed } from '../../records/kinds.ts'
import { jobNamed } from '../catalogue.ts'
import { runJob } from '../run/run-job.ts'
import { type Bridge, openBridge, token } from '../testing/bridge.ts'
import { expectExactlyOnce, expectQueueAtRest, expectStateAtRest } from '../testing/checks.ts'
import { addBranch, addContact, seedReference } from '../testing/small-erp.ts'
import { publish, recordManifest } from './publish.ts'

const rounds = process.env.PONTE_TEST_LONG === '1' ? 60 : 4
const leaseMs = 500
const worker = new URL('../testing/worker.ts', import.meta.url).pathname

let bridge: Bridge
beforeEach(async () => {
  bridge = await openBridge({ leaseMs, settleMs: 100 })
  await seedReference(bridge.erp)
})
afterEach(() => bridge.close())

/** This thread does nothing at all for so long: what SIGSTOP and SIGCONT are to a process. */
const stopHere = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const taxId = (client: number) => String(10_000_000_000_000 + client)

describe('a worker that is stopped between intent and effect', () => {
  test('sends nothing when it wakes, though the write was waiting for its turn under the quota', async () => {
    await addBranch(bridge.erp, { client: 1, taxId: taxId(1) })
    await bridge.run('job_execute_spark')
    let stops = 0
    const quota: Quota = {
      async take() {
        // The first request reads the sales reps; the second is the create.
        if (++stops === 2) stopHere(leaseMs * 2)
        return { fresh: () => true }
      },
      blockFor: async () => {},
      close: async () => {},
    }
    const crm = spotter({ baseUrl: bridge.simulator.url, token, quota })
    const report = await runJob({ ...bridge.context, crm }, jobNamed('job_insert_leads_in_spotter'))
    await crm.close()
    expect(stops).toBeGreaterThanOrEqual(2)
    expect(report).toMatchObject({ status: 'failed', counts: { lines: 1, open: 1 } })
    await expectExactlyOnce(bridge, { leads: 0, persons: 0 })
    expect(await bridge.run('job_insert_leads_in_spotter')).toMatchObject({ status: 'success', counts: { delivered: 1 } })
    await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
  })

  test('writes nothing to the ERP when it was stopped after the effect; the next one finds the lead', async () => {
    bridge.simulator.setPolicies({ duplicatePolicy: 'accept' })
    await addBranch(bridge.erp, { client: 1, taxId: taxId(1) })
    await bridge.run('job_execute_spark')
    const { crm } = bridge.context
    const stopping = {
      ...crm,
      addLead: async (...call: Parameters<typeof crm.addLead>) => {
        const result = await crm.addLead(...call)
        stopHere(leaseMs * 2)
        return result
      },
    }
    expect(await runJob({ ...bridge.context, crm: stopping }, jobNamed('job_insert_leads_in_spotter'))).toMatchObject({ status: 'failed' })
    expect((await bridge.erp.query('select id_crm from branches')).rows).toEqual([{ id_crm: null }])
    expect(await bridge.run('job_insert_leads_in_spotter')).toMatchObject({ counts: { delivered: 1 } })
    await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
  })
})

describe('a compare that is stopped past its lease', () => {
  const comparisonThat = (pause: () => void): Comparison => ({
    entity: 'leads.update',
    sequence: 1,
    rows: { desired: 1, known: 1, keyless: 0 },
    changed: 1,
    vanished: { count: 0, keys: [] },
    duplicates: 0,
    batchHash: '0'.repeat(32),
    steps: [],
    async *changes() {
      pause()
      yield [{ op: 'update', key: '1', hash: 'old', before: null, after: { ID: '1', NAME: 'old' } }]
    },
    promote: async () => {
      throw new Error('the snapshot must not move')
    },
    close: async () => {},
  })

  test('publishes nothing when it wakes: another compare has looked since', async () => {
    const lease = (await acquireLease(bridge.state, 'job_execute_spark', 'me', leaseMs))!
    const { state, lanes } = bridge.context
    const run = { id: 'r1', at: new Date(), lease }
    const published = publish(
      { state, lane: lanes.leads },
      run,
      entityNamed('leads.update'),
      comparisonThat(() => stopHere(leaseMs * 2)),
    )
    await expect(published).rejects.toMatchObject({ code: 'lease.lost' })
    expect((await bridge.state.query('select from changes')).rowCount).toBe(0)
    expectQueueAtRest(bridge)
    await lease.release()
  })

  test('and is killed after it sealed its outbox: the letters are recovered, but end without a call', async () => {
    for (const run of ['r1', 'r2']) await startRun(bridge.state, run, 'job_execute_spark')
    const manifest: Manifest = { run: 'r1', entity: 'leads.update', files: [{ name: 'a.json', lines: 1, md5: '' }], meta: {} }
    async function* lines() {
      yield { file: 'a.json', index: 0, text: JSON.stringify({ _RUN: 'r1', _ENTITY: 'leads.update', _KEY: '1', _HASH: 'old' }) }
    }
    const statuses = async () => (await bridge.state.query('select status from changes')).rows.map((row) => row.status)
    await bridge.state.query(`update runs set status = 'success' where id = 'r2'`)
    await recordManifest(bridge.state)(manifest, lines())
    expect(await statuses()).toEqual(['superseded'])
    await bridge.state.query('delete from changes')
    await bridge.state.query(`update runs set status = 'failed' where id = 'r2'`)
    await recordManifest(bridge.state)(manifest, lines())
    expect(await statuses(), 'nobody has looked since: they are sent').toEqual(['queued'])
  })
})

test(`a process stopped ${rounds} times at random, taken over, and woken doubles and loses nothing`, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}`)
  let random = seed
  const next = (below: number) => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((random / 2_147_483_648) * below)
  }
  bridge.simulator.setPolicies({ duplicatePolicy: 'accept' })
  bridge.simulator.setFaults({ delayMs: 10 })
  const child = spawn(process.execPath, [worker, JSON.stringify(bridge.where)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let exit: string | null = null
  child.once('exit', (code, signal) => {
    exit = `${code ?? signal}`
  })
  let client = 0
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    for (let round = 0; round < rounds; round++) {
      for (let added = 0; added < 8; added++) {
        client++
        await addBranch(bridge.erp, { client, taxId: taxId(client) })
        await addContact(bridge.erp, { code: client, client, name: `C ${client}`, email: `c${client}@example.com` })
      }
      await sleep(next(900))
      child.kill('SIGSTOP')
      await sleep(leaseMs + 200)
      await bridge.cycle()
      child.kill('SIGCONT')
      await sleep(300)
      expect(exit, 'the woken worker goes on with its work').toBeNull()
    }
  } finally {
    child.kill('SIGKILL')
  }
  bridge.simulator.setFaults({})
  await sleep(leaseMs + 100)
  for (let cycles = 0; cycles < 3; cycles++) await bridge.cycle()
  await expectExactlyOnce(bridge, { leads: client, persons: client })
  expectQueueAtRest(bridge)
  await expectStateAtRest(bridge)
}, 600_000)
