/** Rows as real databases and real people hold them at their worst. A seed gives the same rows again. */
import fc from '../../base/testing/fast-check.ts'

/** One character of every general category of Unicode that a database can hold, and what text handling trips over. */
const characters = [
  ...'aZ0 .-/\'"\\%_|$&;,(<{[@#', ...'çÃǅʰ中', ...'\u0301\u0903\u20dd', ...'٣Ⅷ²', ...'‿–（）«»…', ...'+€^°', '\u00a0', '\u2028', '\u2029', '\u3000', '\t', '\n', '\r', '\x01', '\x07', '\x1b[2J',
  '\x7f', '\u0085', '\u200b', '\u202e', '\ufeff', '\ue000', '\ufffd', '\ufffe', '😀', '👩‍👩‍👧', 'ß', 'İ', 'ﬁ',
] // biome-ignore format: a table
const text = (longest: number) =>
  fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...characters) },
        fc.constantFrom('Padaria ', 'São João ', "d'Ávila ", '<b>', '; drop table leads; --'),
      ),
      {
        minLength: 1,
        maxLength: longest,
      },
    )
    .map((parts) => Array.from(parts.join('')).slice(0, longest).join(''))
const oversized = (length: number) =>
  fc.constantFrom('é', '😀', 'x ').map((unit) => Array.from(unit.repeat(length)).slice(0, length).join(''))
const digits = (longest: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${longest}}$`))
const spelledNumber = fc.oneof(
  digits(9),
  fc.constantFrom(
    '.5',
    '0.5',
    '-.5',
    '5.',
    '1E3',
    '00.50',
    '-0',
    '+7',
    '1.234',
    '12.000',
    '11/2',
    'SN',
    'Km 12',
    '٣',
    '²',
    '1,5',
    'NaN',
    'Infinity',
    '0x1F',
    '98765432101',
    '99999999999999999999',
  ),
)
const phone = fc.oneof(
  digits(20),
  fc.constantFrom(
    '(11) 98765-4321 / 3333-4444',
    '11987654321.0',
    '(11) 4002.0000',
    'não tem',
    '+55 (11) 98765 4321',
    '11\t3333-4444',
    '5500000000',
    '(11) 3333-4444 ramal 22',
  ),
)
const zip = fc.oneof(digits(10), fc.constantFrom('20.040-020', '1310100.0', '01310-100', 'sem CEP', '0', '.0'))
const registration = fc.oneof(digits(15), fc.constantFrom('ISENTO', 'isento', '99', '110.042.490-114', 'pendente', '110.0', ' ', 'PR-123'))
const day = fc
  .tuple(fc.constantFrom(1, 99, 1582, 1899, 1970, 2026, 2099, 9998), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }))
  .map(([year, month, at]) => `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(at).padStart(2, '0')} 00:00:00`)
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { freq: 6 })
/** In a column of the ERP no text is longer than the column. */
const column = (length: number) => fc.oneof({ weight: 5, arbitrary: text(length) }, { weight: 1, arbitrary: oversized(length) })
/** The CRM has no such limits. */
const free = (length: number) => fc.oneof({ weight: 5, arbitrary: text(length) }, { weight: 1, arbitrary: oversized(5000) })
const email = fc.oneof(
  text(20),
  fc.constantFrom('a@example.com', ' A@Example.COM ', 'a@example.com; b@example.com', 'x\x01@example.com', 'sem', '@', 'ação@example.com'),
)

const erpRow = fc.record({
  name: column(100),
  street: maybe(column(200)),
  number: maybe(fc.constantFrom(0, -5, 7, 2_147_483_647)),
  district: maybe(column(50)),
  complement: maybe(column(200)),
  zip: maybe(zip),
  rep: maybe(fc.constantFrom(0, 7, 99, -1, 999_999_999_999)),
  phone: maybe(phone.map((given) => given.slice(0, 30))),
  registration: maybe(registration.map((given) => given.slice(0, 20))),
  analysis: maybe(column(200)),
  analysed: day,
  contact: maybe(column(60)),
  email: maybe(email),
  title: maybe(column(60)),
})
const crmRow = fc.record({
  name: free(100),
  street: maybe(free(200)),
  number: maybe(spelledNumber),
  district: maybe(free(50)),
  complement: maybe(free(200)),
  cep: maybe(zip),
  city: maybe(free(50)),
  phone: maybe(phone),
  industry: maybe(free(60)),
  source: maybe(free(60)),
  code: maybe(spelledNumber),
  rep: maybe(spelledNumber),
  registration: maybe(fc.oneof(registration, free(30))),
  analysis: maybe(free(200)),
  contact: free(60),
  email: maybe(fc.oneof(email, oversized(5000))),
  title: maybe(free(60)),
})
export type ErpRow = typeof erpRow extends fc.Arbitrary<infer Row> ? Row : never
export type CrmRow = typeof crmRow extends fc.Arbitrary<infer Row> ? Row : never

export const hostileErpRows = (count: number, seed: number): ErpRow[] => fc.sample(erpRow, { numRuns: count, seed })
export const hostileCrmRows = (count: number, seed: number): CrmRow[] => fc.sample(crmRow, { numRuns: count, seed })

/**
 * The tax id of row n, spelled in many ways: alphanumeric or with zeros in front, with marks or without. Rows n and n + 1 look alike, but none
 * is another's.
 */
export function taxIdOf(n: number): string {
  const tail = String(n).padStart(4, '0')
  return [
    `00.000.000/${tail}-91`,
    `${n}91`.padStart(14, '0').replace('0', 'O'),
    `12abc345${tail}35`,
    ` 12.ABD.345/${tail}-35`,
    `12ABE345${tail}35\x01`,
  ][n % 5]!
}
