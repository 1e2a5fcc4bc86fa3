import { describe, expect, test } from 'vitest'
import { entityNamed } from '../../records/kinds.ts'
import { readLine, writeLine } from '../../records/lines.ts'
import { leadBody, personBody } from './crm-bodies.ts'

const reps = new Set(['7', '99'])
const update = entityNamed('leads.update')
const insert = entityNamed('leads.insert')

describe('a lead body', () => {
  test('on update a value that the ERP erased is sent empty, on creation it is left out', () => {
    const row = { NAME: 'A', TAXID: '00000000000191', ADDRESS_COMPLEMENT: null, CITY: null }
    expect(leadBody(update.fields, row, { kind: 'update', reps, country: 'Brasil' })).toMatchObject({ addressComplement: '', city: '' })
    expect(leadBody(insert.fields, row, { kind: 'create', reps, country: 'Brasil' })).not.toHaveProperty('city')
  })

  test('exempt, unknown rep, no number and no analysis have the forms the CRM expects', () => {
    const body = leadBody(
      update.fields,
      { NAME: 'A', TAX_REGISTRATION: 'ISENTO', SALES_REP: '5', ADDRESS_NUMBER: '0' },
      { kind: 'update', reps, country: 'Brasil' },
    )
    expect(body.addressNumber).toBe('SN')
    expect(body.customFields).toEqual(
      expect.arrayContaining([
        { id: '_cod.gestores', options: [{ value: '99' }] },
        { id: '_inscricaoestadual', value: '99' },
        { id: '_analisefinanceira', value: 'Vazio.' },
      ]),
    )
  })
})

describe('a person body', () => {
  test('mainContact is a boolean, and a missing phone has the placeholder on update only', () => {
    expect(personBody({ NAME: 'A', EMAIL: 'a@b.c', IS_PRIMARY: 'S', PHONE: null, JOB_TITLE: null }, 'update')).toEqual({
      name: 'A',
      email: 'a@b.c',
      mainContact: true,
      phone1: '5500000000',
      jobTitle: '',
    })
    expect(personBody({ NAME: 'A', EMAIL: 'a@b.c', IS_PRIMARY: null, PHONE: null, JOB_TITLE: null }, 'create')).toEqual({
      name: 'A',
      email: 'a@b.c',
      mainContact: false,
    })
  })
})

describe('a queue line', () => {
  test('says which change it is, and reads back as it was written', () => {
    const after = { ID: '10-1', NAME: 'Padaria', TAXID: '00000000000191', ADDRESS: 'Rua X', DISTRICT: null, ZIPCODE: '01310100' }
    const line = readLine(insert, 'letter.json', writeLine('RUN', 'leads.insert', { key: '10-1', hash: 'h', after }))
    expect(line.change).toEqual({ run: 'RUN', entity: 'leads.insert', key: '10-1', hash: 'h', stray: false })
    expect(line.row).toMatchObject({ NAME: 'Padaria', ADDRESS_STREET: 'Rua X', ADDRESS_ZIPCODE: '01310100', ADDRESS_DISTRICT: null })
  })

  test("the old system's lines are understood: lower case, Portuguese keys, decimals, numeric tax ids", () => {
    const line = readLine(
      update,
      'update_leads_in_app_x.json',
      JSON.stringify({
        id: 123,
        name: 'Padaria',
        cnpj: 191,
        end_rua: 'Rua X',
        end_numero: '12.0000000000',
        cod_cliente: '345.0',
        representante: '7.0',
        inscricao_estadual: 'EXEMPT',
      }),
    )
    expect(line.change).toMatchObject({ run: 'update_leads_in_app_x.json', key: '123' })
    expect(line.change.hash).toMatch(/^[0-9a-f]{32}$/)
    expect(line.row).toMatchObject({
      TAXID: '00000000000191',
      ADDRESS_STREET: 'Rua X',
      ADDRESS_NUMBER: '12',
      CLIENT_CODE: '345',
      SALES_REP: '7',
      TAX_REGISTRATION: 'ISENTO',
    })
  })

  test.each([
    ['{"NAME":', 'line.invalid_json'],
    ['[1]', 'line.not_an_object'],
    ['null', 'line.not_an_object'],
    ['{"NAME":"x"}', 'line.without_key'],
  ])('%s is refused with %s', (text, code) => {
    expect(() => readLine(update, 'l.json', text)).toThrow(expect.objectContaining({ code }))
  })
})
