/** Echoes are told without a call of the CRM: what says nothing new is one, what leaves anything open is none. */

import { describe, expect, test } from 'vitest'
import fc from '../../base/testing/fast-check.ts'
import type { Lead, LeadCustomField, Person } from '../../connectors/crm/spotter/types.ts'
import type { Row } from '../../engine/model.ts'
import type { LeadRow, PersonRow } from '../../lab/simulators/crm/state/model.ts'
import { payload } from '../../lab/simulators/crm/webhooks/payload.ts'
import { leadRow, personRow } from './crm-rows.ts'
import { isEcho, type Mirrored } from './echo.ts'

const reps = new Set(['7', '9'])

const lead: LeadRow = {
  id: 123,
  lead: 'Padaria São João Ltda',
  cnpj: '12.ABC.345/01DE-35',
  stage: 'Ativação',
  funnelId: 1,
  registerDate: '2026-11-01T10:00:00.000001Z',
  updateDate: '2026-11-24T10:00:00.000001Z',
  phone1: '+55 (11) 98765-4321',
  phone2: null,
  website: null,
  industry: 'Varejo',
  source: 'Site',
  subSource: null,
  sdrEmail: 'sdr@example.com',
  salesRepEmail: null,
  street: 'Rua das Flores',
  cep: '01310-100',
  number: '77',
  complement: 'Sala 2',
  district: 'Centro',
  city: 'São Paulo',
  state: 'São Paulo',
  country: 'Brasil',
  description: null,
  customFields: { '_cod.gestores': ['7'], '_cod.cliente': '345', _inscricaoestadual: '123.456-7', _analisefinanceira: 'Bom pagador' },
  answered: [],
}
const persons: readonly PersonRow[] = [
  { id: 1, leadId: 123, name: 'José', email: 'Jose@Example.com', phone1: '11 98765-4321', jobTitle: 'Sócio', mainContact: true },
  { id: 2, leadId: 123, name: 'Ana', email: 'ana@example.com', phone1: null, jobTitle: null, mainContact: false },
]

/** The lead as REST shows it, and with that what the mirror holds once it was processed. */
function mirrorOf(row: LeadRow, people: readonly PersonRow[]): Mirrored {
  const choice = (value: string | null) => (value === null ? null : { value })
  const rest: Lead = { ...row, industry: choice(row.industry), source: choice(row.source) }
  const fields: LeadCustomField[] = Object.entries(row.customFields).map(([id, value]) => ({
    id,
    leadId: row.id,
    value: typeof value === 'string' ? value : null,
    options: typeof value === 'string' ? [] : value,
  }))
  const person = (one: PersonRow): Person => ({ ...one, mainContact: String(one.mainContact) })
  return { lead: leadRow(rest, fields), persons: people.map((one): Row => ({ ID: String(one.id), ...personRow(person(one)) })) }
}
const mirror = mirrorOf(lead, persons)

type Json = Record<string, unknown>
const webhook = (row: LeadRow = lead, people = persons, nulls: 'omit' | 'send' = 'send'): Json =>
  JSON.parse(payload({ type: 'updated', lead: row, persons: people }, nulls)).Lead
const at = (value: Json, ...path: (string | number)[]): Json => path.reduce<unknown>((one, step) => (one as Json)[step], value) as Json

describe('is an echo', () => {
  test('what the mirror holds already, with empty values sent or left out', () => {
    for (const nulls of ['send', 'omit'] as const) expect(isEcho(webhook(lead, persons, nulls), mirror, reps)).toBe(true)
  })

  test('a lead with nothing in it but its id, name and stage', () => {
    const text = { street: null, cep: null, number: null, complement: null, district: null, city: null, state: null, phone1: null }
    const bare: LeadRow = { ...lead, ...text, cnpj: null, industry: null, source: null, customFields: {} }
    for (const nulls of ['send', 'omit'] as const) expect(isEcho(webhook(bare, [], nulls), mirrorOf(bare, []), reps)).toBe(true)
  })

  test('a lead whose values are spelled another way, persons in another order, and fields that we do not keep', () => {
    const spelled = {
      ...lead,
      lead: 'PADARIA SÃO JOÃO LTDA',
      cnpj: '12ABC34501DE35',
      city: 'SAO PAULO',
      cep: '01310100',
      website: 'https://example.com',
      customFields: { ...lead.customFields, _inscricaoestadual: '1234567', _unknown: 'x' },
    }
    expect(isEcho(webhook(spelled, [...persons].reverse()), mirror, reps)).toBe(true)
  })

  test('a lead without a number, which is SN in the CRM', () => {
    for (const number of [null, 'SN', '0'])
      expect(isEcho(webhook({ ...lead, number }), mirrorOf({ ...lead, number }, persons), reps)).toBe(true)
  })

  test('99 where the mirror holds a representative whom the CRM does not know, and only there', () => {
    const told = { ...lead, customFields: { ...lead.customFields, '_cod.gestores': ['99'] } }
    expect(isEcho(webhook(told), { ...mirror, lead: { ...mirror.lead, SALES_REP: '4711' } }, reps)).toBe(true)
    expect(isEcho(webhook(told), mirror, reps)).toBe(false)
  })

  test('whatever a CRM may hold, once the mirror holds it (property)', () => {
    const text = (...some: string[]) => fc.constantFrom<string | null>(null, ...some)
    const anyLead = fc.record({
      cnpj: text('191', '12.ABC.345/01DE-35', ''),
      stage: fc.constantFrom('Ativação', 'Retenção/Expansão', 'Ativação\u00a0'),
      phone1: text('11 3333-4444', '5511987654321', 'sem telefone'),
      industry: text('Varejo', 'Construção'),
      source: text('Site', 'Indicação'),
      street: text('Rua 1º de Maio, fundos', 'Avenida - Central'),
      cep: text('01310-100', '1310100'),
      number: text('77', 'SN'),
      complement: text('Sala 2', ' '),
      district: text('Centro', 'Vila Ré - Norte'),
      city: text('São Paulo'),
      state: text('São Paulo', 'Rio'),
      customFields: fc.record(
        {
          '_cod.gestores': fc.constantFrom(['7'], ['9', '7'], ['99'], []),
          _inscricaoestadual: fc.constantFrom('99', '', '123.456'),
          _analisefinanceira: fc.constantFrom('Vazio.', 'Bom'),
        },
        { requiredKeys: [] },
      ),
    })
    fc.assert(
      fc.property(anyLead, fc.subarray([...persons]), fc.constantFrom('omit' as const, 'send' as const), (some, people, nulls) => {
        const row = { ...lead, ...some } as LeadRow
        expect(isEcho(webhook(row, people, nulls), mirrorOf(row, people), reps)).toBe(true)
      }),
    )
  })
})

describe('is no echo', () => {
  test('a lead that is not mirrored', () => {
    expect(isEcho(webhook(), { lead: null, persons: mirror.persons }, reps)).toBe(false)
  })

  test('a payload with any one value changed, missing, or emptied', () => {
    const paths: (string | number)[][] = [
      ...['Company', 'CpfCnpj', 'Phone', 'Stage'].map((name) => [name]),
      ...['Industry', 'Origin'].map((name) => [name, 'value']),
      ...['Address_Maps', 'ZipCode', 'AddAddressInformation', 'City', 'State'].map((name) => ['Address', name]),
      ...[0, 1, 2, 3].map((index) => ['CustomFields', index, 'value']),
      ...['Id', 'Name', 'Email', 'Phone', 'Position'].map((name) => ['Contact', 0, name]),
    ]
    for (const path of paths) {
      const [parent, last] = [path.slice(0, -1), path.at(-1)!]
      expect(at(webhook(), ...path), path.join('.')).toBeTruthy()
      for (const value of ['918273', '', null, undefined, [], {}]) {
        const changed = webhook()
        const holder = at(changed, ...parent)
        if (value === undefined) delete holder[last]
        else holder[last] = value
        expect(isEcho(changed, mirror, reps), `${path.join('.')} = ${JSON.stringify(value)}`).toBe(false)
      }
    }
  })

  test('a payload without its lists, objects or a custom field', () => {
    for (const name of ['Address', 'CustomFields', 'Contact', 'Industry', 'Origin']) {
      const { [name]: _, ...rest } = webhook()
      expect(isEcho(rest, mirror, reps), name).toBe(false)
    }
    const fewer = webhook()
    ;(fewer.CustomFields as unknown[]).pop()
    expect(isEcho(fewer, mirror, reps)).toBe(false)
  })

  test('an address whose parts moved within its line', () => {
    for (const line of ['Rua das Flôres, 77 - Centro', 'Rua das Flores, 7 - Centro', 'Rua das Flores - Centro', 'Rua das Flores, 77'])
      expect(isEcho({ ...webhook(), Address: { ...(webhook().Address as Json), Address_Maps: line } }, mirror, reps), line).toBe(false)
  })

  test('one contact more, one less, one of another lead, and one twice in place of another', () => {
    const [jose, ana] = webhook().Contact as Json[]
    for (const contacts of [[jose], [jose, ana, { ...ana, Id: 3 }], [jose, jose], [jose, ana, ana], [jose, { ...ana, LeadId: 124 }], []])
      expect(isEcho({ ...webhook(), Contact: contacts }, mirror, reps)).toBe(false)
  })
})

describe('what nobody would send', () => {
  test('is no echo and breaks nothing', () => {
    const hostile: unknown[] = [
      JSON.parse('{"__proto__":{"Id":1},"constructor":1,"toString":1}'),
      { toString: null, valueOf: null },
      [[[]]],
      'text',
      0,
      true,
    ]
    for (const value of hostile)
      for (const name of Object.keys(webhook())) {
        // The id alone is not looked at: whose mirror it is was decided before.
        const answer = isEcho({ ...webhook(), [name]: value }, mirror, reps)
        if (name !== 'Id') expect(answer, `${name} = ${JSON.stringify(value)}`).toBe(false)
      }
    for (const value of hostile) expect(isEcho({ ...webhook(), Contact: [value, value] }, mirror, reps)).toBe(false)
    for (const value of hostile)
      expect(isEcho({ ...webhook(), Contact: [{ ...(webhook().Contact as Json[])[0], Id: value }] }, mirror, reps)).toBe(false)
  })

  test('an id that is a list of the id does not stand for it', () => {
    const [jose, ana] = webhook().Contact as Json[]
    expect(isEcho({ ...webhook(), Contact: [{ ...jose, Id: [1] }, ana] }, mirror, reps)).toBe(false)
    expect(isEcho({ ...webhook(), Contact: [{ ...jose, Id: '1' }, ana] }, mirror, reps), 'its text does').toBe(true)
  })

  test('any JSON at all gives an answer (property)', () => {
    const shape = fc.record(
      {
        Id: fc.jsonValue(),
        Company: fc.jsonValue(),
        Stage: fc.jsonValue(),
        Address: fc.jsonValue(),
        CustomFields: fc.oneof(fc.jsonValue(), fc.array(fc.record({ id: fc.jsonValue(), value: fc.jsonValue() }))),
        Contact: fc.oneof(fc.jsonValue(), fc.array(fc.record({ Id: fc.jsonValue(), Name: fc.jsonValue() }))),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(shape, (some) => {
        expect(isEcho(JSON.parse(JSON.stringify(some)), mirror, reps)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})
