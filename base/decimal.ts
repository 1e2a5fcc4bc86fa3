/** Decimal numbers as text. Never through a floating point number: amounts have more digits than it holds. */

/**
 * The one form of a decimal: 0.5 for .5, 00.50 and 5E-1; 5 for 5. and 5.0; 1000 for 1E3; 0 for -0.0. Databases and the CRM spell
 * the same number apart. Text that is no decimal, or one of more than 100 places, comes back as it is, without blanks at its ends.
 */
export function plainDecimal(text: string): string {
  const given = text.trim()
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(given)
  if (parts === null) return given
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  if (whole + fraction === '') return given
  const point = whole.length + Number(exponent)
  if (point > 100 || fraction.length - Number(exponent) > 100) return given
  const digits = whole + fraction
  const before =
    digits
      .slice(0, Math.max(point, 0))
      .padEnd(point, '0')
      .replace(/^0+(?=\d)/, '') || '0'
  const after = (point < 0 ? '0'.repeat(-point) + digits : digits.slice(point)).replace(/0+$/, '')
  const plain = after === '' ? before : `${before}.${after}`
  return sign === '-' && plain !== '0' ? `-${plain}` : plain
}
