import { describe, expect, it } from 'vitest'
import { type Ask, query, type Running, withSimulator } from '../testing.ts'

const total = 1_200
const seeds = Array.from({ length: total }, (_, index) => ({
  kind: 'lead' as const,
  id: index + 1,
  lead: `Empresa ${index + 1}`,
  cnpj: String(index % 400).padStart(14, '0'),
  stage: index % 2 === 0 ? 'Ativação' : 'Novos leads',
}))
const withLeads = (use: (running: Running) => Promise<void>) =>
  withSimulator({}, async (running) => {
    await running.crm.load(seeds)
    await use(running)
  })
const idsOf = (rows: { id: number }[]) => rows.map(({ id }) => id)

/** Follows `@odata.nextLink` to its end; gives the pages' sizes and all ids. */
async function follow(ask: Ask, first: string): Promise<{ sizes: number[]; ids: number[] }> {
  const sizes: number[] = []
  const ids: number[] = []
  for (let next: string | undefined = first; next !== undefined; ) {
    const { json } = await ask('GET', next)
    sizes.push(json.value.length)
    ids.push(...idsOf(json.value))
    next = json['@odata.nextLink']
  }
  return { sizes, ids }
}
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

describe('pages', () => {
  it('hold 500 rows and link on until the end', () =>
    withLeads(async ({ ask }) => {
      expect(await follow(ask, 'Leads')).toEqual({ sizes: [500, 500, 200], ids: upTo(total) })
    }))

  it('can be walked by $skip until one is empty', () =>
    withLeads(async ({ ask }) => {
      const ids: number[] = []
      for (let skip = 0; ; skip += 500) {
        const { value } = (await ask('GET', `Leads?$skip=${skip}`)).json
        if (value.length === 0) break
        ids.push(...idsOf(value))
      }
      expect(ids).toEqual(upTo(total))
    }))

  it('keep filter, order and what is left of $top in the link', () =>
    withLeads(async ({ ask }) => {
      const asked = query({ filter: "stage eq 'Ativação' and contains(lead,'1')", orderby: 'id desc', top: 700 })
      const expected = idsOf(seeds.filter(({ stage, lead }) => stage === 'Ativação' && lead.includes('1'))).reverse()
      expect((await follow(ask, `Leads?${asked}`)).ids).toEqual(expected.slice(0, 700))
      expect((await follow(ask, 'Leads?$top=700')).sizes).toEqual([500, 200])
      expect((await follow(ask, 'Leads?$top=0')).sizes).toEqual([0])
      expect((await follow(ask, 'Leads?$skip=1100&$top=500')).sizes).toEqual([100])
    }))

  it('order by several columns, ties by id', () =>
    withLeads(async ({ ask }) => {
      const { ids } = await follow(ask, `Leads?${query({ orderby: 'stage desc,cnpj' })}`)
      const expected = [...seeds].sort((a, b) =>
        a.stage === b.stage ? (a.cnpj < b.cnpj ? -1 : a.cnpj > b.cnpj ? 1 : a.id - b.id) : a.stage < b.stage ? 1 : -1,
      )
      expect(ids).toEqual(idsOf(expected))
    }))

  it('count all that match, and show only the selected fields', () =>
    withLeads(async ({ ask }) => {
      const { json } = await ask('GET', `Leads?${query({ filter: "stage eq 'Ativação'", count: 'true', select: 'ID,lead', top: 1 })}`)
      expect(json['@odata.count']).toBe(600)
      expect(json.value).toEqual([{ id: 1, lead: 'Empresa 1' }])
      expect(json['@odata.context']).toMatch(/\/v3\/\$metadata#Leads$/)
    }))

  it('find by index what a scan finds', () =>
    withLeads(async ({ ask, crm }) => {
      const byIndex = (await ask('GET', `Leads?${query({ filter: "cnpj eq '00000000000007' and id gt 8" })}`)).json.value
      const byScan = (await ask('GET', `Leads?${query({ filter: "contains(cnpj,'00000000000007') and id gt 8" })}`)).json.value
      expect(idsOf(byIndex)).toEqual([408, 808])
      expect(byScan).toEqual(byIndex)
      expect(crm.state.counts.leads).toBe(total)
    }))

  it('ask for what changed since a microsecond', () =>
    withLeads(async ({ ask, crm }) => {
      await ask('PUT', 'LeadsUpdate/5', { lead: { city: 'a' } })
      await ask('PUT', 'LeadsUpdate/3', { lead: { city: 'b' } })
      const since = crm.state.lead(5)!.updateDate
      const changed = await ask('GET', `Leads?${query({ filter: `updateDate ge ${since}`, orderby: 'updateDate,id' })}`)
      expect(idsOf(changed.json.value)).toEqual([5, 3])
      const later = await ask('GET', `Leads?${query({ filter: `updateDate gt ${since}`, orderby: 'updateDate,id' })}`)
      expect(idsOf(later.json.value)).toEqual([3])
    }))

  it.each(['$filter=nothing eq 1', "$filter=id eq '1'", '$orderby=x', '$select=x', '$skip=-1', '$apply=x'])('answer 400 to %s', (asked) =>
    withSimulator({}, async ({ ask }) => {
      await ask('POST', 'LeadsAdd', { lead: { name: 'x' } })
      const { status, json } = await ask('GET', `Leads?${asked.replaceAll(' ', '%20')}`)
      expect([status, json.error.message]).toEqual([400, expect.stringMatching(/^The query specified in the URI is not valid\./)])
    }),
  )
})
