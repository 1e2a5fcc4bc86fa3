import { describe, expect, it } from 'vitest'
import fc from '../base/testing/fast-check.ts'
import { cleanText } from '../base/text.ts'
import { textRows, withDuck } from './local/testing/duck.ts'
import { applyRule, type Rule, type Step } from './rules.ts'
import { literal, stagedSelect } from './rules-sql.ts'
import { hostileCell, hostileTexts } from './testing/hostile.ts'
import { runs, timeLimit } from './testing/runs.ts'

const text = fc.constantFrom('a', 'São', "d'", '\\', '|', '😀', '.', ' - ', '99', 'ISENTO', '\u00a0', '0', '\n', '$&')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>(
    { op: 'trim' },
    { op: 'upper' },
    { op: 'lower' },
    { op: 'unaccent' },
    { op: 'digits' },
    { op: 'alnum' },
    { op: 'dropZeroFraction' },
    { op: 'wholeNumber' },
    { op: 'phone' },
  ),
  fc.constantFrom<Step>({ op: 'remove', chars: '.-/^]\\' }, { op: 'remove', chars: '😀 ' }),
  fc.record({ op: fc.constant('replace' as const), from: text, to: fc.oneof(text, fc.constant('')) }),
  fc.record({ op: fc.constant('padLeft' as const), length: fc.integer({ min: 1, max: 20 }), fill: text }),
  fc.record({ op: fc.constant('truncate' as const), length: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ op: fc.constant('map' as const), from: fc.array(text, { minLength: 1, maxLength: 3 }), to: fc.oneof(text, fc.constant('')) }),
  fc.record({ op: fc.constant('oneOf' as const), values: fc.array(text, { minLength: 1, maxLength: 3 }), otherwise: text }),
  fc.record({ op: fc.constant('default' as const), value: text }),
)
const rule: fc.Arbitrary<Rule> = fc.array(step, { maxLength: 5 })

/** Numbers as people, spreadsheets and databases spell them, alone and several in one text. */
const number = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[0-9]{1,9}$/),
      fc.constantFrom(
        '.0',
        '.00',
        '.0000',
        '.',
        '-',
        ' ',
        '/',
        ' / ',
        ',',
        '(11) ',
        '+55 ',
        '000',
        '\n',
        ' ramal ',
        '\u00a0',
        '–',
        'E3',
        'Nº ',
      ),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''))

/** The rule by the engine's SQL over `values`, in order. */
function bySql(values: readonly (string | null)[], use: Rule): Promise<(string | null)[]> {
  return withDuck(async (connection) => {
    // Frames drop these on the way in (frame.test.ts).
    const rows = values.map((value, index) => `(${index}, ${value === null ? 'null' : literal(cleanText(value))})`)
    const from = `(select i, nullif(v, '') as v from (values ${rows.join(', ')}) t(i, v))`
    return (await textRows(connection, `select v from (${stagedSelect([{ from: 'v', rule: use, as: 'v' }], ['i'], from)}) order by i`)).map(
      ([v]) => v!,
    )
  })
}

describe('rules', () => {
  it(
    'give the same in TypeScript and in SQL for hostile texts and random rules',
    async () => {
      await fc.assert(
        fc.asyncProperty(rule, fc.array(fc.oneof(hostileCell, number), { minLength: 1, maxLength: 40 }), async (use, cells) => {
          const values = [...cells, '', ...hostileTexts]
          expect(await bySql(values, use)).toEqual(values.map((value) => applyRule(use, value)))
        }),
        { numRuns: runs(150, 5000) },
      )
    },
    timeLimit,
  )

  it(
    'of numbers give the same in TypeScript and in SQL however a number is spelled, and twice is once',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(number, { minLength: 40, maxLength: 80 }), async (values) => {
          for (const op of ['dropZeroFraction', 'wholeNumber', 'phone'] as const) {
            const mine = values.map((value) => applyRule([{ op }], value))
            expect(await bySql(values, [{ op }])).toEqual(mine)
            if (op !== 'dropZeroFraction') expect(mine.map((value) => applyRule([{ op }], value))).toEqual(mine)
          }
        }),
        { numRuns: runs(30, 1000) },
      )
    },
    timeLimit,
  )

  it.each(['trim', 'upper', 'lower', 'unaccent', 'digits', 'alnum'] as const)(
    '%s gives the same for every character of Unicode',
    async (op) => {
      const use: Rule = [{ op }]
      const characters = `select i, concat('x', chr(i::integer)) as v from range(1, 1114112) t(i) where i not between 55296 and 57343 and (i in (9, 10) or i >= 32) and (i < 12288 or i % ${runs(97, 1)} = 0)`
      const rows = await withDuck((connection) =>
        textRows(connection, `select i::varchar, v from (${stagedSelect([{ from: 'v', rule: use, as: 'v' }], ['i'], `(${characters})`)})`),
      )
      expect(rows.length).toBeGreaterThan(runs(23_000, 1_112_062))
      const wrong = rows.filter(([code, value]) => value !== applyRule(use, `x${String.fromCodePoint(Number(code))}`))
      expect(wrong).toEqual([])
    },
    timeLimit,
  )

  it('keep what leads and contacts ask for', () => {
    expect(applyRule([{ op: 'alnum' }, { op: 'padLeft', length: 14, fill: '0' }], '1.222.333/0001-81')).toBe('01222333000181')
    expect(applyRule([{ op: 'padLeft', length: 3, fill: '0' }], '12345')).toBe('12345')
    expect(applyRule([{ op: 'unaccent' }, { op: 'upper' }], 'Conceição do Araguaia')).toBe('CONCEICAO DO ARAGUAIA')
    expect(applyRule([{ op: 'trim' }], '\u00a0Vendidos \u00a0')).toBe('Vendidos')
    expect(
      applyRule(
        [{ op: 'remove', chars: '.-' }, { op: 'trim' }, { op: 'map', from: ['ISENTO', '0'], to: '99' }, { op: 'default', value: '99' }],
        ' - ',
      ),
    ).toBe('99')
    expect(applyRule([{ op: 'truncate', length: 2 }], '😀😀😀')).toBe('😀😀')
  })

  it.each<[Step['op'] & ('dropZeroFraction' | 'wholeNumber' | 'phone'), string, string | null]>([
    ['dropZeroFraction', '20.040-020', '20.040-020'],
    ['dropZeroFraction', '01310100.0', '01310100'],
    ['dropZeroFraction', '01310100.000', '01310100'],
    ['dropZeroFraction', '01310.000', '01310.000'],
    ['dropZeroFraction', '10.00', '10'],
    ['wholeNumber', '12.0', '12'],
    ['wholeNumber', '12.000', '12'],
    ['wholeNumber', '0012', '12'],
    ['wholeNumber', '000', '0'],
    ['wholeNumber', '.5', '0'],
    ['wholeNumber', '-.5', '0'],
    ['wholeNumber', '0.5', '0'],
    ['wholeNumber', '5.', '5'],
    ['wholeNumber', '10.07', '10'],
    ['wholeNumber', '1.234', '1234'],
    ['wholeNumber', '11/2', '11'],
    ['wholeNumber', '123A', '123'],
    ['wholeNumber', 'Nº.12, fundos 3', '12'],
    ['wholeNumber', 'SN', null],
    ['phone', '(11) 98765-4321', '11987654321'],
    ['phone', '11987654321.0', '11987654321'],
    ['phone', '(11) 4002.0922', '1140020922'],
    ['phone', '(11) 4002.0000', '1140020000'],
    ['phone', '(11) 98765-4321 / 3333-4444', '11987654321'],
    ['phone', '(11) 98765-4321 3333-4444', '11987654321'],
    ['phone', '3333-4444;99999-8888', '33334444'],
    ['phone', '(11) 3333-4444 ramal 22', '1133334444'],
    ['phone', '(11) 3333-4444 (11) 98765-4321', '1133334444'],
    ['phone', '11/3333-4444', '1133334444'],
    ['phone', '+55 (11) 98765 4321', '5511987654321'],
    ['phone', '11987654321\n1133334444', '11987654321'],
    ['phone', '1133334444.0 / 11987654321.0', '1133334444'],
    ['phone', '0800 123 4567', '08001234567'],
    ['phone', '190', '190'],
    ['phone', 'não tem', null],
  ])('%s makes %j into %j', async (op, given, expected) => {
    expect(applyRule([{ op }], given)).toBe(expected)
  })

  it('leave alone the letters on which libraries disagree', () => {
    expect(applyRule([{ op: 'upper' }], 'ß ı ŉ ſ é')).toBe('ß ı ŉ ſ É')
    expect(applyRule([{ op: 'lower' }], 'İ É')).toBe('İ é')
  })

  it('never pad an empty value into zeros', async () => {
    const taxId: Rule = [{ op: 'digits' }, { op: 'padLeft', length: 14, fill: '0' }]
    expect(applyRule(taxId, 'n/a')).toBeNull()
    expect(await bySql(['n/a'], taxId)).toEqual([null])
  })

  it.each<Step>([
    { op: 'replace', from: '', to: 'x' },
    { op: 'truncate', length: 0 },
    { op: 'padLeft', length: 3, fill: '' },
    { op: 'default', value: '' },
  ])('refuse a senseless step: %j', (bad) => {
    expect(() => applyRule([bad], 'x')).toThrow(expect.objectContaining({ code: 'engine.bad_rule' }))
    expect(() => stagedSelect([{ from: 'v', rule: [bad], as: 'v' }], [], 't')).toThrow(expect.objectContaining({ code: 'engine.bad_rule' }))
  })
})
