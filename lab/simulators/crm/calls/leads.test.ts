import { describe, expect, it } from 'vitest'
import { query, withSimulator } from '../testing.ts'

const lead = {
  name: "Padaria d'Água",
  cpfcnpj: '00123456000199',
  industry: 'Varejo',
  source: 'ERP',
  ddiPhone: '+55',
  phone: '(41) 3333-4444',
  address: 'Rua das Flores',
  addressNumber: '12',
  addressComplement: 'sala 3',
  neighborhood: 'Centro',
  zipcode: '80000-000',
  city: 'Curitiba',
  state: 'PR',
  country: 'Brasil',
}
const add = (over: object = {}, duplicityValidation: unknown = 'true') => ({ duplicityValidation, lead: { ...lead, ...over } })
const customFields = [
  { id: '_cod.gestores', options: [{ value: '12' }] },
  { id: '_cod.cliente', value: '345' },
  { id: '_inscricaoestadual', value: '99' },
]

describe('LeadsAdd', () => {
  it('answers 201 with the id, and Leads shows the lead under the names of the reading side', () =>
    withSimulator({}, async ({ ask }) => {
      const added = await ask('POST', 'LeadsAdd', add({ customFields }))
      expect(added.status).toBe(201)
      const shown = (await ask('GET', `Leads?${query({ filter: `id eq ${added.json.value}` })}`)).json.value
      expect(shown).toHaveLength(1)
      expect(shown[0]).toMatchObject({
        id: added.json.value,
        lead: "Padaria d'Água",
        cnpj: '00123456000199',
        stage: 'Novos leads',
        industry: { value: 'Varejo' },
        source: { value: 'ERP' },
        phone1: '554133334444',
        ...{ street: 'Rua das Flores', number: '12', complement: 'sala 3', district: 'Centro', cep: '80000-000' },
        ...{ city: 'Curitiba', state: 'PR', country: 'Brasil', salesRep: null },
      })
      expect(shown[0].sdr.email).toMatch(/@example\.com$/)
      expect(shown[0].updateDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      const values = await ask('GET', `LeadsCustomFields?${query({ filter: 'leadId eq 1' })}`)
      expect(values.json.value).toEqual([
        { id: '_cod.gestores', leadId: 1, value: null, options: ['12'] },
        { id: '_cod.cliente', leadId: 1, value: '345', options: [] },
        { id: '_inscricaoestadual', leadId: 1, value: '99', options: [] },
      ])
    }))

  it.each([
    ['the text "true"', 'true'],
    ['a boolean', true],
  ])('refuses a repeated tax id when duplicityValidation is %s, whatever its punctuation', (_how, validation) =>
    withSimulator({}, async ({ ask, crm }) => {
      await ask('POST', 'LeadsAdd', add())
      for (const cpfcnpj of ['00123456000199', '00.123.456/0001-99']) {
        const again = await ask('POST', 'LeadsAdd', add({ cpfcnpj }, validation))
        expect(again.status).toBe(400)
        expect(again.json.error.message).toMatch(/duplicity.*already exists/i)
      }
      expect(crm.state.counts.leads).toBe(1)
    }),
  )

  it.each([
    ['validation is off', false, {}],
    ['validation is not asked for', null, {}],
    ['the policy lets duplicates in', 'true', { duplicatePolicy: 'accept' as const }],
  ])('adds a second lead with the same tax id when %s', (_when, validation, policies) =>
    withSimulator({ options: { policies } }, async ({ ask }) => {
      await ask('POST', 'LeadsAdd', add())
      expect((await ask('POST', 'LeadsAdd', add({}, validation))).status).toBe(201)
      const both = await ask('GET', `Leads?${query({ filter: "cnpj eq '00123456000199'" })}`)
      expect(both.json.value.map(({ id }: { id: number }) => id)).toEqual([1, 2])
    }),
  )

  it.each([
    ['a flat body', lead],
    ['a number where a text belongs', add({ industry: 7 })],
    ['a name that the CRM does not know', add({ nome: 'x' })],
    ['no object', '"lead"'],
    ['broken JSON', '{"lead":'],
    ['a custom field value that is a number', add({ customFields: [{ id: '_cod.cliente', value: 345 }] })],
    ['an array', [add()]],
  ])('answers "dto : An error has occurred" to %s', (_what, body) =>
    withSimulator({}, async ({ ask, crm }) => {
      const refused = await ask('POST', 'LeadsAdd', body)
      expect([refused.status, refused.json]).toEqual([400, { error: { code: '', message: 'dto : An error has occurred' } }])
      expect(crm.state.counts.leads).toBe(0)
    }),
  )

  it.each([
    ['no name', add({ name: undefined }), /name field is required/],
    ['a blank name', add({ name: '  ' }), /name field is required/],
    ['an unknown representative', add({ customFields: [{ id: '_cod.gestores', options: [{ value: '4711' }] }] }), /4711.*_cod\.gestores/],
    ['a choice field with a value', add({ customFields: [{ id: '_cod.gestores', value: '12' }] }), /expects options/],
    ['a text field with options', add({ customFields: [{ id: '_cod.cliente', options: [{ value: '1' }] }] }), /expects a value/],
    ['an unknown custom field', add({ customFields: [{ id: '__proto__', value: '1' }] }), /'__proto__' was not found/],
  ])('refuses %s and changes nothing', (_what, body, message) =>
    withSimulator({}, async ({ ask, crm }) => {
      const refused = await ask('POST', 'LeadsAdd', body)
      expect(refused.status).toBe(400)
      expect(refused.json.error.message).toMatch(message)
      expect(await crm.effects()).toEqual([])
    }),
  )

  it('keeps _cod.cliente unique across leads, unless told otherwise', () =>
    withSimulator({}, async ({ ask, crm }) => {
      await ask('POST', 'LeadsAdd', add({ customFields }))
      const other = add({ cpfcnpj: '2', customFields })
      const refused = await ask('POST', 'LeadsAdd', other)
      expect(refused.status).toBe(400)
      expect(refused.json.error.message).toContain('Duplicated Keys')
      expect(refused.json.error.message).toContain('_cod.cliente')
      crm.setPolicies({ uniqueClientCode: false })
      expect((await ask('POST', 'LeadsAdd', other)).status).toBe(201)
    }))

  it('creates an unknown industry and lists it, or refuses it by policy', () =>
    withSimulator({}, async ({ ask, crm }) => {
      await ask('POST', 'LeadsAdd', add({ industry: 'Padarias' }))
      const industries = (await ask('GET', 'industries')).json.value
      expect(industries.at(-1)).toEqual({ id: industries.length, value: 'Padarias' })
      crm.setPolicies({ unknownIndustry: 'refuse' })
      expect((await ask('POST', 'LeadsAdd', add({ cpfcnpj: '2', industry: 'Nuvens' }))).status).toBe(400)
    }))

  it('keeps, drops or refuses custom fields on create by policy', () =>
    withSimulator({ options: { policies: { customFieldsOnCreate: 'ignore' } } }, async ({ ask, crm }) => {
      await ask('POST', 'LeadsAdd', add({ customFields }))
      expect(crm.state.lead(1)?.customFields).toEqual({})
      crm.setPolicies({ customFieldsOnCreate: 'refuse' })
      expect((await ask('POST', 'LeadsAdd', add({ cpfcnpj: '2', customFields }))).status).toBe(400)
    }))
})

describe('LeadsUpdate', () => {
  it('answers 201, changes what was sent, leaves the rest, and always touches updateDate', () =>
    withSimulator({}, async ({ ask, crm }) => {
      await ask('POST', 'LeadsAdd', add({ customFields }))
      const before = crm.state.lead(1)!
      const body = {
        duplicityValidation: 'true',
        lead: { city: 'Londrina', customFields: [{ id: '_analisefinanceira', value: 'Vazio.' }] },
      }
      expect((await ask('PUT', 'LeadsUpdate/1', body)).status).toBe(201)
      const after = crm.state.lead(1)!
      expect(after).toEqual({
        ...before,
        city: 'Londrina',
        updateDate: after.updateDate,
        customFields: { ...before.customFields, _analisefinanceira: 'Vazio.' },
      })
      await ask('PUT', 'LeadsUpdate/1', { lead: {} })
      expect(crm.state.lead(1)!.updateDate > after.updateDate).toBe(true)
      expect(after.updateDate > before.updateDate).toBe(true)
    }))

  it('lets a lead keep its own tax id and client code', () =>
    withSimulator({}, async ({ ask }) => {
      await ask('POST', 'LeadsAdd', add({ customFields }))
      expect((await ask('PUT', 'LeadsUpdate/1', add({ customFields }))).status).toBe(201)
    }))

  it("refuses another lead's tax id and another lead's client code", () =>
    withSimulator({}, async ({ ask }) => {
      await ask('POST', 'LeadsAdd', add({ customFields }))
      await ask('POST', 'LeadsAdd', add({ cpfcnpj: '2' }))
      expect((await ask('PUT', 'LeadsUpdate/2', add())).json.error.message).toMatch(/duplicity/i)
      const code = await ask('PUT', 'LeadsUpdate/2', { lead: { customFields } })
      expect([code.status, code.json.error.message]).toEqual([400, expect.stringMatching(/Duplicated Keys.*_cod\.cliente/)])
    }))

  it.each([
    ['an unknown lead', '7', { lead: { city: 'x' } }, 400, 'Lead not found'],
    ['a flat body', '1', { description: 'x' }, 400, 'dto : An error has occurred'],
    ['a blank name', '1', { lead: { name: '' } }, 400, 'lead.name : The name field is required.'],
    ['an id that is no number', 'abc', { lead: {} }, 404, 'No HTTP resource was found that matches the request URI.'],
  ])('refuses %s', (_what, id, body, status, message) =>
    withSimulator({}, async ({ ask }) => {
      await ask('POST', 'LeadsAdd', add())
      const refused = await ask('PUT', `LeadsUpdate/${id}`, body)
      expect([refused.status, refused.json.error.message]).toEqual([status, message])
    }),
  )
})
