import { describe, expect, it } from 'vitest'
import { jsonLine } from './json-line.ts'
import type { Column } from './model.ts'
import { changeOf, normaliseRow } from './record.ts'

const columns: readonly Column[] = [
  { name: 'ID', rule: [{ op: 'trim' }] },
  { name: 'NAME', rule: [{ op: 'trim' }], compare: [{ op: 'unaccent' }, { op: 'upper' }] },
  { name: 'NOTE', rule: [], compare: false },
]
const spec = { entity: 'leads.update', columns, key: ['ID'] }

describe('a single record', () => {
  it('is normalised by the rules, without names that are no column and with nulls for those missing', () => {
    expect(normaliseRow(columns, { ID: ' 7 ', NAME: '', OTHER: 'x' })).toEqual({ ID: '7', NAME: null, NOTE: null })
  })

  it('keeps its hash when only case, accents or carried columns differ, and sends the value as written', () => {
    const one = changeOf(spec, { ID: '7', NAME: 'Conceição', NOTE: 'a' })
    const other = changeOf(spec, { ID: '7 ', NAME: 'CONCEICAO', NOTE: 'b' })
    expect(other.hash).toBe(one.hash)
    expect(one).toMatchObject({ key: '7', row: { NAME: 'Conceição', NOTE: 'a' } })
    expect(changeOf(spec, { ID: '7', NAME: null, NOTE: 'a' }).hash).not.toBe(one.hash)
  })

  it('without a key cannot be a change, and the error holds no value of it', () => {
    expect(() => changeOf(spec, { ID: ' ', NAME: 'Ana' })).toThrow(
      expect.objectContaining({ code: 'engine.keyless', message: expect.not.stringContaining('Ana') }),
    )
  })
})

describe('a queue line', () => {
  it('is one line of JSON, keys in upper case, nulls explicit, meta first', () => {
    const line = jsonLine({ ID: '7', name: 'a\n"b"\u2028', PHONE: null }, { run: 'r1', sequence: 3 })
    expect(line).toBe('{"RUN":"r1","SEQUENCE":3,"ID":"7","NAME":"a\\n\\"b\\"\u2028","PHONE":null}')
    expect(line).not.toContain('\n')
  })

  it('keeps long numbers as text, to the digit', () => {
    expect(jsonLine({ TAXID: '00123456789012345678', VALUE: '1.10' })).toBe('{"TAXID":"00123456789012345678","VALUE":"1.10"}')
  })
})
