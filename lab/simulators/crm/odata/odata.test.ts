import { describe, expect, it } from 'vitest'
import fc from '../../../../base/testing/fast-check.ts'
import { compileFilter } from './filter.ts'
import { properties, QueryRefused } from './properties.ts'
import { parseQuery } from './query.ts'

interface Row {
  readonly id: number
  readonly name: string | null
  readonly at: string
}
const rows: readonly Row[] = [
  { id: 1, name: "d'Água", at: '2026-01-01T00:00:00.000000Z' },
  { id: 2, name: 'Beta', at: '2026-01-01T00:00:00.000001Z' },
  { id: 3, name: null, at: '2026-06-30T12:00:00.500000Z' },
]
const row = properties<Row>({
  id: ['number', ({ id }) => id],
  name: ['text', ({ name }) => name],
  at: ['date', ({ at }) => at],
  'owner/name': ['text', ({ name }) => name],
})
const ids = (filter: string) => rows.filter(compileFilter(filter, row).matches).map(({ id }) => id)

describe('$filter', () => {
  it.each<[string, number[]]>([
    ['id eq 2', [2]],
    ['Id eq 2', [2]],
    ['2 eq id', [2]],
    ['id ne 2', [1, 3]],
    ['id gt 1 and id le 3', [2, 3]],
    ['id lt 2 or id ge 3', [1, 3]],
    ['id eq 1 or id eq 2 and id eq 3', [1]],
    ['(id eq 1 or id eq 2) and id ge 2', [2]],
    ['not (id eq 1)', [2, 3]],
    ['not not (id eq 1)', [1]],
    ['((((id eq -1))))', []],
    ["name eq 'd''Água'", [1]],
    ["owner/name eq 'Beta'", [2]],
    ["name eq 'id eq 1 or 1 eq 1'", []],
    ['name eq null', [3]],
    ['name ne null', [1, 2]],
    ["name ne 'Beta'", [1, 3]],
    ["name gt 'A'", [1, 2]],
    ["contains(name, 'et')", [2]],
    ["startswith(name,'d''')", [1]],
    ["endswith(tolower(name),'A')", []],
    ["endswith(tolower(name),'a')", [1, 2]],
    ["not contains(name,'et')", [1]],
    ['at gt 2026-01-01T00:00:00Z', [2, 3]],
    ['at ge 2026-01-01T00:00:00.000001Z', [2, 3]],
    ['at eq 2025-12-31T21:00:00-03:00', [1]],
    ['at lt 2026-06-30', [1, 2]],
    ['at ge 2026-06-30T12:00Z and at le 2026-06-30T12:00:00.5000009Z', [3]],
    ['id eq 1e0', [1]],
    ['true eq true', [1, 2, 3]],
  ])('%s finds %j', (filter, expected) => {
    expect(ids(filter)).toEqual(expected)
  })

  it.each([
    '',
    'id',
    'id eq',
    'eq 1',
    'id == 1',
    'id eq 1 and',
    'id eq 1 id eq 2',
    '(id eq 1',
    'id eq 1)',
    "name eq 'open",
    'nothing eq 1',
    "id eq '1'",
    "at ge '2026-01-01'",
    'name eq 5',
    'at eq 2026-02-30T00:00:00Z',
    'at eq 2026-13-01',
    "substringof('a',name)",
    'contains(name)',
    'contains(id, 1)',
    "constructor('a')",
    'id eq 1; drop',
    'name',
    "'a' and 'b'",
    `${'('.repeat(200)}id eq 1${')'.repeat(200)}`,
  ])('refuses %s', (filter) => {
    expect(() => compileFilter(filter, row)).toThrow(QueryRefused)
  })

  it('reads any text back from its quoted form, and nothing out of it', () => {
    const texts = fc.array(fc.oneof(fc.constant("'"), fc.string({ unit: 'binary', maxLength: 5 }))).map((parts) => parts.join(''))
    const numRuns = process.env.PONTE_TEST_LONG === '1' ? 20_000 : 500
    fc.assert(
      fc.property(texts, (text) => {
        const { matches } = compileFilter(`name eq '${text.replaceAll("'", "''")}'`, row)
        return matches({ ...rows[0]!, name: text }) && !matches({ ...rows[0]!, name: `${text}x` })
      }),
      { numRuns },
    )
  })

  it('gives conditions the values that JavaScript gives the same expression', () => {
    interface Both {
      readonly text: string
      readonly truth: (id: number) => boolean
    }
    const { both } = fc.letrec<{ both: Both; leaf: Both }>((tie) => ({
      leaf: fc.integer({ min: -3, max: 3 }).map((n) => ({ text: `id le ${n}`, truth: (id: number) => id <= n })),
      both: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc
          .tuple(tie('both'), tie('both'))
          .map(([a, b]) => ({ text: `(${a.text}) and ${b.text}`, truth: (id: number) => a.truth(id) && b.truth(id) })),
        fc
          .tuple(tie('both'), tie('both'))
          .map(([a, b]) => ({ text: `((${a.text}) or (${b.text}))`, truth: (id: number) => a.truth(id) || b.truth(id) })),
        tie('both').map((a) => ({ text: `not (${a.text})`, truth: (id: number) => !a.truth(id) })),
      ),
    }))
    fc.assert(
      // Parentheses around every second operand keep `and` from taking part of an `or`.
      fc.property(
        both,
        fc.integer({ min: -4, max: 4 }),
        ({ text, truth }, id) => compileFilter(text, row).matches({ ...rows[0]!, id }) === truth(id),
      ),
      { numRuns: process.env.PONTE_TEST_LONG === '1' ? 20_000 : 500 },
    )
  })
})

describe('query options', () => {
  it.each([
    '$skip=-1',
    '$skip=x',
    '$top=1.5',
    '$count=yes',
    '$skip=1&$SKIP=2',
    '$expand=lead',
    '$orderby=nothing',
    '$orderby=id up',
    '$filter=',
  ])('refuses %s', (text) => {
    expect(() => parseQuery(new URLSearchParams(text), { properties: row })).toThrow(QueryRefused)
  })

  it('leaves parameters without a dollar sign alone', () => {
    expect(parseQuery(new URLSearchParams('productId=1&skip=-1'), { properties: row }).skip).toBe(0)
  })
})
