import { describe, expect, test } from 'vitest'
import type { Lead, LeadCustomField, Person } from '../../connectors/crm/spotter/types.ts'
import { contactFields } from '../../records/contact.ts'
import { leadInboundFields } from '../../records/lead.ts'
import { isTooLong, leadRow, personRow, webhookContactRow, webhookLeadRow } from './crm-rows.ts'

const lead: Lead = {
  id: 123,
  lead: `Padaria São João ${'x'.repeat(40)}`,
  cnpj: '12.abc.345/01de-35',
  stage: '\u00a0Ativação\u00a0',
  industry: { value: 'Varejo' },
  source: { value: 'Site' },
  phone1: '+55 (11) 98765-43210',
  street: ' Rua das Flores',
  cep: '1310-100',
  number: 'SN',
  complement: '',
  district: 'Centro',
  city: 'São Paulo',
  state: 'São Paulo',
  registerDate: '2026-11-01T10:00:00Z',
  updateDate: '2026-11-24T10:00:00Z',
}
const custom = (id: string, value: string | null, options: string[] = []): LeadCustomField => ({ id, leadId: 123, value, options })

describe('a lead as REST shows it', () => {
  test('with more than a column holds is cut to one character more than a value may have', () => {
    const two = {
      ...lead,
      cnpj: '12.345.678/0001-95 / 98.765.432/0001-98',
      number: '98765432101',
      cep: '01310-100 / 01310-200 / 01310-300',
    }
    const row = leadRow(two, [custom('_cod.cliente', '9'.repeat(20)), custom('_inscricaoestadual', '1'.repeat(25))])
    expect(row).toMatchObject({
      TAXID: '12345678000195987654',
      ADDRESS_NUMBER: '987654321',
      ADDRESS_ZIPCODE: '0131010001',
      CLIENT_CODE: '9'.repeat(18),
      TAX_REGISTRATION: '1'.repeat(20),
    })
    const isLong = leadInboundFields.filter((field) => isTooLong(field, row[field.name] ?? null)).map(({ name }) => name)
    expect(isLong).toEqual(['TAXID', 'ADDRESS_ZIPCODE', 'ADDRESS_NUMBER', 'CLIENT_CODE', 'TAX_REGISTRATION'])
  })

  test('becomes canonical columns, every value normalised, every inbound field there', () => {
    const fields = [
      custom('_cod.gestores', null, ['9', '7']),
      custom('_cod.cliente', '00345.0'),
      custom('_inscricaoestadual', '99'),
      custom('_analisefinanceira', 'Vazio.'),
    ]
    expect(leadRow(lead, fields)).toEqual({
      NAME: 'Padaria São João xxxxxxxxxxxxxxxxxxxxxxx',
      TAXID: '12ABC34501DE35',
      ADDRESS_STREET: 'Rua das Flores',
      ADDRESS_ZIPCODE: '01310100',
      ADDRESS_NUMBER: '0',
      ADDRESS_COMPLEMENT: null,
      ADDRESS_DISTRICT: 'Centro',
      CITY: 'São Paulo',
      STATE: 'São Paulo',
      SALES_REP: '7',
      CLIENT_CODE: '345',
      TAX_REGISTRATION: 'ISENTO',
      FINANCIAL_ANALYSIS: null,
      PHONE: '5511987654321',
      INDUSTRY: 'Varejo',
      STAGE: 'Ativação',
      SOURCE: 'Site',
    })
  })

  test('has null for what is not there', () => {
    const row = leadRow({ ...lead, industry: null, source: null, cnpj: null, number: null }, [])
    expect(Object.keys(row)).toEqual(leadInboundFields.map(({ name }) => name))
    expect(row).toMatchObject({ INDUSTRY: null, SOURCE: null, TAXID: null, SALES_REP: null, CLIENT_CODE: null, ADDRESS_NUMBER: '0' })
  })

  test('takes a choice that comes as a plain value', () => {
    expect(leadRow(lead, [custom('_cod.gestores', '7')])).toMatchObject({ SALES_REP: '7' })
    expect(leadRow(lead, [custom('_cod.gestores', null, [''])])).toMatchObject({ SALES_REP: null })
  })

  test('holds a phone of at most 13 digits and a tax id of 14 positions, longer ones as they are', () => {
    expect(leadRow({ ...lead, phone1: '1234567890123456', cnpj: '191' }, [])).toMatchObject({
      PHONE: '1234567890123',
      TAXID: '00000000000191',
    })
    expect(leadRow({ ...lead, cnpj: '1234567890123456' }, []).TAXID).toBe('1234567890123456')
  })
})

describe('a person', () => {
  const person: Person = {
    id: 1,
    leadId: 123,
    name: ' José ',
    email: 'Jose@Example.com',
    phone1: '5500000000',
    jobTitle: '',
    mainContact: 'true',
  }

  test('becomes canonical columns; the placeholder phone is none', () => {
    expect(personRow(person)).toEqual({ NAME: 'José', EMAIL: 'jose@example.com', PHONE: null, JOB_TITLE: null, IS_PRIMARY: 'S' })
    expect(personRow({ ...person, mainContact: 'false', phone1: null, email: null })).toMatchObject({
      IS_PRIMARY: 'N',
      PHONE: null,
      EMAIL: null,
    })
    expect(Object.keys(personRow(person))).toEqual(contactFields.map(({ name }) => name))
  })
})

describe('a webhook', () => {
  test('says only what it carries', () => {
    expect(webhookLeadRow({ Id: 1, Company: 'A' })).toEqual({ NAME: 'A' })
    expect(
      webhookLeadRow({
        Phone: null,
        CustomFields: [
          { id: '_cod.gestores', value: '007' },
          { id: 'other', value: 'x' },
        ],
      }),
    ).toEqual({
      PHONE: null,
      SALES_REP: '7',
    })
    expect(webhookContactRow({ Id: 1, Name: 'José', Position: null })).toEqual({ NAME: 'José', JOB_TITLE: null })
  })

  test('says a number as its text', () => {
    const said = webhookLeadRow({
      Phone: 5511987654321,
      CpfCnpj: 191,
      CustomFields: [{ id: '_cod.cliente', value: 345 }],
      Address: { ZipCode: 1310100 },
    })
    expect(said).toEqual({ PHONE: '5511987654321', TAXID: '00000000000191', CLIENT_CODE: '345', ADDRESS_ZIPCODE: '01310100' })
    expect(webhookContactRow({ Phone: 1133334444 })).toEqual({ PHONE: '1133334444' })
  })

  test('is read by its own properties alone, and what is no text says nothing', () => {
    expect(
      webhookLeadRow(
        JSON.parse('{"__proto__":{"Company":"inherited"},"Address":[],"Industry":"text","CustomFields":{"id":"_cod.gestores"}}'),
      ),
    ).toEqual({})
    expect(webhookLeadRow({ Company: ['A'], Stage: {}, CustomFields: [null, 1, 'x', { id: '_cod.gestores', value: [7] }] })).toEqual({
      NAME: null,
      STAGE: null,
      SALES_REP: null,
    })
    expect(webhookContactRow({})).toEqual({})
  })
})
