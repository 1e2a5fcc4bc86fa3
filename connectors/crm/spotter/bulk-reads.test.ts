/** Reads about many leads at once, against the simulated CRM: few requests, nothing cut, nobody else's rows. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CrmSimulator, startCrmSimulator } from '../../../lab/simulators/crm/simulator.ts'
import { type ScriptedServer, scriptedServer } from '../testing.ts'
import { spotter } from './spotter.ts'
import type { Spotter } from './types.ts'

let folder: string
let simulator: CrmSimulator
let crm: Spotter

const client = (baseUrl: string) =>
  spotter({ baseUrl, token: 'bulk', quota: null, backoff: { baseMs: 5, factor: 2, maxMs: 20 }, breaker: { failures: 1_000 }, attempts: 10 })
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const requestsDuring = async <T>(work: () => Promise<T>): Promise<{ result: T; requests: number }> => {
  const before = simulator.requests().authenticated
  const result = await work()
  return { result, requests: simulator.requests().authenticated - before }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ponte-crm-bulk-'))
  simulator = await startCrmSimulator({ dataDir: folder, token: 'bulk', quota: null })
  crm = client(simulator.url)
})
afterEach(async () => {
  await crm.close()
  await simulator.close()
  await rm(folder, { recursive: true })
})

const load = (leads: number, personsEach: number) =>
  simulator.load(
    (function* () {
      for (const id of upTo(leads)) {
        yield { kind: 'lead' as const, id, lead: `L${id}`, customFields: { '_cod.cliente': String(id), '_cod.gestores': ['12'] } }
        for (const n of upTo(personsEach)) yield { kind: 'person' as const, id: id * 1_000 + n, leadId: id, name: `P${n}` }
      }
    })(),
  )

describe('reads about many leads', () => {
  it('take one request for 15 leads and give each lead its own rows', async () => {
    await load(45, 1)
    const leads = await requestsDuring(() => crm.leadsByIds([...upTo(45), 5, 5]))
    expect(leads.requests).toBe(3)
    expect([...leads.result].map(([id, lead]) => [id, lead.lead])).toEqual(upTo(45).map((id) => [id, `L${id}`]))
    const fields = await requestsDuring(() => crm.customFieldsOf(upTo(45)))
    expect(fields.requests).toBe(3)
    expect(fields.result.get(33)).toEqual([
      { id: '_cod.cliente', leadId: 33, value: '33', options: [] },
      { id: '_cod.gestores', leadId: 33, value: null, options: ['12'] },
    ])
    const persons = await requestsDuring(() => crm.personsOf(upTo(45)))
    expect(persons.requests).toBe(3)
    expect(persons.result.get(45)).toMatchObject([{ id: 45_001, leadId: 45 }])
  })

  it('have an entry for a lead without rows, and none for a lead that is not there', async () => {
    await simulator.load([{ kind: 'lead', id: 1, lead: 'bare' }])
    expect(await crm.customFieldsOf([1, 2])).toEqual(
      new Map([
        [1, []],
        [2, []],
      ]),
    )
    expect(await crm.personsOf([1])).toEqual(new Map([[1, []]]))
    expect([...(await crm.leadsByIds([1, 2])).keys()]).toEqual([1])
    expect(await crm.leadsByIds([])).toEqual(new Map())
  })

  it('are not cut at a page: 15 leads with 60 persons each', async () => {
    await load(15, 60)
    const persons = await crm.personsOf(upTo(15))
    for (const id of upTo(15)) expect(persons.get(id)?.map((person) => person.id)).toEqual(upTo(60).map((n) => id * 1_000 + n))
  })

  it('ask for each lead alone when the CRM ignores the filter of persons', async () => {
    await load(10, 2)
    simulator.setFaults({ ignoreFilter: 1 })
    const persons = await crm.personsOf([3, 4])
    expect([...persons].map(([id, rows]) => [id, rows.map((person) => person.leadId)])).toEqual([
      [3, [3, 3]],
      [4, [4, 4]],
    ])
  })

  it('come through errors, cuts and broken bodies', async () => {
    await load(90, 1)
    simulator.setFaults({ errors5xx: 0.2, connectionsReset: 0.2, malformedJson: 0.2 })
    expect((await crm.leadsByIds(upTo(90))).size).toBe(90)
    expect([...(await crm.personsOf(upTo(90))).values()].every((rows) => rows.length === 1)).toBe(true)
  })

  it('refuse what is no id', async () => {
    await expect(crm.leadsByIds([1, Number.NaN])).rejects.toMatchObject({ code: 'crm.bad_argument' })
  })
})

describe('a CRM of another kind', () => {
  let server: ScriptedServer
  afterEach(() => server.close())
  const leadIn = (path: string) => [...path.matchAll(/eq (\d+)/g)].map((match) => Number(match[1]))

  it('that refuses long filters is asked for one lead at a time', async () => {
    server = await scriptedServer(({ path }) =>
      path.includes(' or ')
        ? { do: 'reply', status: 400, body: { error: { code: '', message: 'The node count limit was exceeded.' } } }
        : { do: 'reply', status: 200, body: { value: leadIn(path).map((id) => ({ id, lead: `L${id}` })) } },
    )
    const other = client(server.baseUrl)
    expect([...(await other.leadsByIds([7, 8])).keys()]).toEqual([7, 8])
    await other.close()
  })

  it('that reads only the first condition does not make the other leads vanish', async () => {
    server = await scriptedServer(({ path }) => ({
      do: 'reply',
      status: 200,
      body: {
        value: leadIn(path)
          .slice(0, 1)
          .map((id) => ({ id, lead: `L${id}` })),
      },
    }))
    const other = client(server.baseUrl)
    expect([...(await other.leadsByIds([7, 8, 9])).keys()]).toEqual([7, 8, 9])
    await other.close()
  })

  it('that gives shorter pages than ours is asked in halves until an answer is whole', async () => {
    server = await scriptedServer(({ path }) => {
      const ids = leadIn(path)
      const rows = ids.slice(0, 2).map((id) => ({ id, lead: `L${id}` }))
      return { do: 'reply', status: 200, body: { value: rows, ...(ids.length > 2 ? { '@odata.nextLink': 'x?$skip=2' } : {}) } }
    })
    const other = client(server.baseUrl)
    expect([...(await other.leadsByIds(upTo(9))).keys()]).toEqual(upTo(9))
    await other.close()
  })
})
