import { describe, expect, it, vi } from 'vitest'
import { query, type Running, withSimulator } from '../testing.ts'
import { compileFilter } from './filter.ts'
import { type Properties, properties } from './properties.ts'
import { type EntitySet, parseQuery, runQuery } from './query.ts'

interface Row {
  readonly id: number
  readonly group: number
}
const rows: readonly Row[] = Array.from({ length: 300 }, (_, index) => ({ id: index + 1, group: index % 7 }))
const row: Properties<Row> = properties<Row>({ id: ['number', ({ id }) => id], group: ['number', ({ group }) => group] })

/** What a filter finds, what a walk over all rows finds, and how often which of them was asked. */
function asked(filter: string) {
  const set = {
    name: 'rows',
    properties: row,
    all: vi.fn(() => rows),
    order: ({ id }: Row) => id,
    indexed: vi.fn((property: string, value: unknown) =>
      property === 'id' || property === 'group' ? rows.filter((one) => one[property] === value) : null,
    ),
    show: (one: Row) => ({ id: one.id }),
  } satisfies EntitySet<Row>
  const found = runQuery(parseQuery(new URLSearchParams({ $filter: filter }), set), set).rows.map(({ id }) => id)
  const walked = rows.filter(compileFilter(filter, row).matches).map(({ id }) => id)
  return { found, walked, walks: set.all.mock.calls.length, lookUps: set.indexed.mock.calls.length }
}

describe('a filter over indexed properties', () => {
  it.each<[string, walks: number, lookUps: number]>([
    ['id eq 5', 0, 1],
    ['id eq 9 or id eq 2 or 200 eq id', 0, 3],
    ['(id eq 9 or id eq 2) and group eq 1', 0, 2],
    ['(id eq 9 and group eq 1) or id eq 4', 0, 2],
    ['id eq 9 or id eq 9 or id eq 9.0', 0, 1],
    ['id eq 999 or id eq 1', 0, 2],
    ['group eq 3 or group eq 1', 0, 2],
    ['id eq null or id eq 3', 0, 2],
    ['id eq 9 or group eq 1', 1, 0],
    ['id eq 9 or id gt 290', 1, 0],
    ['id eq 9 or not (id eq 3)', 1, 0],
    ['not (id eq 9 or id eq 3)', 1, 0],
  ])('%s finds what a walk finds, in its order, with %d walks and %d look-ups', (filter, walks, lookUps) => {
    const result = asked(filter)
    expect(result.found).toEqual(result.walked)
    expect([result.walks, result.lookUps]).toEqual([walks, lookUps])
  })
})

describe('many ids at once in a CRM of 100,000 leads', () => {
  const total = 100_000
  const wanted = Array.from({ length: 50 }, (_, index) => ((index * 7_919) % total) + 1)
  const byId = [...wanted].sort((a, b) => a - b)
  const filter = (property: string) => wanted.map((id) => `${property} eq ${id}`).join(' or ')
  function* seeds() {
    for (let id = 1; id <= total; id += 1) {
      yield { kind: 'lead' as const, id, lead: `Empresa ${id}`, customFields: { '_cod.cliente': String(id), '_cod.gestores': ['12'] } }
      // Persons in another order than their leads.
      if (id % 2 === 0) yield { kind: 'person' as const, id: total - id + 1, leadId: id, name: `Pessoa ${id}` }
    }
  }
  /** Asks while every walk over the state is watched. */
  const unwalked = async ({ ask, crm }: Running, path: string) => {
    const walks = (['leads', 'persons', 'listed'] as const).map((name) => vi.spyOn(crm.state, name))
    const answer = await ask('GET', path)
    expect(walks.flatMap(({ mock }) => mock.calls)).toEqual([])
    for (const walk of walks) walk.mockRestore()
    return answer
  }

  it('costs one look-up per id on Leads, LeadsCustomFields and Persons, never a walk', () =>
    withSimulator({}, async (running) => {
      await running.crm.load(seeds())
      const lookUps = vi.spyOn(running.crm.state, 'lead')
      const leads = await unwalked(running, `Leads?${query({ filter: filter('id') })}`)
      expect(leads.json.value.map(({ id }: { id: number }) => id)).toEqual(byId)
      expect(lookUps).toHaveBeenCalledTimes(50)

      const values = await unwalked(running, `LeadsCustomFields?${query({ filter: filter('leadId') })}`)
      expect(values.json.value).toHaveLength(100)
      expect(values.json.value.slice(0, 2)).toEqual([
        { id: '_cod.cliente', leadId: byId[0], value: String(byId[0]), options: [] },
        { id: '_cod.gestores', leadId: byId[0], value: null, options: ['12'] },
      ])
      expect(lookUps).toHaveBeenCalledTimes(100)

      const personLookUps = vi.spyOn(running.crm.state, 'personsOf')
      const persons = await unwalked(running, `Persons?${query({ filter: filter('leadId') })}`)
      const even = byId.filter((id) => id % 2 === 0).reverse()
      expect(persons.json.value.map(({ leadId }: { leadId: number }) => leadId)).toEqual(even)
      expect(personLookUps).toHaveBeenCalledTimes(50)

      // The watch itself sees a walk when there is one.
      const walks = vi.spyOn(running.crm.state, 'leads')
      await running.ask('GET', `Leads?${query({ filter: "lead eq 'Empresa 1'" })}`)
      expect(walks).toHaveBeenCalledTimes(1)
    }))
})
