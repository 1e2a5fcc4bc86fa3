import { describe, expect, test } from 'vitest'
import { crmId, inboxId, readLeadEvent } from './lead-event.ts'

const letter = 'converted_lead_ACME_2026_11_24_10_00_00_000_01J.json'
const read = (body: unknown) => readLeadEvent(`${letter}:0`, typeof body === 'string' ? body : JSON.stringify(body))

describe('an event of a lead', () => {
  test('is known by letter and line, and its inbox id says nothing of either', () => {
    const event = read({ Lead: { Id: 123, Stage: 'Ativação', Company: 'Acme' } })
    expect(event).toEqual({
      id: inboxId(`${letter}:0`),
      letter,
      leadId: 123,
      stage: 'Ativação',
      lead: { Id: 123, Stage: 'Ativação', Company: 'Acme' },
    })
    expect(event.id).toMatch(/^[0-9a-f]{32}$/)
    expect(inboxId(`${letter}:1`)).not.toBe(event.id)
    expect(inboxId(`${letter}:0`)).toBe(event.id)
  })

  test('may be as little as an id: found by polling, it names no stage', () => {
    expect(read({ Lead: { Id: 7 } })).toMatchObject({ leadId: 7, stage: null })
    expect(read({ Lead: { Id: 7, Stage: 5 } })).toMatchObject({ stage: null })
  })

  test('may write its id as text', () => {
    expect(read({ Lead: { Id: '0123' } })).toMatchObject({ leadId: 123 })
  })

  test('that is not JSON is the fault of the line', () => {
    for (const text of ['', '{"Lead": {"Id": 1, "Sta', 'undefined', "{'Lead':1}"])
      expect(() => read(text), text).toThrow(expect.objectContaining({ code: 'line.invalid_json' }))
  })

  test('without a lead or an id is the fault of the line, whatever it holds instead', () => {
    const ids: unknown[] = [0, -1, 1.5, 1e21, '1e3', '0x10', ' 1', '', null, true, [5], { valueOf: 5 }, { toString: null }, '9'.repeat(16)]
    for (const body of [
      'null',
      '5',
      '"text"',
      '[]',
      '{}',
      '{"lead":{"Id":1}}',
      '{"Lead":null}',
      '{"Lead":[]}',
      '{"Lead":"1"}',
      '{"__proto__":{"Lead":{"Id":1}}}',
    ])
      expect(() => read(body), body).toThrow(expect.objectContaining({ code: 'line.without_lead' }))
    for (const Id of ids)
      expect(() => read({ Lead: { Id } }), JSON.stringify(Id)).toThrow(expect.objectContaining({ code: 'line.without_lead' }))
  })
})

test('an id of the CRM is a whole number above 0, or its text', () => {
  expect([1, '1', 999_999_999_999_999, '999999999999999'].map(crmId)).toEqual([1, 1, 999_999_999_999_999, 999_999_999_999_999])
  expect([0, '0', -5, Number.NaN, Number.POSITIVE_INFINITY, '１', '1.0', 1n, undefined].map(crmId)).toEqual(Array(9).fill(null))
})
