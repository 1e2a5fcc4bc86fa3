import { describe, expect, test } from 'vitest'
import { hasArrived } from './erp.ts'

const reps = new Set(['7', '99'])
const desired = {
  NAME: 'Padaria São João',
  TAXID: '00000000000191',
  ADDRESS_STREET: 'Rua Rui Barbosa',
  ADDRESS_DISTRICT: 'Centro',
  CITY: 'São Paulo',
  SALES_REP: '7',
  TAX_REGISTRATION: null,
}
const edit = { field: 'ADDRESS_STREET', after: 'Rua Rui Barbosa' } as const

describe('the demo takes an edit for arrived', () => {
  test('when the CRM holds what the ERP says', () => expect(hasArrived(edit, desired, desired, reps)).toBe(true))

  test('when the rest differs in what no compare sees: capitals, a city’s accents, the forms of empty (seed 857977)', () => {
    const held = { ...desired, NAME: 'PADARIA SÃO JOÃO', ADDRESS_DISTRICT: 'CENTRO', CITY: 'Sao Paulo', TAX_REGISTRATION: 'ISENTO' }
    expect(hasArrived(edit, desired, held, reps)).toBe(true)
  })

  test.each([
    ['the edited field in capitals', { ADDRESS_STREET: 'RUA RUI BARBOSA' }],
    ['the edited field as it was before', { ADDRESS_STREET: 'Avenida dos Andradas' }],
    ['no edited field', { ADDRESS_STREET: null }],
    ['another tax id', { TAXID: '00000000000272' }],
    ['another district', { ADDRESS_DISTRICT: 'Cidade Nova' }],
    ['another representative', { SALES_REP: '99' }],
    ['a value that the ERP does not have', { TAX_REGISTRATION: '1919557310' }],
  ])('not when the CRM holds %s', (_, wrong) => expect(hasArrived(edit, desired, { ...desired, ...wrong }, reps)).toBe(false))
})
