/** The client against the simulated CRM: every method of the contract, then the faults that lose, double or hide things. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CrmSimulator, startCrmSimulator } from '../../../lab/simulators/crm/simulator.ts'
import { memoryQuota } from '../memory-quota.ts'
import { type SpotterOptions, spotter } from './spotter.ts'
import type { Lead, Spotter } from './types.ts'

const token = 'simulated-token'
const products = [{ productId: 10001, quantity: 1, labelValue: '1234.56' }]
let folder: string
let simulator: CrmSimulator
let crm: Spotter

const client = (options: Partial<SpotterOptions> = {}) =>
  spotter({
    baseUrl: simulator.url,
    token,
    quota: null,
    backoff: { baseMs: 5, factor: 2, maxMs: 20 },
    breaker: { failures: 1_000 },
    attempts: 10,
    ...options,
  })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ponte-crm-sim-'))
  simulator = await startCrmSimulator({ dataDir: folder, token, quota: null })
  crm = client()
})
afterEach(async () => {
  await crm.close()
  await simulator.close()
  await rm(folder, { recursive: true })
})

async function added(lead: Parameters<Spotter['addLead']>[0]): Promise<number> {
  const result = await crm.addLead(lead)
  if (!result.ok) throw new Error(`refused: ${result.refusal}`)
  return result.value
}
async function all(batches: AsyncIterable<readonly Lead[]>): Promise<Lead[]> {
  const found: Lead[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

describe('every method', () => {
  it('adds, updates and finds leads', async () => {
    const id = await added({
      name: "Sant'Ana & Filhos",
      industry: 'Varejo',
      source: 'ERP',
      phone: '5541999998888',
      cpfcnpj: '12345678000195',
      address: 'Rua XV',
      addressNumber: '10',
      zipcode: '80000000',
      city: 'Curitiba',
      state: 'PR',
      customFields: [
        { id: '_cod.cliente', value: '345' },
        { id: '_cod.gestores', options: [{ value: '12' }] },
      ],
    })
    expect(await crm.updateLead(id, { city: 'Londrina' })).toEqual({ ok: true, value: undefined })
    const lead = await crm.leadById(id)
    expect(lead).toMatchObject({
      id,
      lead: "Sant'Ana & Filhos",
      cnpj: '12345678000195',
      industry: { value: 'Varejo' },
      city: 'Londrina',
      number: '10',
    })
    expect(await crm.leadsByTaxId('12345678000195')).toEqual([lead])
    expect(await crm.leadsByTaxId("' or id ge 0 or cnpj eq '")).toEqual([])
    expect(await crm.leadById(id + 1)).toBeNull()
    const fields = await crm.leadCustomFields(id)
    expect(fields).toContainEqual({ id: '_cod.cliente', leadId: id, value: '345', options: [] })
    expect(fields.find((field) => field.id === '_cod.gestores')?.options).toEqual(['12'])
  })

  it('adds, updates and lists persons', async () => {
    const leadId = await added({ name: 'Alfa' })
    const person = await crm.addPerson({
      leadId,
      name: 'Zé',
      email: 'ze@example.com',
      phone1: '419999',
      jobTitle: 'Dono',
      mainContact: true,
    })
    expect(person).toMatchObject({ ok: true })
    const id = person.ok ? person.value : 0
    expect(await crm.updatePerson(id, { name: 'José', email: 'ze@example.com', mainContact: false })).toMatchObject({ ok: true })
    expect(await crm.persons(leadId)).toEqual([
      { id, leadId, name: 'José', email: 'ze@example.com', phone1: '419999', jobTitle: 'Dono', mainContact: 'false' },
    ])
  })

  it('recommends, removes, qualifies and sells', async () => {
    const leadId = await added({ name: 'Alfa' })
    expect(await crm.addRecommendedProducts(leadId, products)).toMatchObject({ ok: true })
    expect(await crm.recommendedProducts(leadId)).toEqual([{ productId: 10001, quantity: 1, labelValue: '1234.56' }])
    expect(await crm.removeRecommendedProduct(leadId, 10001)).toMatchObject({ ok: true })
    expect(await crm.recommendedProducts(leadId)).toEqual([])
    for (const questionId of [100001, 100002, 100003]) {
      expect(await crm.qualify(leadId, [{ questionId, questionType: '2', answersIds: [questionId + 100000] }])).toMatchObject({ ok: true })
    }
    expect((await crm.leadById(leadId))?.stage).toBe('Passagem de bastão')
    expect(await crm.soldLead(leadId)).toBeNull()
    const sale = { leadId, salesRepEmail: 'sales@example.com', ignoreSalesRep: false, products }
    expect(await crm.winLead(sale)).toMatchObject({ ok: true })
    expect(await crm.soldLead(leadId)).toMatchObject({ leadId, products: [{ id: 10001, finalValue: 1234.56 }] })
    expect(await crm.winLead(sale)).toMatchObject({ ok: false, refusal: 'already-sold' })
  })

  it('reads sales reps and industries', async () => {
    expect(await crm.salesReps()).toContain('99')
    expect((await crm.industries()).map((industry) => industry.value)).toContain('Varejo')
  })

  it('lists all leads in pages, also while pages drift, and those updated since a moment', async () => {
    const day = (id: number) => `2026-01-01T00:00:${String(Math.floor(id / 30)).padStart(2, '0')}.${String(id).padStart(6, '0')}Z`
    await simulator.load(
      Array.from({ length: 1_234 }, (_, i) => ({ kind: 'lead' as const, id: i + 1, lead: `L${i + 1}`, updateDate: day(i + 1) })),
    )
    const expected = Array.from({ length: 1_234 }, (_, i) => i + 1)
    expect((await all(crm.leads())).map((lead) => lead.id)).toEqual(expected)
    simulator.setFaults({ pageDrift: { rows: 7, evenOrdered: true } })
    const drifted = (await all(crm.leads())).map((lead) => lead.id)
    expect(new Set(drifted).size).toBe(drifted.length)
    expect([...drifted].sort((a, b) => a - b)).toEqual(expected)
    simulator.setFaults({})
    expect((await all(crm.leadsUpdatedSince(day(100)))).map((lead) => lead.id)).toEqual(expected.slice(99))
    simulator.setFaults({ ignoreFilter: 1 })
    expect((await all(crm.leadsUpdatedSince(day(100)))).map((lead) => lead.id)).toEqual(expected.slice(99))
  })
})

describe('refusals', () => {
  it('come by type', async () => {
    const id = await added({ name: 'Alfa', cpfcnpj: '12345678000195', customFields: [{ id: '_cod.cliente', value: '345' }] })
    const other = await added({ name: 'Beta', cpfcnpj: '98765432000198' })
    expect(await crm.addLead({ name: 'Alfa', cpfcnpj: '12345678000195' })).toMatchObject({ ok: false, refusal: 'duplicate-lead' })
    expect(await crm.updateLead(other, { customFields: [{ id: '_cod.cliente', value: '345' }] })).toMatchObject({
      ok: false,
      refusal: 'duplicate-client-code',
    })
    expect(await crm.updateLead(id + 100, { city: 'x' })).toMatchObject({ ok: false, refusal: 'not-found' })
    expect(await crm.addLead({ name: '' })).toMatchObject({ ok: false, refusal: 'rejected', status: 400 })
  })

  it('of the token and of the address stop everything', async () => {
    const stranger = client({ token: 'wrong' })
    await expect(stranger.leadById(1)).rejects.toMatchObject({ code: 'crm.token_refused' })
    await stranger.close()
  })
})

describe('faults', () => {
  it('a lost answer leaves one effect and a doubt, and a look-up settles it', async () => {
    simulator.setFaults({ answersLost: { times: 1, methods: ['POST'] } })
    await expect(crm.addLead({ name: 'Alfa', cpfcnpj: '12345678000195' })).rejects.toMatchObject({ code: 'crm.unavailable', inDoubt: true })
    expect(await crm.leadsByTaxId('12345678000195')).toHaveLength(1)
    expect(await simulator.effects({ kind: 'leadAdded' })).toHaveLength(1)
  })

  it.each([
    ['errors after the effect', { errors5xx: { after: true, times: 1 } }],
    ['a cut answer', { malformedJson: { times: 1 } }],
    ['a cut connection', { connectionsReset: { times: 1 } }],
  ])('%s: never sent twice', async (_name, faults) => {
    simulator.setFaults(faults)
    await expect(crm.addLead({ name: 'Alfa' })).rejects.toMatchObject({ inDoubt: true })
    expect((await simulator.effects({ kind: 'leadAdded' })).length).toBeLessThanOrEqual(1)
  })

  it.each(['429', 'ok-with-error'] as const)('a 429 storm answered as %s doubles nothing and loses nothing', async (answer) => {
    simulator.setFaults({ storm429: { share: 0.7, retryAfter: 'none', answer } })
    const stubborn = client({ attempts: 60 })
    // Each create costs the simulator an fsync.
    const count = process.env.PONTE_TEST_LONG === '1' ? 300 : 20
    const results = await Promise.all(
      Array.from({ length: count }, (_, i) => stubborn.addLead({ name: `L${i}`, cpfcnpj: String(10_000_000_000 + i) })),
    )
    expect(results.every((result) => result.ok)).toBe(true)
    expect(await simulator.effects({ kind: 'leadAdded' })).toHaveLength(count)
    await stubborn.close()
  })

  it('reads come through a storm of errors, cuts and broken bodies', async () => {
    const id = await added({ name: 'Alfa' })
    simulator.setFaults({ errors5xx: 0.3, connectionsReset: 0.2, malformedJson: 0.2, answersLost: 0.1 })
    const stubborn = client({ attempts: 60 })
    const found = await Promise.all(Array.from({ length: 60 }, () => stubborn.leadById(id)))
    expect(found.every((lead) => lead?.id === id)).toBe(true)
    await stubborn.close()
  })

  it.each(['seconds', 'date', 'none'] as const)(
    'the CRM never has to refuse us under its own quota (Retry-After: %s)',
    async (retryAfter) => {
      simulator.setQuota({ limit: 20, windowMs: 1_000, retryAfter })
      const polite = client({ quota: memoryQuota({ limit: 20, windowMs: 1_000, marginMs: 200 }) })
      await Promise.all(Array.from({ length: 50 }, () => polite.leadById(1)))
      const report = simulator.requests(1_000)
      expect(report.maxInWindow.authenticated).toBeLessThanOrEqual(20)
      expect(report.counts).toEqual({ [Object.keys(report.counts)[0] as string]: 50 })
      await polite.close()
    },
  )
})
