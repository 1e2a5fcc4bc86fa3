/** An operator's process dies between letter and index, by a real SIGKILL: nothing is lost, nothing is sent twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listAudit } from '../connectors/state/people/audit.ts'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { expectExactlyOnce } from '../jobs/testing/checks.ts'
import { insertLeads, lettersAt, onlyDead, operatorAt, pickyCrm, refuse, taxIdOf } from '../jobs/testing/operator.ts'
import { seedReference } from '../jobs/testing/small-erp.ts'
import { discardDead } from './discard-dead.ts'
import { requeue } from './requeue.ts'

const child = fileURLToPath(new URL('../jobs/testing/operator-child.ts', import.meta.url))
let bridge: Bridge
beforeEach(async () => {
  bridge = await openBridge(pickyCrm)
  await seedReference(bridge.erp)
})
afterEach(() => bridge.close())

async function killedWhile(act: 'requeue' | 'rebase' | 'edit' | 'discard', at: 'letter' | 'index'): Promise<void> {
  const { file } = await onlyDead(bridge)
  const args = [child, JSON.stringify(bridge.where), act, at, file]
  const victim = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, signal] = await once(victim, 'exit')
  expect(signal).toBe('SIGKILL')
}

test.each(['requeue', 'rebase', 'edit'] as const)(
  '%s, killed when the letter waits and the index does not know: it is delivered once',
  async (act) => {
    await refuse(bridge, 1)
    if (act !== 'edit') await bridge.erp.query('delete from client_industries where client = 1')
    if (act === 'requeue') bridge.simulator.setPolicies({ unknownIndustry: 'create' })
    await killedWhile(act, 'letter')
    expect(lettersAt(bridge, 'falhas')).toEqual([])
    expect(await bridge.run(insertLeads)).toMatchObject({ counts: { delivered: 1, dead: 0 } })
    await bridge.cycle()
    expect(await bridge.context.crm.leadsByTaxId(taxIdOf(1))).toHaveLength(1)
    await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
    expect((await bridge.run('job_execute_spark')).counts).toMatchObject({ queued: 0, suppressed: 0, held: 0 })
    // That it was begun is on record; how it ended is not.
    expect(await listAudit(bridge.state, { limit: 9 })).toMatchObject([{ action: `falhas.${act}`, outcome: null }])
  },
)

test.each(['requeue', 'rebase', 'edit'] as const)('%s, killed before the letter moves: it is as it was', async (act) => {
  await refuse(bridge, 1)
  const before = await onlyDead(bridge)
  await killedWhile(act, 'index')
  expect((await onlyDead(bridge)).version).toBe(before.version)
  expect(await requeue(operatorAt(bridge), await onlyDead(bridge), null)).toMatchObject({ again: 1, superseded: 0 })
})

test('discard, killed when the index knows and the letter is there: it is discarded again', async () => {
  await refuse(bridge, 1)
  await killedWhile('discard', 'index')
  expect((await bridge.run('job_execute_spark')).counts).toMatchObject({ queued: 0, discarded: 1 })
  expect(await discardDead(operatorAt(bridge), await onlyDead(bridge), null, 'for the test')).toMatchObject({ left: 0 })
  expect(lettersAt(bridge, 'falhas')).toEqual([])
})
