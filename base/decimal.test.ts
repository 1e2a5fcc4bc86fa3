import { expect, test } from 'vitest'
import { plainDecimal } from './decimal.ts'
import fc from './testing/fast-check.ts'

test.each([
  ['.5', '0.5'],
  ['0.5', '0.5'],
  ['00.50', '0.5'],
  ['+0.500', '0.5'],
  ['-.5', '-0.5'],
  ['5.', '5'],
  ['5.0', '5'],
  ['1E3', '1000'],
  ['1.5e+2', '150'],
  ['1.25E1', '12.5'],
  ['5E-3', '0.005'],
  ['12E-1', '1.2'],
  ['-0.00', '0'],
  ['000', '0'],
  ['100', '100'],
  [' 010.000 ', '10'],
  ['123456789012345678.123456', '123456789012345678.123456'],
  ['.', '.'],
  ['', ''],
  ['1,5', '1,5'],
  ['1E999', '1E999'],
  ['E5', 'E5'],
])('%s is written %s', (given, plain) => {
  expect(plainDecimal(given)).toBe(plain)
})

test('however a number is spelled, its form is the same, and it is the same number', () => {
  const digits = fc.stringMatching(/^\d{0,12}$/)
  fc.assert(
    fc.property(digits, digits, fc.integer({ min: -9, max: 9 }), (whole, fraction, exponent) => {
      fc.pre(whole + fraction !== '')
      const plain = plainDecimal(`${whole}.${fraction}E${exponent}`)
      expect(plainDecimal(plain)).toBe(plain)
      expect(plainDecimal(`0${whole}.${fraction}0e${exponent}`)).toBe(plain)
      expect(plain).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/)
      expect(Number(plain)).toBe(Number(`${whole}.${fraction}E${exponent}`))
    }),
  )
})
