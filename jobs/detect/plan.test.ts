/** What a plan says the next delivery costs is what the CRM is asked: ten random situations, with letters that wait, on one bridge. */
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { spotter } from '../../connectors/crm/spotter/spotter.ts'
import { seededRandom } from '../../lab/simulators/crm/random.ts'
import { jobNamed } from '../catalogue.ts'
import { runJob } from '../run/run-job.ts'
import { type Bridge, openBridge, token } from '../testing/bridge.ts'
import { crmLead, crmPerson, upTo } from '../testing/crm-leads.ts'
import { addBranch, addContact, seedReference, setBudget, setOrder } from '../testing/small-erp.ts'
import { allCalls, plan } from './plan.ts'

const deliveries = [
  'job_insert_leads_in_spotter',
  'job_insert_contacts_in_spotter',
  'job_update_leads_in_spotter',
  'job_update_contacts_in_spotter',
  'job_orca_lead_in_spotter',
  'job_vende_lead_in_spotter',
]

let bridge: Bridge
let clients: number[]
/** Twelve leads with a person each are in step on both sides. */
beforeAll(async () => {
  bridge = await openBridge()
  await seedReference(bridge.erp)
  await bridge.simulator.load(upTo(12).flatMap((id) => [crmLead({ id }), crmPerson(id)]))
  await bridge.run('job_leads_full_sync')
  await bridge.cycle()
  await bridge.cycle()
  clients = (await bridge.erp.query('select client from branches where id_crm is not null order by client')).rows.map(
    ({ client }) => client,
  )
  expect(clients).toHaveLength(12)
})
afterAll(() => bridge.close())

const requests = () => bridge.simulator.requests().authenticated

test.each(upTo(10))('seed %i: a plan names the calls that are then made', async (seed) => {
  const random = seededRandom(seed, 'plan')
  const chance = (share: number) => random() < share
  const some = () => clients.filter(() => chance(0.4))
  const edit = async (word: string) => {
    for (const client of some())
      await bridge.erp.query('update branches set address = $1 where client = $2', [`Rua ${word} ${seed}`, client])
    for (const client of some())
      await bridge.erp.query('update contact set job_title_desc = $1 where branch_client = $2', [`${word} ${seed}`, client])
  }
  const newLeads = async (from: number) => {
    for (const client of upTo(4).map((n) => 1_000 * seed + from + n)) {
      // The second of them has no name, and is refused without a call.
      await addBranch(bridge.erp, { client, taxId: String(20_000_000_000_000 + client), ...(client % 10 === 2 ? { name: '' } : {}) })
      for (const n of upTo(3).filter(() => chance(0.5)))
        await addContact(bridge.erp, {
          code: 10 * client + n,
          client,
          name: `Ana ${n}`,
          email: n === 3 ? null : `a${n}@${client}.example.com`,
        })
    }
  }

  await edit('A')
  await newLeads(0)
  if (chance(0.7)) {
    await bridge.run('job_execute_spark')
    // Some of what waits is overtaken, some goes back to what it was.
    await edit('B')
    await newLeads(10)
  }
  if (chance(0.5)) {
    const [client] = clients
    const { rows } = await bridge.erp.query(
      `select id_crm::text as "ID", description as "NAME", taxid as "TAXID" from branches where client = $1`,
      [client],
    )
    const file = join(bridge.folder, 'queue/leads/processar', `update_leads_in_crm_hand${seed}.json`)
    writeFileSync(file, JSON.stringify({ ...rows[0], ADDRESS_STREET: `Rua à mão ${seed}` }))
    // One that was written a moment ago would be left for the next run.
    utimesSync(file, 0, 0)
  }
  for (const client of some()) await setBudget(bridge.erp, client, `${100 * seed + 1}.5`)
  for (const client of some()) await setOrder(bridge.erp, client, `${100 * seed}`)

  // The mirror learns which leads were sold.
  await bridge.run('job_update_leads_in_erp')

  const concurrency = seed % 2 === 0 ? 8 : 1
  // A client of its own: it remembers no sales reps.
  const crm = spotter({ baseUrl: bridge.simulator.url, token, quota: null, concurrency })
  const context = { ...bridge.context, crm, inboundCrm: crm, options: { ...bridge.context.options, concurrency } }
  try {
    const before = requests()
    const calls = allCalls(await plan(context))
    expect(requests(), 'a plan asks the CRM nothing').toBe(before)
    await runJob(context, jobNamed('job_execute_spark'))
    for (const job of deliveries) await runJob(context, jobNamed(job))
    const made = requests() - before
    // One line after another shares no read, so there is one number.
    if (concurrency === 1) expect(calls).toEqual({ least: made, most: made })
    expect(made).toBeGreaterThanOrEqual(calls.least)
    expect(made).toBeLessThanOrEqual(calls.most)
  } finally {
    await crm.close()
  }
})
