import { describe, expect, it } from 'vitest'
import { refusalOf } from './refusals.ts'

const refuse = (endpoint: string, status: number, message: string) => refusalOf(endpoint, { status, message }, 'tok-en')

describe('the CRM refuses because', () => {
  it.each([
    ['another lead has this client code', 'LeadsUpdate', 400, 'Duplicated Keys: _cod.cliente', 'duplicate-client-code'],
    ['the same on a create', 'LeadsAdd', 400, 'Duplicated Keys: _cod.cliente', 'duplicate-client-code'],
    ['the tax id is known', 'LeadsAdd', 400, 'Lead duplicated', 'duplicate-lead'],
    ['the tax id is known, in Portuguese', 'LeadsAdd', 400, 'Já existe um lead com este CNPJ', 'duplicate-lead'],
    ['the tax id is known, without a word', 'LeadsAdd', 409, 'HTTP 409 without a readable reason', 'duplicate-lead'],
    ['some other key is doubled on an update', 'LeadsUpdate', 400, 'Duplicated Keys: _other', 'rejected'],
    ['the lead is sold', 'leadsWon', 400, 'Lead is sold', 'already-sold'],
    ['the lead is sold, on a budget', 'recommendedProductsAdd', 400, 'Error: lead is sold already', 'already-sold'],
    ['there is no such lead', 'LeadsUpdate', 404, 'HTTP 404 without a readable reason', 'not-found'],
    ['there is no such lead, as text', 'leadsWon', 400, 'Lead not found', 'not-found'],
    ['it does not say why', 'LeadsAdd', 400, 'dto : An error has occurred', 'rejected'],
    ['it conflicts, on an update', 'LeadsUpdate', 409, 'conflict', 'rejected'],
  ])('%s', (_name, endpoint, status, message, refusal) =>
    expect(refuse(endpoint, status, message)).toMatchObject({ ok: false, refusal, status }),
  )
})

describe('its message', () => {
  const message = (text: string) => {
    const result = refuse('LeadsUpdate', 400, text)
    return result.ok ? '' : result.message
  }
  it('is masked: tax ids, e-mails, phones, the token', () =>
    expect(message('ana@x.com.br 12.345.678/0001-95 (11) 98765-4321 tok-en')).toBe('[email] [taxid] [phone] [token]'))
  it('is one line of at most 300 characters', () => {
    expect(message('a\r\n\tb\u2028c\u0000d')).toBe('a b c d')
    expect(message('x '.repeat(10_000))).toHaveLength(300)
  })
  it('is masked before it is cut, so no half tax id is left at the edge', () => {
    for (let pad = 270; pad <= 300; pad++) expect(message(`${'x'.repeat(pad)} 12345678000195`)).not.toMatch(/\d/)
  })
})
