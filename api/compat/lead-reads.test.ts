/** What is known of leads and of their custom fields, on the simulated CRM. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { listen } from '../http/listen.ts'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
  const address = { number: '12', street: 'Rua das Flores', district: 'Centro', complement: 'Sala 1', city: 'São Paulo', state: 'SP' }
  await api.simulator.load([
    {
      kind: 'lead',
      id: 1,
      lead: 'Alfa',
      cnpj: '00000000000191',
      stage: 'Ativação',
      phone1: '5511999',
      ...address,
      customFields: { '_cod.gestores': ['3', '12'], _inscricaoestadual: '123', _analisefinanceira: 'Bom.' },
    },
    { kind: 'lead', id: 2, lead: "D'Ávila", cnpj: '12ABC34501DE35' },
    { kind: 'lead', id: 3, lead: 'Zé', cnpj: '12345678909' },
  ])
  await api.erp.query("insert into leads (id, name, stage, taxid, budget_value) values (1, 'Alfa', 'Ativação', '00000000000191', 10.5)")
})
afterAll(() => api.close())
afterEach(() => api.simulator.setFaults({}))

const get = (path: string) => api.ask('GET', path, { as: 'read' })

describe('GET /leads', () => {
  test('gives all leads, also those behind the first page', async () => {
    await api.simulator.load(Array.from({ length: 1_200 }, (_, index) => ({ kind: 'lead' as const, id: 1_000 + index, lead: `L${index}` })))
    const answer = await get('/leads')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(answer.json).toHaveLength(1_203)
    expect(new Set(answer.json.map((lead: { id: number }) => lead.id)).size).toBe(1_203)
    expect(answer.json[0]).toMatchObject({ id: 1, lead: 'Alfa', cnpj: '00000000000191', stage: 'Ativação', street: 'Rua das Flores' })
  })

  test('reads pages as they are taken, and no more when the caller hangs up', async () => {
    const before = api.simulator.requests().authenticated
    const response = await api.app.request('http://ponte.test/leads', { headers: { authorization: 'Bearer token-that-looks' } })
    const reader = response.body!.getReader()
    const first = new TextDecoder().decode((await reader.read()).value)
    expect(first.startsWith('[{"id":1,')).toBe(true)
    await reader.cancel()
    expect(api.simulator.requests().authenticated - before).toBe(1)
  })

  test('is cut, not ended, when the CRM fails in the middle: a short list would be believed', async () => {
    const response = await api.app.request('http://ponte.test/leads', { headers: { authorization: 'Bearer token-that-looks' } })
    expect(response.status).toBe(200)
    api.simulator.setFaults({ errors5xx: 1 })
    await expect(response.text()).rejects.toMatchObject({ code: 'crm.unavailable' })
  })

  test('over a real connection too: the caller sees a broken answer, and the server lives on', async () => {
    const server = await listen(api.app, { host: '127.0.0.1', port: 0, trustedProxies: [] })
    try {
      // Slow pages: when the first one is here, the last one has not been asked for.
      api.simulator.setFaults({ delayMs: 300 })
      const response = await fetch(`${server.url}/leads`, { headers: { authorization: 'Bearer token-that-looks' } })
      expect(response.status).toBe(200)
      const reader = response.body!.getReader()
      await reader.read()
      api.simulator.setFaults({ errors5xx: 1 })
      const readOn = async () => {
        while (!(await reader.read()).done);
      }
      await expect(readOn()).rejects.toThrow()
      expect((await fetch(`${server.url}/health`)).status).toBe(200)
    } finally {
      await server.close()
    }
  })

  test('the CRM away from the beginning: 503', async () => {
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await get('/leads')).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
  })
})

test('without leads GET /leads is an empty list', async () => {
  const empty = await openApi()
  expect(await empty.ask('GET', '/leads')).toMatchObject({ status: 200, json: [], text: '[]' })
  await empty.close()
})

describe('GET /lead/{id}', () => {
  test('gives the row of the mirror, every column as text', async () => {
    const answer = await get('/lead/1')
    expect(answer).toMatchObject({ status: 200, json: { ID: '1', NAME: 'Alfa', STAGE: 'Ativação', TAXID: '00000000000191', PHONE: null } })
    expect(Number(answer.json.BUDGET_VALUE)).toBe(10.5)
  })

  test('a lead that is not mirrored: 404; the CRM is not asked', async () => {
    const before = api.simulator.requests().authenticated
    expect(await get('/lead/2')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    expect(await get("/lead/1'%20or%201=1")).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    expect(api.simulator.requests().authenticated).toBe(before)
  })
})

describe('GET /leadaddinfo/{id} and /endruanumero/{lead_id}', () => {
  test('give the address as the CRM has it', async () => {
    expect(await get('/leadaddinfo/1')).toMatchObject({
      status: 200,
      json: { numero: '12', complemento: 'Sala 1', bairro: 'Centro', cidade: 'São Paulo', estado: 'SP', telefone: '5511999' },
    })
    expect(await get('/endruanumero/1')).toMatchObject({ status: 200, json: ['12', 'Rua das Flores', 'Centro'] })
    expect(await get('/endruanumero/2')).toMatchObject({ status: 200, json: [null, null, null] })
  })

  test('an unknown lead: 404', async () => {
    for (const path of ['/leadaddinfo/99', '/endruanumero/99'])
      expect(await get(path)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })
})

describe('GET /leadid/{cnpj} and /leadstage/{cnpj}', () => {
  test.each([
    ['padded', '00000000000191', 1],
    ['without its zeros', '191', 1],
    ['with letters, in lower case', '12abc34501de35', 2],
    ['as people write it', encodeURIComponent('12.ABC.345/01DE-35'), 2],
    ['a CPF that the CRM did not pad', '12345678909', 3],
  ])('find a tax id %s', async (_, cnpj, id) => {
    expect(await get(`/leadid/${cnpj}`)).toMatchObject({ status: 200, json: { id } })
    expect((await get(`/leadstage/${cnpj}`)).json).toBe(id === 1 ? 'Ativação' : 'Novos leads')
  })

  test('nobody has it: 404, with the old text', async () => {
    for (const path of ['/leadid/11222333000181', '/leadstage/11222333000181'])
      expect(await get(path)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND', message: 'CNPJ não cadastrado' } })
  })

  test.each(["' or id ge 0 or cnpj eq '", '"', "191' or '1' eq '1", '1'.repeat(15), '---', '\u0000'])(
    'what is no tax id (%j) is 400 and never reaches a filter',
    async (given) => {
      const before = api.simulator.requests().authenticated
      expect((await get(`/leadid/${encodeURIComponent(given)}`)).status).toBe(400)
      expect((await get(`/leadstage/${encodeURIComponent(given)}`)).status).toBe(400)
      expect(api.simulator.requests().authenticated).toBe(before)
    },
  )
})

describe('custom fields', () => {
  test('of a lead that has them', async () => {
    expect(await get('/inscricaoestadual/1')).toMatchObject({ status: 200, json: '123' })
    expect(await get('/representante/1')).toMatchObject({ status: 200, json: '12' })
    expect(await get('/analisefinanceira/1')).toMatchObject({ status: 200, json: 'Bom.' })
  })

  test('of a lead that has none: ISENTO, null, empty', async () => {
    expect(await get('/inscricaoestadual/2')).toMatchObject({ status: 200, json: 'ISENTO' })
    expect(await get('/representante/2')).toMatchObject({ status: 200, json: null })
    expect(await get('/analisefinanceira/2')).toMatchObject({ status: 200, json: '' })
  })

  test('the sales representatives that may be chosen', async () => {
    const answer = await get('/codgestores')
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual(expect.arrayContaining(['1', '20', '99']))
  })
})

const reads = [
  '/leads',
  '/leadaddinfo/1',
  '/leadid/191',
  '/leadstage/191',
  '/endruanumero/1',
  '/inscricaoestadual/1',
  '/representante/1',
  '/analisefinanceira/1',
]

test.each(reads)('GET %s: the CRM away is 503, a question that it refuses 502, an answer that is none 503', async (path) => {
  api.simulator.setFaults({ connectionsReset: 1 })
  expect(await get(path)).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
  api.simulator.setFaults({ errors400: 1 })
  expect(await get(path)).toMatchObject({ status: 502, json: { code: 'CRM_REFUSED' } })
  api.simulator.setFaults({ malformedJson: 1 })
  expect(await get(path)).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
})

test.each([...reads.slice(1), '/codgestores', '/lead/1'])('GET %s needs a token that may look', async (path) => {
  expect((await api.ask('GET', path, { as: null })).status).toBe(401)
  expect((await api.ask('GET', path, { as: 'webhook' })).status).toBe(403)
})
