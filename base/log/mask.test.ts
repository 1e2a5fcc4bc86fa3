import { describe, expect, it } from 'vitest'
import fc from '../testing/fast-check.ts'
import { testSeed } from '../testing/random.ts'
import { maskText } from './mask.ts'

const long = process.env.PONTE_TEST_LONG === '1'

describe('maskText hides', () => {
  const secrets: readonly (readonly [string, string, string])[] = [
    ['a printed CNPJ', '12.345.678/0001-95', '[taxid]'],
    ['a printed CNPJ without its hyphen', '12.345.678/000195', '[taxid]'],
    ['an alphanumeric CNPJ', '12.ABC.345/01DE-35', '[taxid]'],
    ['an alphanumeric CNPJ in small letters', '12.abc.345/01de-35', '[taxid]'],
    ['a bare alphanumeric CNPJ', '12ABC34501DE35', '[taxid]'],
    ['a bare CNPJ', '12345678000195', '[number]'],
    ['a printed CPF', '123.456.789-09', '[taxid]'],
    ['a bare CPF', '12345678909', '[number]'],
    ['digits of another script', '１２３４５６７８９０９', '[number]'],
    ['an e-mail', 'maria.silva+crm@sub.exemplo.com.br', '[email]'],
    ['an e-mail with accents', 'josé@açaí.com.br', '[email]'],
    ['an e-mail without a dot', 'root@localhost', '[email]'],
    ['a phone with country and area', '+55 (11) 98765-4321', '[phone]'],
    ['a phone with no-break spaces', '11\u00a098765\u00a04321', '[phone]'],
    ['a phone with a typographic dash', '(11) 3456\u20137890', '[phone]'],
    ['a phone without area', '98765-4321', '[phone]'],
    ['a bare phone', '5511987654321', '[number]'],
    ['a foreign phone', '+1 415 555 0132', '[phone]'],
    ['a UUID', '8F14E45F-ceea-467f-a0e6-1a2b3c4d5e6f', '[token]'],
    ['a hexadecimal token', 'd41d8cd98f00b204e9800998ecf8427e', '[token]'],
    ['a JSON web token', 'eyJhbGciOi.eyJzdWIi.c2ln', '[token]'],
    ['a webhook secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '[secret]'],
  ]
  it.each(secrets)('%s', (_name, secret, mark) => {
    expect(maskText(`before ${secret} after`)).toBe(`before ${mark} after`)
    expect(maskText(`{"x":"${secret}"}`)).toBe(`{"x":"${mark}"}`)
    expect(maskText(secret)).toBe(mark)
  })

  it.each([
    ['token_exact: s3cr-et', 'token_exact: [secret]'],
    ['{"password":"hunter 2"}', '{"password":"[secret] 2"}'],
    ['Authorization: Bearer abc.def', 'Authorization: [secret]'],
    ['sent with bearer abc.def.ghi', 'sent with bearer [secret]'],
    ['API_TOKEN=abc&x=1', 'API_TOKEN=[secret]&x=1'],
    ['senha = segredo', 'senha = [secret]'],
    ['postgres://ponte:p%40ss-w0rd@db:5432/erp', 'postgres://ponte:[secret]@db:5432/erp'],
  ])('what follows the name of a secret: %s', (text, masked) => expect(maskText(text)).toBe(masked))

  it('e-mails stuck together, and the dot that ends a sentence with them', () => {
    for (const glue of ['', '%', '+', '.', '-', "'", ',']) expect(maskText(`ana@x.com.br${glue}zoe@y.com`)).not.toContain('@')
    expect(maskText('sent to ana@x.com.br.')).toBe('sent to [email]')
  })

  it('several at once, and twice is the same as once', () => {
    const masked = maskText('ana@x.com.br 12.345.678/0001-95 (11) 98765-4321 8f14e45f-ceea-467f-a0e6-1a2b3c4d5e6f')
    expect(masked).toBe('[email] [taxid] [phone] [token]')
    expect(maskText(masked)).toBe(masked)
  })
})

describe('maskText leaves alone', () => {
  it.each([
    'lead 12345678 was updated',
    '2026-11-22 02:30:43.123 and 2026-11-22T02:30:43Z',
    'update_leads_in_crm_d41d8cd98f00b204e9800998ecf8427e_2026_11_22_02_30_43_123_0001.json',
    'connect ECONNREFUSED 127.0.0.1:35435',
    'page 12 of 34, 5678 rows, 1234 ms',
    'INTERNATIONAL12 is a word of fourteen characters without valid check digits',
    'no digit at all',
    'price @ 5',
    '',
  ])('%s', (text) => expect(maskText(text)).toBe(text))
})

describe('maskText on hostile text', () => {
  it.each([
    ['one letter', 'a'],
    ['one digit', '1'],
    ['at signs', '@'],
    ['half addresses', 'a@'],
    ['half numbers', '1-'],
    ['brackets', '(1) '],
    ['names of secrets', 'token='],
    ['half URLs', 'a://b:'],
    ['dotted words', 'a.'],
    ['lone surrogates', '\ud800'],
  ])('takes time in proportion to its length: a hundred thousand characters of %s', (_name, unit) => {
    const started = process.cpuUsage()
    maskText(`${unit.repeat(100_000 / unit.length)}1`)
    // Quadratic behaviour would take a minute. CPU time: the machine may be busy.
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1_000).toBeLessThan(2_000)
  })

  it('never throws, and leaves no e-mail and no ten digits in a row', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.emailAddress(),
      fc.uuid(),
      fc.stringMatching(/^[0-9]{8,16}$/),
      fc.constantFrom('+', '(', ')', '-', ' ', '/', '.', '@', 'token=', 'Bearer ', '://', '"'),
    )
    const seed = testSeed()
    console.info(`mask seed ${seed}`)
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const masked = maskText(pieces.join(''))
        const withoutHashes = masked.replace(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/gi, '')
        expect(withoutHashes).not.toMatch(/\p{Nd}{10}/u)
        expect(masked).not.toMatch(/[a-z0-9]@[a-z0-9]/i)
      }),
      { seed, numRuns: long ? 50_000 : 1_000 },
    )
  }, 600_000)
})
