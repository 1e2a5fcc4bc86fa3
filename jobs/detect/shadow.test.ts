/** Shadow mode: everything is looked at, nothing is touched. */
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { jobs } from '../catalogue.ts'
import { type Bridge, openBridge } from '../testing/bridge.ts'
import { addBranch, addContact, mirrorLinked, seedReference, setBudget, setOrder } from '../testing/small-erp.ts'

let bridge: Bridge
afterEach(() => bridge.close())

test('in shadow mode a compare reports what it would queue; no job writes to CRM, ERP or queue', async () => {
  bridge = await openBridge({ shadow: true, settleMs: 50 })
  await seedReference(bridge.erp)
  await bridge.simulator.load([{ kind: 'lead', id: 2, lead: 'linked', stage: 'Desenvolvimento/Orçamento' }])
  await addBranch(bridge.erp, { client: 1, taxId: '10000000000001' })
  await addBranch(bridge.erp, { client: 2, taxId: '10000000000002', idCrm: 2 })
  await addContact(bridge.erp, { code: 1, client: 2, name: 'Nova', email: 'nova@example.com' })
  await mirrorLinked(bridge.erp)
  await setBudget(bridge.erp, 2, '100')
  await setOrder(bridge.erp, 2, '100')
  await bridge.erp.query('update branches set address_number = 7 where client = 2')
  await bridge.context.lanes.leads.enqueue('update_leads_in_erp', 'x', JSON.stringify({ Lead: { Id: 2, Stage: 'Vendidos' } }))
  const erp = async () =>
    (await bridge.erp.query('select leads::text from leads union all select branches::text from branches order by 1')).rows
  const before = await erp()

  const compared = await bridge.run('job_execute_spark')
  expect(compared).toMatchObject({ status: 'success', counts: { changed: 5, wouldSend: 5, stopped: 0 } })
  const report = JSON.parse(readFileSync(String(compared.counts.report), 'utf8'))
  const told = report.entries.map(({ entity, changes }: { entity: string; changes: unknown[] }) => [entity, changes.length])
  expect(Object.fromEntries(told)).toEqual({
    'leads.update': 1,
    'leads.insert': 1,
    'contacts.update': 0,
    'contacts.insert': 1,
    'leads.budget': 1,
    'leads.sale': 1,
  })
  expect(report.entries[0].changes[0]).toMatchObject({ key: '2', fields: [{ field: 'ADDRESS_NUMBER', to: '7' }] })

  for (const { name } of jobs) {
    const { status, message } = await bridge.run(name)
    if (!['job_execute_spark', 'backup_postgresql', 'purge'].includes(name))
      expect({ name, status, message }).toMatchObject({ status: 'skipped', message: expect.stringContaining('shadow mode') })
  }
  expect(await bridge.run('job_leads_full_sync', { dryRun: true })).toMatchObject({ message: expect.not.stringMatching(/shadow/) })
  expect(await bridge.simulator.effects({ by: 'api' })).toEqual([])
  expect(await erp()).toEqual(before)
  expect((await bridge.state.query('select from changes')).rowCount).toBe(0)
  expect((await bridge.context.lanes.leads.counts()).map(({ folder, files }) => [folder, files])).toEqual([['processar', 1]])
}, 120_000)
