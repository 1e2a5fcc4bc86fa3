/** job_descarta_lead against the simulated CRM: letters, the compare, its guard, and everything that must not remove a lead. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bridge, type BridgeOptions, openBridge } from '../testing/bridge.ts'
import { crmLead, inCrm, mirrored, mirrorRows, upTo } from '../testing/crm-leads.ts'

let bridge: Bridge
const open = async (options?: BridgeOptions) => {
  bridge = await openBridge(options)
}
const run = (options?: Parameters<Bridge['run']>[1]) => bridge.run('job_descarta_lead', options)
const letter = (id: unknown, more: object = {}) =>
  bridge.context.lanes.leads.enqueue('lead_descartada', 'Padaria', JSON.stringify({ Lead: { Id: id, Stage: 'Descartado', ...more } }))
const ids = async () => (await mirrorRows(bridge, 'id::int')).map((row) => row.id)
const filesIn = (folder: string) =>
  readdirSync(join(bridge.folder, 'queue/leads', folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
const events = async () =>
  (await bridge.state.query('select lead_id, outcome, code from inbound_events order by lead_id::int')).rows as unknown[]

beforeEach(() => open())
afterEach(() => bridge.close())

describe('letters of discarded leads', () => {
  test('remove what the CRM lost, discarded or moved back, and leave alone what came back meanwhile', async () => {
    await bridge.simulator.load([
      crmLead({ id: 1, stage: 'Descartado' }),
      crmLead({ id: 2, stage: 'Passagem de bastão' }),
      crmLead({ id: 3, stage: 'Ativação' }),
      crmLead({ id: 5, stage: 'Descartado' }),
    ])
    await mirrored(bridge, [1, 2, 3, 4], { budget_value: 10, order_value: 20 })
    for (const id of [1, 2, 3, 4, 5]) await letter(id)
    expect(await run()).toMatchObject({ status: 'success', counts: { letters: 5, delivered: 5, removed: 3, ignored: 2 } })
    expect(await ids()).toEqual([3])
    expect((await bridge.erp.query('select id::int, budget_value::int, order_value::int from leads_removed order by id')).rows).toEqual([
      { id: 1, budget_value: 10, order_value: 20 },
      { id: 2, budget_value: 10, order_value: 20 },
      { id: 4, budget_value: 10, order_value: 20 },
    ])
    const audit = await bridge.erp.query('select job, lead_id, value from log_execution_crm order by lead_id')
    expect(audit.rows).toEqual([
      expect.objectContaining({ job: 'job_descarta_lead', lead_id: '1', value: expect.stringContaining('discarded') }),
      expect.objectContaining({ lead_id: '2', value: expect.stringContaining('moved this lead back to Passagem de bastão') }),
      expect.objectContaining({ lead_id: '4', value: expect.stringContaining('no longer has') }),
    ])
    expect(filesIn('processados')).toHaveLength(5)
    expect(await events()).toMatchObject([
      { outcome: 'removed' },
      { outcome: 'removed' },
      { outcome: 'ignored' },
      { outcome: 'removed' },
      { outcome: 'ignored' },
    ])
  })

  test('are done although the compare is stopped', async () => {
    await bridge.simulator.load([crmLead({ id: 1, stage: 'Descartado' })])
    await mirrored(bridge, upTo(9))
    await letter(1)
    expect(await run()).toMatchObject({ status: 'stopped', counts: { delivered: 1, removed: 1, compare: { candidates: 8, removed: 0 } } })
    expect(await ids()).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(filesIn('processar')).toEqual([])
  })

  test('that cannot be read go to falhas, and hold up nobody', async () => {
    await bridge.simulator.load([crmLead({ id: 1, stage: 'Descartado' })])
    await mirrored(bridge, [1])
    await bridge.context.lanes.leads.enqueue('lead_descartada', 'x', '{"Lead":')
    await letter('no number')
    await letter(1)
    expect(await run()).toMatchObject({ status: 'success', counts: { dead: 2, removed: 1 } })
    expect(filesIn('falhas').filter((name) => !name.endsWith('.error.json'))).toHaveLength(2)
  })

  test('stay in the queue while the CRM is away, and nothing is removed', async () => {
    await mirrored(bridge, [1])
    await letter(1)
    bridge.simulator.setFaults({ errors5xx: 1 })
    expect(await run()).toMatchObject({ status: 'failed', counts: { open: 1 } })
    expect(await ids()).toEqual([1])
    expect(filesIn('processar')).toHaveLength(1)
    bridge.simulator.setFaults({})
    expect(await run()).toMatchObject({ status: 'success', counts: { removed: 1 } })
  })

  test('are asked about together', async () => {
    await bridge.close()
    await open({ concurrency: 16 })
    await bridge.simulator.load(upTo(60).map((id) => crmLead({ id, stage: 'Descartado' })))
    await mirrored(bridge, upTo(60))
    for (const id of upTo(60)) await letter(id)
    // Those who come while a read is under way are in the next one together.
    bridge.simulator.setFaults({ delayMs: 200 })
    const before = bridge.simulator.requests().authenticated
    expect(await run()).toMatchObject({ counts: { removed: 60, compare: { mirrored: 0 } } })
    expect(bridge.simulator.requests().authenticated - before).toBeLessThan(30)
  })
})

describe('the compare of all stages', () => {
  test('removes who went back or is gone, whatever the spelling, and warns of unknown stages only', async () => {
    await bridge.simulator.load(upTo(40).map((id) => crmLead({ id, stage: id === 1 ? 'Desenvolvimento/Orçamento\u00a0' : 'Ativação' })))
    await mirrored(bridge, upTo(40))
    await bridge.erp.query(`begin; set local ponte.mirror_only = 'on'; update leads set stage = 'Ativação' where id in (1, 2); commit`)
    await inCrm(bridge, '/leads/3', null)
    await inCrm(bridge, '/leads/4', { stage: 'Etapa nova' })
    await inCrm(bridge, '/leads/5', { stage: 'Retenção/Expansão' })
    expect(await run()).toMatchObject({
      status: 'success',
      counts: { compare: { mirrored: 40, candidates: 2, removed: 2, unknownStages: 1 } },
    })
    expect(await ids()).toEqual(upTo(40).filter((id) => id !== 1 && id !== 3))
    expect(await run()).toMatchObject({ status: 'skipped' })
  })

  test('stops when more than the limit would leave, says so, and goes on when an operator says so', async () => {
    await bridge.simulator.load(upTo(10).map((id) => crmLead({ id, stage: id <= 3 ? 'Novos leads' : 'Ativação' })))
    await mirrored(bridge, upTo(10))
    const stopped = await run()
    expect(stopped).toMatchObject({
      status: 'stopped',
      message: expect.stringContaining('3 of 10 leads'),
      counts: { compare: { removed: 0 } },
    })
    expect(await ids()).toHaveLength(10)
    expect(await run({ acceptGuard: stopped.run })).toMatchObject({ status: 'success', counts: { compare: { removed: 3 } } })
    expect(await ids()).toEqual([4, 5, 6, 7, 8, 9, 10])
  })

  test('exactly at the limit it goes on; an empty list of the CRM is a landslide', async () => {
    await bridge.simulator.load(upTo(10).map((id) => crmLead({ id, stage: id <= 2 ? 'Novos leads' : 'Ativação' })))
    await mirrored(bridge, upTo(10))
    expect(await run()).toMatchObject({ status: 'success', counts: { compare: { removed: 2 } } })
    await bridge.simulator.reset(false)
    expect(await run()).toMatchObject({ status: 'stopped' })
    expect(await ids()).toHaveLength(8)
  })

  test('reads 3,000 leads in pages, drifting ones too, and removes nobody who is there', async () => {
    await bridge.simulator.load(upTo(3_000).map((id) => crmLead({ id })))
    await bridge.erp.query(
      `begin; set local ponte.mirror_only = 'on'; insert into leads (id, stage) select n, 'Desenvolvimento/Orçamento' from generate_series(1, 3000) n; commit`,
    )
    bridge.simulator.setFaults({ pageDrift: { share: 0.3, rows: 9, evenOrdered: true } })
    expect(await run()).toMatchObject({ counts: { compare: { mirrored: 3_000, removed: 0 } } })
    await inCrm(bridge, '/leads/1234', null)
    await inCrm(bridge, '/leads/2999', { stage: 'Descartado' })
    expect(await run()).toMatchObject({ status: 'success', counts: { compare: { candidates: 2, removed: 2 } } })
    expect((await bridge.erp.query('select count(*)::int as n from leads')).rows).toEqual([{ n: 2_998 }])
  })

  test.each([
    ['5xx answers', { errors5xx: { share: 1, paths: ['Leads'] } }],
    ['silence', { stallMs: { ms: 60_000, paths: ['Leads'] } }],
    ['broken bodies', { malformedJson: { share: 1, paths: ['Leads'] } }],
  ])('a list that breaks off by %s removes nothing', async (_name, faults) => {
    await bridge.close()
    await open({ crmTimeoutMs: 300 })
    await bridge.simulator.load(upTo(1_200).map((id) => crmLead({ id, stage: id === 1 ? 'Descartado' : 'Ativação' })))
    await mirrored(bridge, [1, 2, 1_500])
    // The first page arrives; then the CRM breaks down.
    let pages = 0
    const { leads } = bridge.context.crm
    Object.assign(bridge.context.crm, {
      async *leads(signal: AbortSignal) {
        for await (const page of leads(signal)) {
          if (++pages === 1) bridge.simulator.setFaults(faults)
          yield page
        }
      },
    })
    expect(await run()).toMatchObject({ status: 'failed' })
    expect(pages).toBe(1)
    expect(await ids()).toEqual([1, 2, 1_500])
  })

  test('a lead that comes back between the list and the removal stays', async () => {
    await bridge.simulator.load([crmLead({ id: 1, stage: 'Descartado' })])
    await mirrored(bridge, [1])
    const { leadsByIds } = bridge.context.crm
    Object.assign(bridge.context.crm, {
      async leadsByIds(asked: readonly number[]) {
        await inCrm(bridge, '/leads/1', { stage: 'Ativação' })
        return leadsByIds(asked)
      },
    })
    expect(await run()).toMatchObject({ counts: { compare: { candidates: 1, removed: 0 } } })
    expect(await ids()).toEqual([1])
  })

  test('costs no call of the CRM while the mirror is empty', async () => {
    expect(await run()).toMatchObject({ status: 'skipped' })
    expect(bridge.simulator.requests().authenticated).toBe(0)
  })
})
