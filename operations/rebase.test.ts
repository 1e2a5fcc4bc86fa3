/** Replay by rebase: what is sent is what the ERP says now, and nothing that was overtaken. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { expectExactlyOnce } from '../jobs/testing/checks.ts'
import { insertLeads, lettersAt, onlyDead, operatorAt, pickyCrm, refuse, taxIdOf, updateLeads } from '../jobs/testing/operator.ts'
import { addBranch, mirrorLinked, seedReference } from '../jobs/testing/small-erp.ts'
import type { Operator } from './operator.ts'
import { rebaseOn } from './rebase.ts'
import { requeue } from './requeue.ts'

let bridge: Bridge
let operator: Operator
beforeEach(async () => {
  bridge = await openBridge(pickyCrm)
  await seedReference(bridge.erp)
  operator = operatorAt(bridge)
})
afterEach(() => bridge.close())

const crmLead = async (client: number) => (await bridge.context.crm.leadsByTaxId(taxIdOf(client)))[0]
const statusOf = async (key: string) =>
  (await bridge.state.query('select status from changes where key = $1 order by id', [key])).rows.map(({ status }) => status)
const rebase = () => ({ rebase: rebaseOn(bridge.context.erp) })

test('sends what the ERP says now instead of what was stored, once', async () => {
  await refuse(bridge, 1)
  await bridge.erp.query(`update branches set address = 'Rua Nova' where client = 1`)
  await bridge.erp.query(`delete from client_industries where client = 1`)
  expect(await requeue(operator, await onlyDead(bridge), null, rebase())).toMatchObject({ again: 1, superseded: 0 })
  expect(await bridge.run(insertLeads)).toMatchObject({ counts: { delivered: 1 } })
  expect(await crmLead(1)).toMatchObject({ street: 'Rua Nova' })
  expect(await statusOf('1-1')).toEqual(['superseded', 'delivered'])
  expect((await bridge.run('job_execute_spark')).counts).toMatchObject({ queued: 0 })
  await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
})

test('ends without a call when the ERP does not want it sent any more', async () => {
  await refuse(bridge, 1)
  await bridge.erp.query(`update branches set integrate_crm = 'N' where client = 1`)
  expect(await requeue(operator, await onlyDead(bridge), null, rebase())).toMatchObject({ letter: null, again: 0, superseded: 1 })
  expect([lettersAt(bridge, 'falhas'), lettersAt(bridge, 'processar')]).toEqual([[], []])
  expect(await statusOf('1-1')).toEqual(['superseded'])
})

test('of an update ends without a call when both sides agree by now', async () => {
  await addBranch(bridge.erp, { client: 5, taxId: taxIdOf(5) })
  await bridge.cycle()
  await mirrorLinked(bridge.erp)
  await bridge.erp.query(`update branches set address = 'Rua Nova' where client = 5`)
  await bridge.run('job_execute_spark')
  bridge.simulator.setFaults({ errors400: { times: 1, methods: ['PUT'] } })
  await bridge.run(updateLeads)
  await bridge.erp.query(`update branches set address = 'Rua das Flores' where client = 5`)
  expect(await requeue(operator, await onlyDead(bridge), null, rebase())).toMatchObject({ letter: null, superseded: 1 })
})

test('with the same values is the same change again', async () => {
  await refuse(bridge, 1)
  expect(await requeue(operator, await onlyDead(bridge), null, rebase())).toMatchObject({ again: 1 })
  expect(await statusOf('1-1')).toEqual(['queued'])
})

test('with the ERP away does nothing', async () => {
  await refuse(bridge, 1)
  const dead = await onlyDead(bridge)
  const away = { rebase: rebaseOn({ viewRows: () => Promise.reject(Object.assign(new Error('away'), { code: 'erp.unreachable' })) }) }
  await expect(requeue(operator, dead, null, away)).rejects.toThrow('away')
  expect((await onlyDead(bridge)).version).toBe(dead.version)
})

test('beside a compare that queues newer values at the same moment: the newest are sent, once', async () => {
  await refuse(bridge, 1)
  const dead = await onlyDead(bridge)
  await bridge.erp.query(`update branches set address = 'Rua Velha' where client = 1`)
  const erp = {
    viewRows: async (...asked: Parameters<Bridge['context']['erp']['viewRows']>) => {
      const rows = await bridge.context.erp.viewRows(...asked)
      await bridge.erp.query(`update branches set address = 'Rua Nova' where client = 1`)
      await bridge.erp.query(`delete from client_industries where client = 1`)
      await bridge.run('job_execute_spark')
      return rows
    },
  }
  expect(await requeue(operator, dead, null, { rebase: rebaseOn(erp) })).toMatchObject({ again: 0, superseded: 1 })
  expect(await bridge.run(insertLeads)).toMatchObject({ counts: { delivered: 1, superseded: 1 } })
  expect(await crmLead(1)).toMatchObject({ street: 'Rua Nova' })
  await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
})
