/** What an operator does with refused lines, against real databases, files and the simulated CRM. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listHeld } from '../connectors/state/changes/operator.ts'
import { listAudit } from '../connectors/state/people/audit.ts'
import { balanceOf } from '../jobs/run/balance.ts'
import { type Bridge, openBridge } from '../jobs/testing/bridge.ts'
import { expectExactlyOnce } from '../jobs/testing/checks.ts'
import { addRefused, insertLeads, lettersAt, onlyDead, operatorAt, pickyCrm, refuse, taxIdOf } from '../jobs/testing/operator.ts'
import { seedReference } from '../jobs/testing/small-erp.ts'
import { discardDead } from './discard-dead.ts'
import { editDead } from './edit-dead.ts'
import { findDead } from './find-dead.ts'
import { heldKeys, release } from './held.ts'
import { linesNumbered, openDead } from './open-dead.ts'
import type { Operator } from './operator.ts'
import { requeue, requeueMatching } from './requeue.ts'
import { showLines } from './show-dead.ts'

let bridge: Bridge
let operator: Operator
beforeEach(async () => {
  bridge = await openBridge(pickyCrm)
  await seedReference(bridge.erp)
  operator = operatorAt(bridge)
})
afterEach(() => bridge.close())

const lanes = () => bridge.context.lanes
const crmLead = async (client: number) => (await bridge.context.crm.leadsByTaxId(taxIdOf(client)))[0]
const statusOf = async (key: string) =>
  (await bridge.state.query('select status from changes where key = $1 order by id', [key])).rows.map(({ status }) => status)
const passed = async (run: AsyncIterable<unknown>) => {
  const all = []
  for await (const one of run) all.push(one)
  return all
}

describe('a lead refused for a bad field', () => {
  test('is found, corrected and delivered; nothing is left, and everything is on record', async () => {
    await refuse(bridge, 1)
    const page = await findDead(lanes(), { entity: 'leads.insert', code: 'NOT_FOUND', taxId: '10.000.000/0000-01' }, { limit: 5 })
    expect(page).toMatchObject({ next: null, letters: [{ lines: [{ about: { taxId: taxIdOf(1), name: 'EMPRESA 1 LTDA', key: '1-1' } }] }] })
    const { dead } = page.letters[0]!
    const edited = await editDead(operator, dead, { set: { industry: 'Varejo' }, requeue: true })
    expect(edited).toMatchObject({
      changed: [{ field: 'INDUSTRY', from: 'Pesca', to: 'Varejo' }],
      ownedByErp: [],
      requeued: { again: 1, left: 0 },
    })
    expect(lettersAt(bridge, 'falhas')).toEqual([])
    expect(await bridge.run(insertLeads)).toMatchObject({ counts: { delivered: 1, dead: 0 } })
    expect(await crmLead(1)).toMatchObject({ industry: { value: 'Varejo' } })
    await expectExactlyOnce(bridge, { leads: 1, persons: 0 })
    expect(await listAudit(bridge.state, { limit: 9 })).toMatchObject([
      { actor: 'cli:test', action: 'falhas.edit', target: dead.file, outcome: 'done', before: { values: { INDUSTRY: 'Pesca' } } },
    ])
    expect((await bridge.run('job_execute_spark')).counts).toMatchObject({ queued: 0 })
    expect(readFileSync(bridge.logFile, 'utf8')).not.toMatch(/EMPRESA 1|10000000000001/)
  })

  test('is shown with what was sent beside what the ERP and the CRM hold now', async () => {
    await refuse(bridge, 1)
    await bridge.erp.query(`update branches set address = 'Rua Nova' where client = 1`)
    const other = await bridge.context.crm.addLead({ name: 'De outra pessoa', cpfcnpj: taxIdOf(1) })
    const dead = await onlyDead(bridge)
    const [view] = await showLines(operator, dead, dead.lines!, { erp: bridge.context.erp, crm: bridge.context.crm })
    expect(view).toMatchObject({ standing: 'open', erp: { kind: 'read' }, crm: { kind: 'read' }, crmId: other.ok ? other.value : 0 })
    const field = (name: string) => view!.fields.find(({ field }) => field === name)
    expect(field('ADDRESS_STREET')).toMatchObject({ sent: 'Rua das Flores', erp: 'Rua Nova', crm: null, editable: true, owner: 'erp' })
    expect(field('NAME')).toMatchObject({ sent: 'EMPRESA 1 LTDA', erp: 'EMPRESA 1 LTDA', crm: 'De outra pessoa' })
    expect(field('TAXID')).toMatchObject({ editable: false })
    expect(field('PHONE')).toMatchObject({ expected: '10 to 13 digits, with the area code', blamed: false })
    expect(view!.fields[0], '“Industry not found” names it').toMatchObject({ field: 'INDUSTRY', blamed: true })
  })

  test('is shown all the same when a side is away, and says which', async () => {
    await refuse(bridge, 1)
    const dead = await onlyDead(bridge)
    bridge.simulator.setFaults({ errors5xx: {} })
    const [view] = await showLines(operator, dead, dead.lines!, { erp: bridge.context.erp, crm: bridge.context.crm })
    expect(view).toMatchObject({ erp: { kind: 'read' }, crm: { kind: 'away', why: expect.stringMatching(/HTTP 5\d\d/) } })
    const erp = { viewRows: () => Promise.reject(new Error('connection refused')) }
    expect((await showLines(operator, dead, dead.lines!, { erp, crm: bridge.context.crm }))[0]).toMatchObject({ erp: { kind: 'away' } })
  })
})

describe('requeueing', () => {
  test('is line by line: what has a newer change is put away, the rest goes', async () => {
    await refuse(bridge, 1, 2)
    const older = (await onlyDead(bridge)).file
    // Client 1 is corrected in the ERP, so the next compare sends it; client 2 is refused once more.
    await bridge.erp.query('delete from client_industries where client = 1')
    await addRefused(bridge, 3)
    await bridge.run('job_execute_spark')
    expect(await bridge.run(insertLeads)).toMatchObject({ counts: { delivered: 1, dead: 2 } })
    expect(await requeue(operator, await openDead(lanes(), older), null)).toMatchObject({ letter: null, again: 0, superseded: 2, left: 0 })
    expect(await requeue(operator, await onlyDead(bridge), null)).toMatchObject({ again: 2, superseded: 0, left: 0 })
    expect(lettersAt(bridge, 'processados').filter((name) => name.endsWith('.superseded.json'))).toHaveLength(1)
    expect(await statusOf('1-1')).toEqual(['superseded', 'delivered'])
    expect(await statusOf('2-1')).toEqual(['superseded', 'queued'])
  })

  test('all that a filter names takes only the lines meant, and tells what somebody else took meanwhile', async () => {
    await refuse(bridge, 1, 2, 3)
    const all = await passed(requeueMatching(operator, { taxId: taxIdOf(2) }))
    expect(all).toMatchObject([{ again: 1, left: 2 }])
    expect((await onlyDead(bridge)).lines).toHaveLength(2)
    const both = await Promise.all([passed(requeueMatching(operator, {})), passed(requeueMatching(operatorAt(bridge, 'cli:other'), {}))])
    const done = both.flat().filter((one) => !('gone' in (one as object)))
    expect(done).toMatchObject([{ again: 2, left: 0 }])
  })

  test('ends although what is requeued is refused again at the same time', async () => {
    await refuse(bridge, 1)
    for (let n = 0; n < 3; n++) {
      const all = await passed(requeueMatching(operator, { code: 'NOT_FOUND' }))
      expect(all).toHaveLength(1)
      await bridge.run(insertLeads)
    }
    expect(lettersAt(bridge, 'falhas')).toHaveLength(1)
  })
})

describe('discarding', () => {
  test('needs a reason, keeps the line and the reason, and the compare does not bring it back until the data changes', async () => {
    await refuse(bridge, 1, 2)
    const dead = await onlyDead(bridge)
    await expect(discardDead(operator, dead, null, ' ')).rejects.toMatchObject({ code: 'falhas.no_reason' })
    const { archived, left } = await discardDead(operator, dead, linesNumbered(dead.lines!, [1]), 'a filial fechou')
    expect({ left, kept: lettersAt(bridge, 'processados') }).toEqual({ left: 1, kept: [archived] })
    expect((await listAudit(bridge.state, { action: 'falhas.discard', limit: 1 }))[0]).toMatchObject({
      target: dead.file,
      reason: 'a filial fechou',
    })
    const compared = await bridge.run('job_execute_spark')
    expect(compared.counts).toMatchObject({ held: 0, discarded: 1 })
    expect(await balanceOf(bridge.state, compared.run)).toMatchObject({ balanced: true })
    expect(await heldKeys(bridge.state)).toMatchObject([{ key: '1-1', code: 'DISCARDED' }])
    await bridge.erp.query(`delete from client_industries where client = 1`)
    await bridge.run('job_execute_spark')
    await bridge.run(insertLeads)
    expect(await crmLead(1)).toMatchObject({ lead: 'EMPRESA 1 LTDA' })
  })

  test('of a file that is no text puts the file away as it is', async () => {
    writeFileSync(join(bridge.folder, 'queue/leads/falhas/insert_leads_in_crm_x.json'), Buffer.from([0xff, 0x00]))
    const { archived } = await discardDead(operator, await onlyDead(bridge), null, 'unreadable')
    expect(lettersAt(bridge, 'processados')).toEqual([archived])
  })
})

test('a held key is released: the next compare sends it', async () => {
  await refuse(bridge, 1)
  for (let n = 0; n < 2; n++) {
    await bridge.run('job_execute_spark')
    await bridge.run(insertLeads)
  }
  expect((await bridge.run('job_execute_spark')).counts).toMatchObject({ queued: 0, held: 1 })
  const held = await heldKeys(bridge.state)
  expect(held).toMatchObject([{ entity: 'leads.insert', key: '1-1', sends: 3 }])
  expect(await release(operator, held)).toEqual([{ entity: 'leads.insert', key: '1-1' }])
  expect(await release(operator, held)).toEqual([])
  expect((await bridge.run('job_execute_spark')).counts).toMatchObject({ queued: 1, held: 0 })
  expect(await listHeld(bridge.state)).toEqual([])
})
