import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startLine } from './http/start-line.ts'
import { startCrmSimulator } from './simulator.ts'
import { asker, token, withFolder, withSimulator } from './testing.ts'

describe('the control API', () => {
  it('sets faults and policies, shows them with what is left, and refuses what it does not know', () =>
    withSimulator({}, async ({ ask, control, crm }) => {
      expect((await control('PUT', 'faults', { errors5xx: { times: 5 }, duplicatePolicy: 'accept' })).status).toBe(200)
      await ask('GET', 'Leads')
      expect((await control('GET', 'faults')).json).toMatchObject({
        seed: 1,
        settings: { errors5xx: { times: 4, share: 1 } },
        struck: { errors5xx: 1 },
        policies: { duplicatePolicy: 'accept', uniqueClientCode: true },
      })
      for (const wrong of [{ errors6xx: 1 }, { answersLost: 2 }, { duplicatePolicy: 'x' }, [], '{']) {
        expect((await control('PUT', 'faults', wrong)).status).toBe(400)
      }
      expect((await control('GET', 'faults')).json.settings.errors5xx.times).toBe(4)
      await control('PUT', 'faults', {})
      expect((await ask('GET', 'Leads')).status).toBe(200)
      expect(crm.seed).toBe(1)
    }))

  it('sets and lifts the quota', () =>
    withSimulator({}, async ({ ask, control }) => {
      await control('PUT', 'quota', { limit: 1, windowMs: 60_000 })
      await ask('GET', 'Leads')
      expect((await ask('GET', 'Leads')).status).toBe(429)
      await control('PUT', 'quota', 'null')
      expect((await ask('GET', 'Leads')).status).toBe(200)
      expect((await control('PUT', 'quota', { limit: 0 })).status).toBe(400)
    }))

  it('lists effects with their bodies by number, kind and origin', () =>
    withSimulator({}, async ({ ask, control }) => {
      const body = { lead: { name: 'Empresa', cpfcnpj: '7' } }
      await ask('POST', 'LeadsAdd', body)
      await control('POST', 'leads/1', { stage: 'Ativação' })
      const { json } = await control('GET', 'effects?since=0')
      expect(json.lastSeq).toBe(2)
      expect(json.effects).toMatchObject([
        { seq: 1, kind: 'leadAdded', by: 'api', id: 1, key: '7', body },
        { seq: 2, kind: 'leadUpdated', by: 'user', id: 1, key: '7', body: { stage: 'Ativação' } },
      ])
      expect((await control('GET', 'effects?since=1&kind=leadAdded')).json.effects).toEqual([])
      expect((await control('GET', 'effects?by=user')).json.effects).toHaveLength(1)
      expect((await control('GET', 'effects?kind=nothing')).status).toBe(400)
    }))

  it('counts requests by path and status', () =>
    withSimulator({}, async ({ ask, control }) => {
      await ask('GET', 'LEADS')
      await ask('GET', '/api/v1/leads')
      await ask('GET', 'a/b')
      await ask('GET', 'Leads', undefined, {})
      expect((await control('GET', 'requests?windowMs=1000')).json).toMatchObject({
        authenticated: 3,
        windowMs: 1000,
        counts: { 'GET leads 200': 2, 'GET (unknown) 404': 1, 'GET leads 401': 1 },
      })
      expect((await control('GET', 'requests?windowMs=x')).status).toBe(400)
    }))

  it('edits as a user of the CRM would, without the rules of the API', () =>
    withSimulator({}, async ({ ask, control, crm }) => {
      expect((await control('POST', 'leads', { lead: 'Nova', cnpj: '9', customFields: { '_cod.gestores': ['3'] } })).json).toMatchObject({
        id: 1,
      })
      await control('POST', 'leads/1', { phone1: '5541', stage: 'Descartado', customFields: { '_cod.cliente': '8' } })
      await control('POST', 'leads/1/persons', { name: 'Zé', email: 'ze@example.com' })
      await control('POST', 'persons/1', { phone1: '1' })
      const { json } = await control('GET', 'state/leads/1')
      expect(json.row).toMatchObject({ stage: 'Descartado', phone1: '5541', customFields: { '_cod.gestores': ['3'], '_cod.cliente': '8' } })
      expect(json.persons).toEqual([
        { id: 1, leadId: 1, name: 'Zé', email: 'ze@example.com', phone1: '1', jobTitle: null, mainContact: 'false' },
      ])
      expect((await control('DELETE', 'leads/1')).status).toBe(200)
      expect((await ask('GET', 'Leads')).json.value).toEqual([])
      expect((await ask('GET', 'Persons')).json.value).toEqual([])
      expect(crm.state.leadsByTaxId('9')).toEqual([])
    }))

  it('answers 404 to unknown records and paths, 400 to unknown fields', () =>
    withSimulator({}, async ({ control }) => {
      for (const [method, path] of [
        ['POST', 'leads/9'],
        ['DELETE', 'leads/9'],
        ['GET', 'state/leads/9'],
        ['POST', 'leads/9/persons'],
        ['POST', 'persons/9'],
        ['GET', 'nothing'],
        ['DELETE', 'effects'],
      ] as const) {
        expect((await control(method, path, method === 'GET' ? undefined : { name: 'x' })).status).toBe(
          method === 'POST' && path === 'leads/9' ? 400 : 404,
        )
      }
      expect((await control('POST', 'leads/9', { stage: 'x' })).status).toBe(404)
    }))

  it('does not answer web pages', () =>
    withSimulator({}, async ({ control }) => {
      expect((await control('GET', 'effects', undefined, { origin: 'https://example.com' })).status).toBe(403)
    }))
})

describe('loading', () => {
  const rows = [
    { kind: 'lead', id: 10, lead: 'Um', cnpj: '1', stage: 'Ativação', industry: 'Minas', updateDate: '2025-01-01T00:00:00.000001Z' },
    { kind: 'lead', id: 20, lead: 'Dois', customFields: { '_cod.cliente': '5' } },
    { kind: 'person', id: 7, leadId: 10, name: 'Zé', mainContact: true },
    { kind: 'products', leadId: 20, products: [{ productId: 10001, quantity: 1, labelValue: '1.50' }] },
    { kind: 'sale', leadId: 10, products: [], saleDate: '2025-01-01T00:00:00.000000Z' },
  ]
  const ndjson = `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`

  it('takes a file once, as one effect, and a restart and a reset find the rows again', () =>
    withFolder(async (folder) => {
      const load = join(folder, 'seed.ndjson')
      const dataDir = join(folder, 'data')
      writeFileSync(load, ndjson)
      const start = () => startCrmSimulator({ dataDir, token, quota: null, load })
      const first = await start()
      await asker(first.url)('POST', 'LeadsAdd', { lead: { name: 'Três' } })
      expect((await first.effects()).map(({ kind, id }) => [kind, id])).toEqual([
        ['loaded', 0],
        ['leadAdded', 21],
      ])
      await first.close()
      const second = await start()
      const leads = (await asker(second.url)('GET', 'Leads')).json.value
      expect(leads.map(({ id }: { id: number }) => id)).toEqual([10, 20, 21])
      expect(leads[0]).toMatchObject({ stage: 'Ativação', industry: { value: 'Minas' }, updateDate: '2025-01-01T00:00:00.000001Z' })
      expect((await asker(second.url)('GET', 'Persons/10')).json.value).toMatchObject([{ id: 7, mainContact: 'true' }])
      expect(second.state.products(20)).toHaveLength(1)
      expect(second.state.sale(10)).toBeDefined()
      await asker(second.controlUrl)('POST', 'reset', {})
      expect(second.state.counts).toEqual({ leads: 2, persons: 1, sales: 1 })
      await second.close()
      const third = await start()
      expect(third.state.counts).toEqual({ leads: 2, persons: 1, sales: 1 })
      await third.reset(false)
      await third.close()
      const fourth = await start()
      expect(fourth.state.counts).toEqual({ leads: 0, persons: 0, sales: 0 })
      expect((await fourth.effects()).map(({ kind }) => kind)).toEqual(['loaded', 'leadAdded', 'reset', 'reset'])
      await fourth.close()
    }))

  it.each([
    ['no JSON', 'x\n'],
    ['an unknown kind', '{"kind":"deal"}\n'],
    ['an unknown field', '{"kind":"lead","id":1,"lead":"a","cpf":"x"}\n'],
  ])('refuses a file with %s and names the line, not its content', (_what, line) =>
    withFolder(async (folder) => {
      const load = join(folder, 'seed.ndjson')
      writeFileSync(load, ndjson)
      appendFileSync(load, line)
      const dataDir = join(folder, 'data')
      await expect(startCrmSimulator({ dataDir, token, load })).rejects.toMatchObject({
        code: 'simulators.seed_invalid',
        message: expect.stringMatching(/^(row|line) 6 of /),
      })
      const empty = await startCrmSimulator({ dataDir, token })
      expect(empty.state.counts.leads).toBe(0)
      await empty.close()
    }),
  )

  it('lets nobody else into its folder', () =>
    withSimulator({}, async () =>
      withFolder(async (dataDir) => {
        const first = await startCrmSimulator({ dataDir, token })
        await expect(startCrmSimulator({ dataDir, token })).rejects.toMatchObject({ code: 'simulators.folder_in_use' })
        await first.close()
        await (await startCrmSimulator({ dataDir, token })).close()
      }),
    ))
})

describe('the start line', () => {
  it('says what this is and what it does not prove, and never the token', () =>
    withSimulator({}, async ({ crm }) => {
      expect(startLine(crm)).toMatch(/not Exact Spotter.*calls nobody but the receiver of its webhooks.*does not prove/)
      expect(startLine(crm)).not.toContain(token)
    }))

  it('stands for a simulator that tells each effect to its listeners once it is saved', () =>
    withSimulator({}, async ({ ask, crm }) => {
      const told: string[] = []
      crm.onEffect(({ kind, id }) => told.push(`${kind} ${id}`))
      await ask('POST', 'LeadsAdd', { lead: { name: 'x' } })
      await ask('PUT', 'LeadsUpdate/1', { lead: { city: 'y' } })
      expect(told).toEqual(['leadAdded 1', 'leadUpdated 1'])
    }))
})
