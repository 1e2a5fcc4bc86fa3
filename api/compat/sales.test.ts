/** Budgets, sales and industries, on the simulated CRM and a real ERP. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())
beforeEach(async () => {
  await api.simulator.reset(false)
  await api.simulator.load([
    { kind: 'lead', id: 1, lead: 'Alfa' },
    { kind: 'lead', id: 2, lead: 'Sold' },
    { kind: 'products', leadId: 1, products: [{ productId: 10001, quantity: 1, labelValue: '10' }] },
    {
      kind: 'sale',
      leadId: 2,
      saleDate: '2026-01-02T03:04:05.000000Z',
      products: [{ productId: 10001, quantity: 2, labelValue: '5.25' }],
    },
  ])
})
afterEach(() => api.simulator.setFaults({}))

const products = [{ productId: 10001, quantity: 1, labelValue: 1234.56 }]
const held = () => api.simulator.state.products(1)

describe('POST /vendelead', () => {
  const sell = (leadId: unknown) =>
    api.ask('POST', '/vendelead', { json: { leadId, salesRepEmail: 'sales@example.com', ignoreSalesRep: false, products } })

  test('marks the lead as won: 200 with a text', async () => {
    expect(await sell(1)).toMatchObject({ status: 200, json: 'Lead sold successfully' })
    expect(api.simulator.state.lead(1)?.stage).toBe('Ativação')
    expect(api.simulator.state.sale(1)?.products).toEqual([{ productId: 10001, quantity: 1, labelValue: '1234.56' }])
  })

  test('a lead that is sold already: 400 by type, with the text that callers look for', async () => {
    const answer = await sell(2)
    expect(answer).toMatchObject({ status: 400, json: { code: 'LEAD_ALREADY_SOLD', message: expect.stringContaining('Lead is sold') } })
  })

  test('an unknown lead: 404; the CRM away: 503', async () => {
    expect(await sell(99)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await sell(1)).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
  })

  test.each([
    null,
    {},
    { leadId: 1 },
    { leadId: 1, products: [] },
    { leadId: 1, products: [{ productId: 10001, quantity: 0, labelValue: '1' }] },
    { leadId: 1, products: [{ productId: 10001, quantity: 1, labelValue: '1,50' }] },
    { leadId: 1, products: [{ productId: 10001, quantity: 1, labelValue: -1 }] },
    { leadId: 1, products: [{ productId: 10001, quantity: 1, labelValue: null }] },
  ])('%j: 400', async (json) => {
    expect(await api.ask('POST', '/vendelead', { json })).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
  })
})

describe('POST /orcalead/{lead_id}', () => {
  const budget = (leadId = 1, json: unknown = { leadId, products }) => api.ask('POST', `/orcalead/${leadId}`, { json })

  test('replaces the product: 200', async () => {
    expect(await budget()).toMatchObject({ status: 200, json: { value: 1 } })
    expect(held()).toEqual([{ productId: 10001, quantity: 1, labelValue: '1234.56' }])
  })

  test('sends nothing when the lead has it so already', async () => {
    const since = (await api.simulator.effects()).at(-1)!.seq
    expect((await budget(1, { leadId: 1, products: [{ productId: 10001, quantity: 1, labelValue: '10.00' }] })).status).toBe(200)
    expect(await api.simulator.effects({ since })).toEqual([])
  })

  test('a refused removal: 400 with the literal of the old service, two spaces included', async () => {
    api.simulator.setFaults({ errors400: { methods: ['DELETE'] } })
    const answer = await budget()
    expect(answer).toMatchObject({ status: 400, json: { code: 'PRODUCT_ADD_FAILED' } })
    expect(answer.json.message).toContain('Erro ao deletar o  produto')
    expect(held()).toHaveLength(1)
  })

  test('a refused product: 400 with the literal, and the old one is back', async () => {
    api.simulator.setFaults({ errors400: { paths: ['recommendedProductsAdd'], times: 1 } })
    const answer = await budget()
    expect(answer).toMatchObject({ status: 400, json: { code: 'PRODUCT_ADD_FAILED' } })
    expect(answer.json.message).toContain('Erro ao adicionar produto')
    expect(held()).toMatchObject([{ labelValue: '10' }])
  })

  test('a sold lead: both the literal and its own code', async () => {
    const answer = await budget(2)
    expect(answer).toMatchObject({ status: 400, json: { code: 'LEAD_ALREADY_SOLD' } })
    expect(answer.json.message).toMatch(/Erro ao adicionar produto.*Lead is sold/)
  })

  test('an unknown lead: 404; the CRM away: 503, and nothing has changed', async () => {
    expect(await budget(99)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await budget()).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
    expect(held()).toMatchObject([{ labelValue: '10' }])
  })

  test.each([null, {}, { leadId: 2, products }, { leadId: 1, products: [...products, ...products] }, { leadId: 1, products: {} }])(
    '%j: 400',
    async (json) => {
      expect(await budget(1, json)).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
      expect(held()).toHaveLength(1)
    },
  )
})

describe('GET /leadvendida/{lead_id}', () => {
  test('lists what was sold', async () => {
    expect(await api.ask('GET', '/leadvendida/2', { as: 'read' })).toMatchObject({
      status: 200,
      json: [{ idProduto: 10001, valorProduto: 10.5, dataVenda: '2026-01-02T03:04:05.000000Z' }],
    })
  })

  test('a lead that is not sold: 404', async () => {
    expect(await api.ask('GET', '/leadvendida/1')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })
})

describe('/mercados', () => {
  test('GET lists the industries of the CRM, as it does', async () => {
    const answer = await api.ask('GET', '/mercados', { as: 'read' })
    expect(answer.status).toBe(200)
    expect(answer.json.value).toContainEqual({ id: expect.any(Number), value: 'Varejo' })
  })

  test('GET says so when the CRM fails', async () => {
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await api.ask('GET', '/mercados')).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
    api.simulator.setFaults({ errors400: 1 })
    expect(await api.ask('GET', '/mercados')).toMatchObject({ status: 502, json: { code: 'CRM_REFUSED' } })
  })

  test('POST stores what the ERP does not have, once, spelled as the mirror spells it', async () => {
    const json = {
      value: [
        { id: 1, value: 'Construção civil, obras e engenharia' },
        { id: 2, value: 'Têxtil', active: true },
      ],
    }
    expect(await api.ask('POST', '/mercados', { json })).toMatchObject({ status: 200, json: { inserted: 2, existing: 0 } })
    expect(await api.ask('POST', '/mercados', { json })).toMatchObject({ status: 200, json: { inserted: 0, existing: 2 } })
    const { rows } = await api.erp.query('select description from industries order by industry')
    expect(rows).toEqual([{ description: 'Construção civil, obras e enge' }, { description: 'Têxtil' }])
  })

  test.each([null, {}, { value: [] }, { value: [{ id: 1 }] }, { value: [{ id: 'x', value: 'y' }] }, { value: [{ id: 1, value: '' }] }])(
    'POST %j: 400',
    async (json) => {
      expect(await api.ask('POST', '/mercados', { json })).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    },
  )
})

test.each([
  ['POST', '/vendelead', 'read', 403],
  ['POST', '/orcalead/1', 'read', 403],
  ['POST', '/mercados', 'read', 403],
  ['GET', '/mercados', null, 401],
  ['GET', '/leadvendida/2', 'webhook', 403],
] as const)('%s %s with a token of scope %s: %i', async (method, path, as, status) => {
  expect((await api.ask(method, path, { as })).status).toBe(status)
})
