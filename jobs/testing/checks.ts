/** The common oracle of crash and outage tests: the CRM's own effect log against what the ERP says (nothing lost, nothing doubled). */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Bridge } from './bridge.ts'

/** How often each key was created, by the effect log. */
export async function creations(bridge: Bridge): Promise<{ leads: Map<string, number>; persons: Map<string, number> }> {
  const leads = new Map<string, number>()
  const persons = new Map<string, number>()
  for (const effect of await bridge.simulator.effects({ by: 'api' })) {
    const into = effect.kind === 'leadAdded' ? leads : effect.kind === 'personAdded' ? persons : null
    into?.set(effect.key, (into.get(effect.key) ?? 0) + 1)
  }
  return { leads, persons }
}

export async function expectExactlyOnce(bridge: Bridge, expected: { leads: number; persons: number }): Promise<void> {
  const { leads, persons } = await creations(bridge)
  expect([...leads.values(), ...persons.values()].filter((times) => times !== 1)).toEqual([])
  expect(leads.size).toBe(expected.leads)
  expect(persons.size).toBe(expected.persons)
}

/** Nothing is left anywhere but in processados: no half-published run, no claim, no letter waiting or dead. */
export function expectQueueAtRest(bridge: Bridge): void {
  for (const lane of ['leads', 'contacts'])
    for (const folder of ['.tmp', 'processar', 'processando', 'falhas']) {
      const left = readdirSync(join(bridge.folder, 'queue', lane, folder), { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && entry.name.endsWith('.json'),
      )
      expect(left.map((entry) => `${lane}/${folder}/${entry.name}`)).toEqual([])
    }
}

/** Every change that was ever queued has ended, and no key was delivered with an older value after a newer one. */
export async function expectStateAtRest(bridge: Bridge): Promise<void> {
  const { rows } = await bridge.state.query(
    `select status, count(*)::integer as n from changes where status not in ('delivered', 'superseded') group by status`,
  )
  expect(rows).toEqual([])
}

/** No lead was written twice in a row with the same values: an update whose answer was lost is looked up, not repeated. */
export async function expectNoSurplusUpdate(bridge: Bridge): Promise<void> {
  const last = new Map<number, string>()
  const surplus: number[] = []
  for (const effect of await bridge.simulator.effects({ by: 'api', kind: 'leadUpdated' })) {
    if (last.get(effect.id) === effect.digest) surplus.push(effect.id)
    last.set(effect.id, effect.digest)
  }
  expect(surplus).toEqual([])
}

/** Every linked branch's lead has the ERP's values in the CRM. */
export async function expectCrmHoldsErp(bridge: Bridge): Promise<void> {
  const { rows } = await bridge.erp.query<{ id: string; address_number: string; address_street: string }>(
    'select id, address_number, address_street from desired_leads',
  )
  const held = new Map<string, { number: string | null; street: string | null }>()
  for await (const page of bridge.context.crm.leads()) for (const lead of page) held.set(String(lead.id), lead)
  const wrong = rows.filter((row) => held.get(row.id)?.number !== row.address_number || held.get(row.id)?.street !== row.address_street)
  expect(wrong).toEqual([])
}
