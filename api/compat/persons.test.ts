/** Contacts, on the simulated CRM. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openApi, type TestApi } from '../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await openApi()
  await api.simulator.load([
    { kind: 'lead', id: 1, lead: 'Alfa' },
    { kind: 'lead', id: 2, lead: 'Beta' },
    { kind: 'person', id: 10, leadId: 1, name: 'Ana', email: 'ana@example.com', mainContact: true },
    { kind: 'person', id: 11, leadId: 1, name: 'Bia', email: 'bia@example.com', mainContact: false },
  ])
})
afterAll(() => api.close())
afterEach(() => api.simulator.setFaults({}))

const persons = (leadId: number) => api.simulator.state.personsOf(leadId)

describe('POST /dummycontact/{lead_id}', () => {
  test('makes it, and answers the number 200', async () => {
    expect(await api.ask('POST', '/dummycontact/2')).toMatchObject({ status: 200, json: 200 })
    expect(persons(2)).toMatchObject([{ name: 'Dummy contact', email: null }])
  })

  test('a failure is no 200 any more: 404 without the lead, 503 without the CRM', async () => {
    expect(await api.ask('POST', '/dummycontact/99')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await api.ask('POST', '/dummycontact/2')).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
  })

  test('a refusal of a body that is ours is 502', async () => {
    api.simulator.setFaults({ errors400: 1 })
    expect(await api.ask('POST', '/dummycontact/2')).toMatchObject({ status: 502, json: { code: 'CRM_REFUSED' } })
  })
})

describe('GET /maincontact/{lead_id}/{contact_id}', () => {
  test('S or N', async () => {
    expect(await api.ask('GET', '/maincontact/1/10', { as: 'read' })).toMatchObject({ status: 200, json: 'S' })
    expect(await api.ask('GET', '/maincontact/1/11', { as: 'read' })).toMatchObject({ status: 200, json: 'N' })
  })

  test("a contact that is not there, or another lead's: 404", async () => {
    for (const path of ['/maincontact/1/99', '/maincontact/2/10', '/maincontact/99/10'])
      expect(await api.ask('GET', path)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })
})

describe('POST /atualizacontato/{contact_id}', () => {
  const body = { name: 'Ana Maria', email: 'ana@example.com', jobTitle: 'Dona', phone1: 5511999, mainContact: 'true' }

  test('changes it: 200 with a text', async () => {
    expect(await api.ask('POST', '/atualizacontato/10', { json: body })).toMatchObject({
      status: 200,
      json: 'Contact updated successfully',
    })
    expect(api.simulator.state.person(10)).toMatchObject({ name: 'Ana Maria', jobTitle: 'Dona', phone1: '5511999', mainContact: true })
  })

  test('an unknown contact: 404', async () => {
    expect(await api.ask('POST', '/atualizacontato/99', { json: body })).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } })
  })

  test.each([null, [], { nome: 'x' }, { mainContact: 'S' }, { name: {} }])('%j: 400', async (json) => {
    expect(await api.ask('POST', '/atualizacontato/10', { json })).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
  })
})

describe('POST /inserecontato', () => {
  test('makes it: 200 with its id as the CRM answers it', async () => {
    const json = { leadId: '2', name: 'Zé', email: 'ze@example.com', phone1: '1', jobTitle: 'Dono', mainContact: true }
    const answer = await api.ask('POST', '/inserecontato', { json })
    expect(answer.status).toBe(200)
    expect(api.simulator.state.person(answer.json.value)).toMatchObject({ leadId: 2, name: 'Zé', mainContact: true })
  })

  test('an unknown lead: 404', async () => {
    expect(await api.ask('POST', '/inserecontato', { json: { leadId: 99, name: 'Zé' } })).toMatchObject({ status: 404 })
  })

  test.each([null, {}, { name: 'Zé' }, { leadId: 1 }, { leadId: 1, name: ' ' }, { leadId: 1.5, name: 'Zé' }])('%j: 400', async (json) => {
    expect(await api.ask('POST', '/inserecontato', { json })).toMatchObject({ status: 400, json: { code: 'INVALID_PAYLOAD' } })
  })
})

describe('GET /buscacontato/{lead_id}', () => {
  test('gives the contacts as the CRM does: mainContact is a text', async () => {
    const answer = await api.ask('GET', '/buscacontato/1', { as: 'read' })
    expect(answer.status).toBe(200)
    expect(answer.json.value).toContainEqual(expect.objectContaining({ id: 11, leadId: 1, name: 'Bia', mainContact: 'false' }))
  })

  test('the CRM away: 503', async () => {
    api.simulator.setFaults({ errors5xx: 1 })
    expect(await api.ask('GET', '/buscacontato/1')).toMatchObject({ status: 503, json: { code: 'CRM_UNAVAILABLE' } })
  })
})

test.each([
  ['POST', '/dummycontact/1', 'read', 403],
  ['POST', '/atualizacontato/10', 'read', 403],
  ['POST', '/inserecontato', 'read', 403],
  ['GET', '/buscacontato/1', 'webhook', 403],
  ['GET', '/maincontact/1/10', null, 401],
] as const)('%s %s with a token of scope %s: %i', async (method, path, as, status) => {
  expect((await api.ask(method, path, { as })).status).toBe(status)
})
