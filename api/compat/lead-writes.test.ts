/** Leads into the CRM: the success and each stated failure of every row, on the simulated CRM. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
/** Of the last effect before the test. */
let since = 0
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())
beforeEach(async () => {
  await api.simulator.reset(false)
  await api.simulator.load([
    { kind: 'lead', id: 1, lead: 'Alfa', cnpj: '00000000000191', customFields: { '_cod.cliente': '345' } },
    { kind: 'lead', id: 2, lead: 'Beta' },
  ])
  since = (await api.simulator.effects()).at(-1)!.seq
})
afterEach(() => api.simulator.setFaults({}))

const writes = () => api.simulator.effects({ by: 'api', since })
const held = (id: number) => api.simulator.state.lead(id)!

describe('PUT /atualizalead/{lead_id}', () => {
  const put = (lead: unknown, id: number | string = 1) =>
    api.ask('PUT', `/atualizalead/${id}`, { json: { duplicityValidation: 'true', lead } })

  test('changes the lead: 201 with the id as the CRM answers it', async () => {
    const answer = await put({ name: 'Alfa Ltda', addressNumber: 12, customFields: [{ id: '_cod.gestores', options: [{ value: '7' }] }] })
    expect(answer).toMatchObject({ status: 201, json: { value: 1 } })
    expect(held(1)).toMatchObject({ lead: 'Alfa Ltda', number: '12', customFields: { '_cod.gestores': ['7'], '_cod.cliente': '345' } })
  })

  test('a client code of another lead: 409 by type, with the old text', async () => {
    const answer = await put({ customFields: [{ id: '_cod.cliente', value: '345' }] }, 2)
    expect(answer).toMatchObject({ status: 409, json: { code: 'DUPLICATE_CLIENT_CODE', message: '_cod.cliente duplicado' } })
  })

  test('an unknown lead: 404', async () => {
    expect(await put({ name: 'x' }, 99)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })

  test('what the CRM refuses: 400 with its reason', async () => {
    const answer = await put({ customFields: [{ id: '_cod.cliente', options: [{ value: '1' }] }] })
    expect(answer).toMatchObject({ status: 400, json: { code: 'CRM_REFUSED', message: expect.stringContaining('expects a value') } })
  })

  test.each([
    ['null', null],
    ['a text', 'lead'],
    ['a list', []],
    ['no lead', {}],
    ['a lead that is null', { lead: null }],
    ['a lead that is a list', { lead: [] }],
    ['an unknown field', { lead: { nome: 'x' } }],
    ['an unknown field around it', { lead: {}, extra: 1 }],
    ['an object where a text belongs', { lead: { name: { $ne: 1 } } }],
    ['fields of a prototype', { lead: JSON.parse('{"__proto__":{"name":"x"}}') }],
  ])('%s: 400 before the CRM is asked', async (_, json) => {
    const before = api.simulator.requests().authenticated
    const answer = await api.ask('PUT', '/atualizalead/1', { json })
    expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    expect(api.simulator.requests().authenticated).toBe(before)
  })

  test.each(['0', '-1', '1e3', '1.0', 'abc', '99999999999999999999', '%27'])('the id %s: 400', async (id) => {
    expect(await put({ name: 'x' }, id)).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
  })

  test('a body that is no JSON, or does not say that it is', async () => {
    const headers = { authorization: 'Bearer token-that-acts' }
    const url = 'http://ponte.test/atualizalead/1'
    const broken = await api.app.request(url, {
      method: 'PUT',
      body: '{"lead":',
      headers: { ...headers, 'content-type': 'application/json' },
    })
    expect({ status: broken.status, ...((await broken.json()) as object) }).toMatchObject({ status: 400, code: 'INVALID_PAYLOAD' })
    const plain = await api.app.request(url, { method: 'PUT', body: '{"lead":{}}', headers: { ...headers, 'content-type': 'text/plain' } })
    expect({ status: plain.status, ...((await plain.json()) as object) }).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
    expect(await writes()).toEqual([])
  })

  test('the CRM away: 503, and Retry-After when the CRM said when', async () => {
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await put({ name: 'x' })).toMatchObject({
      status: 503,
      json: { code: 'CRM_UNAVAILABLE', hint: expect.stringContaining('look before') },
    })
    api.simulator.setFaults({ storm429: { retryAfter: 'seconds', seconds: 61 } })
    const storm = await put({ name: 'x' })
    expect(storm).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE', hint: expect.stringContaining('Nothing was done') } })
    expect(storm.headers.get('retry-after')).toBe('61')
  })

  test('needs a token that may act', async () => {
    for (const [as, status] of [
      [null, 401],
      ['read', 403],
      ['webhook', 403],
    ] as const)
      expect(await api.ask('PUT', '/atualizalead/1', { as, json: { lead: { name: 'x' } } })).toMatchObject({ status })
    expect(await writes()).toEqual([])
  })
})

describe('POST /leads', () => {
  const post = (json: unknown) => api.ask('POST', '/leads', { json })

  test('makes the lead: 200 with its id', async () => {
    const answer = await post({
      duplicityValidation: 'true',
      lead: { name: 'Gama', cpfcnpj: '12ABC34501DE35', phone: 11999, website: 'gama.example' },
    })
    expect(answer).toMatchObject({ status: 200, json: { lead_id: 3 } })
    expect(held(3)).toMatchObject({ lead: 'Gama', cnpj: '12ABC34501DE35', phone1: '11999', website: 'gama.example' })
  })

  test('a tax id that another lead has: 400 DUPLICATE_LEAD, whatever validation was asked for', async () => {
    const answer = await post({ duplicityValidation: false, lead: { name: 'Alfa again', cpfcnpj: '00.000.000/0001-91' } })
    expect(answer).toMatchObject({ status: 400, json: { code: 'DUPLICATE_LEAD' } })
  })

  test.each([null, {}, { lead: null }, { lead: {} }, { lead: { name: '  ' } }, { lead: { name: null } }, 5])('%j: 400', async (json) => {
    expect(await post(json)).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    expect(await writes()).toEqual([])
  })

  test('an answer that was lost is not tried again: the caller is told to look', async () => {
    api.simulator.setFaults({ answersLost: 1 })
    expect(await post({ lead: { name: 'Delta' } })).toMatchObject({ status: 503, json: { hint: expect.stringContaining('look before') } })
    expect(await writes()).toHaveLength(1)
  })
})

describe('PUT /leads', () => {
  const put = (Fields: unknown, Id: unknown = 1) => api.ask('PUT', '/leads', { json: { Id, Fields } })

  test('sends names with _ as custom fields, the choice with options, all else as the lead, every value as text', async () => {
    const answer = await put([
      { field_name: 'name', field_value: 'Alfa 2' },
      { field_name: 'zipcode', field_value: 1310100 },
      { field_name: '_cod.gestores', field_value: 12 },
      { field_name: '_inscricaoestadual', field_value: '99' },
    ])
    expect(answer).toMatchObject({ status: 200, json: 'Lead updated successfully' })
    expect(held(1)).toMatchObject({ lead: 'Alfa 2', cep: '1310100', customFields: { '_cod.gestores': ['12'], _inscricaoestadual: '99' } })
    expect((await writes())[0]?.body).toEqual({
      duplicityValidation: 'true',
      lead: {
        name: 'Alfa 2',
        zipcode: '1310100',
        customFields: [
          { id: '_cod.gestores', options: [{ value: '12' }] },
          { id: '_inscricaoestadual', value: '99' },
        ],
      },
    })
  })

  test('a client code of another lead: 409', async () => {
    const answer = await put([{ field_name: '_cod.cliente', field_value: '345' }], 2)
    expect(answer).toMatchObject({ status: 409, json: { code: 'DUPLICATE_CLIENT_CODE' } })
  })

  test.each([
    [null],
    [[]],
    [[{ field_name: 'name' }]],
    [[{ field_name: 'nome', field_value: 'x' }]],
    [[{ field_name: '__proto__', field_value: null }]],
  ])('fields %j: 400', async (fields) => {
    expect(await put(fields)).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    expect(await writes()).toEqual([])
  })

  test('an unknown lead: 404', async () => {
    expect(await put([{ field_name: 'name', field_value: 'x' }], 99)).toMatchObject({ status: 404 })
  })
})

describe('with the old codes switched on', () => {
  let old: TestApi
  beforeAll(async () => {
    old = await openApi({ settings: { legacyDuplicateCodes: true } })
    await old.simulator.load([
      { kind: 'lead', id: 1, lead: 'Alfa', customFields: { '_cod.cliente': '345' } },
      { kind: 'lead', id: 2, lead: 'Beta' },
    ])
  })
  afterAll(() => old.close())

  test('a duplicated client code is 200 on PUT /atualizalead and 201 on PUT /leads, as it was', async () => {
    const json = { lead: { customFields: [{ id: '_cod.cliente', value: '345' }] } }
    expect(await old.ask('PUT', '/atualizalead/2', { json })).toMatchObject({ status: 200, json: '_cod.cliente duplicado' })
    const fields = { Id: 2, Fields: [{ field_name: '_cod.cliente', field_value: '345' }] }
    expect(await old.ask('PUT', '/leads', { json: fields })).toMatchObject({ status: 201, json: '_cod.cliente duplicado' })
  })

  test('any other refusal is answered as ever', async () => {
    expect(await old.ask('PUT', '/atualizalead/99', { json: { lead: { name: 'x' } } })).toMatchObject({ status: 404 })
  })
})

describe('POST /contatoobs/{lead_id}/{flag}', () => {
  test.each(['N', 'S'])('with flag %s puts a note on the lead: 201', async (flag) => {
    const before = held(1).updateDate
    expect(await api.ask('POST', `/contatoobs/1/${flag}`)).toMatchObject({ status: 201, json: 'Lead updated successfully' })
    expect(held(1).description).toContain('synchronise')
    expect(held(1).updateDate > before).toBe(true)
  })

  test('another flag: 400; an unknown lead: 404', async () => {
    expect(await api.ask('POST', '/contatoobs/1/X')).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
    expect(await api.ask('POST', '/contatoobs/99/N')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })
})
