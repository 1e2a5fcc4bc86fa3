import { describe, expect, it } from 'vitest'
import fc from '../../../base/testing/fast-check.ts'
import { testSeed } from '../../../base/testing/random.ts'
import { compareTimes, idLiteral, instant, queryString, textLiteral, timeLiteral } from './odata.ts'

describe('a text in a filter', () => {
  it('has its quotes doubled', () => {
    expect(textLiteral("D'Ávila")).toBe("'D''Ávila'")
    expect(textLiteral("' or 1 eq 1 or cnpj eq '")).toBe("''' or 1 eq 1 or cnpj eq '''")
  })

  it('cannot leave its quotes, whatever it is', () => {
    const seed = testSeed()
    console.info(`odata seed ${seed}`)
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", '"', '\\', '%', '&', '#', '+', ' ', 'a', 'é', '$', '?', '/') }), (text) => {
        const url = new URL(`http://crm/v3/Leads${queryString({ filter: `cnpj eq ${textLiteral(text)}` })}`)
        expect([...url.searchParams.keys()]).toEqual(['$filter'])
        const literal = (url.searchParams.get('$filter') ?? '').slice('cnpj eq '.length)
        expect(literal).toMatch(/^'(?:[^']|'')*'$/)
        expect(literal.slice(1, -1).replaceAll("''", "'")).toBe(text)
      }),
      { seed, numRuns: 500 },
    )
  })

  it('with control characters is refused', () => {
    for (const text of ['a\nb', 'a\0', '\u0085'])
      expect(() => textLiteral(text)).toThrow(expect.objectContaining({ code: 'crm.bad_argument' }))
  })
})

describe('an id', () => {
  it.each([Number.NaN, 1.5, -1, 2 ** 53, Number.POSITIVE_INFINITY, '7 or 1 eq 1' as unknown as number])('is refused: %j', (id) =>
    expect(() => idLiteral(id)).toThrow(expect.objectContaining({ code: 'crm.bad_argument' })),
  )
  it('is digits', () => expect(idLiteral(12345678)).toBe('12345678'))
})

describe('a time', () => {
  it('is compared to the last digit and across offsets', () => {
    expect(compareTimes('2026-11-22T02:30:43.123456Z', '2026-11-22T02:30:43.123457Z')).toBeLessThan(0)
    expect(compareTimes('2026-11-22T02:30:43Z', '2026-11-22T02:30:43.000000Z')).toBe(0)
    expect(compareTimes('2026-11-22T02:30:43.5Z', '2026-11-22T02:30:43Z')).toBeGreaterThan(0)
    expect(compareTimes('2026-11-21T23:30:43.1-03:00', '2026-11-22T02:30:43.1Z')).toBe(0)
    expect(compareTimes('never', '2026-11-22T02:30:43Z')).toBeNaN()
  })

  it('keeps microseconds and its offset; without one it is UTC', () => {
    expect(timeLiteral('2026-11-22T02:30:43.123456Z')).toBe('2026-11-22T02:30:43.123456Z')
    expect(timeLiteral('2026-11-22T02:30:43')).toBe('2026-11-22T02:30:43Z')
    expect(timeLiteral('2026-11-22T02:30:43-03:00')).toBe('2026-11-22T02:30:43-03:00')
    expect(queryString({ filter: timeLiteral('2026-11-22T02:30:43+03:00') })).toContain('%2B03')
    expect(instant('2026-11-22T02:30:43')).toBe(Date.UTC(2026, 10, 22, 2, 30, 43))
  })
  it.each(['', 'yesterday', '2026-11-22', '2026-13-45T99:00:00Z', "2026-11-22T02:30:43Z or 'a' eq 'a'"])('is refused: %j', (time) =>
    expect(() => timeLiteral(time)).toThrow(expect.objectContaining({ code: 'crm.bad_argument' })),
  )
})
