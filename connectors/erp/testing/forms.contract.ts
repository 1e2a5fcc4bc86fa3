/** The forms in which a database compares texts, phones and zip codes are those of the engine's rules, as a suite for every dialect. */

import { expect, test } from 'vitest'
import fc from '../../../base/testing/fast-check.ts'
import { applyRule, type Rule } from '../../../engine/rules.ts'
import type { ErpHarness } from './contract/contract-harness.ts'

const text: Rule = [{ op: 'replace', from: '\u00a0', to: ' ' }, { op: 'trim' }]
const phone: Rule = [...text, { op: 'phone' }, { op: 'truncate', length: 13 }, { op: 'map', from: ['5500000000'], to: '' }]
const forms: Readonly<Record<string, Rule>> = {
  tidy: text,
  email_key: [...text, { op: 'lower' }],
  zipcode_key: [...text, { op: 'dropZeroFraction' }, { op: 'digits' }, { op: 'padLeft', length: 8, fill: '0' }],
  phone_key: phone,
}

const written = [
  '(11) 98765-4321 / 3333-4444', '(11) 98765-4321 3333-4444', '11987654321.0', '(11) 4002.0922', '806601.00 / .0', 'ção947315–.00#', '(11) 4002.0000', '11/3333-4444', '3333-4444', '190', '5500000000',
  '20.040-020', '01310100.0', '1310100.00', '01310100.000', '01310.000', '01310100.0\x07', '01310100.0 \n', '01310-100 / 04567-000', '0', '000', '.0', '1.0.0', 'não tem', '\x01', ' \t x\x02y \n', '\u00a0',
] // biome-ignore format: a table
const parts = [
  '.0',
  '.00',
  '.0000',
  '.',
  '-',
  ' ',
  '/',
  ' / ',
  ',',
  ';',
  '(11) ',
  '+55 ',
  ' ramal ',
  '\u00a0',
  '–',
  '#',
  'a',
  'ção',
  '\t',
  '\x07',
  '😀',
  "d'",
]
const spelled = fc.array(fc.oneof(fc.stringMatching(/^[0-9]{1,9}$/), fc.constantFrom(...parts)), { minLength: 1, maxLength: 8 })

/** Inside a `describe`. @param it is open when the test runs */
export function testForms(it: () => Pick<ErpHarness, 'sql'>): void {
  test.each(Object.entries(forms))('%s gives what the rule gives, however a value is spelled', async (form, rule) => {
    const values = [...written, ...fc.sample(spelled, 300).map((some) => some.join(''))]
    const rows = values.map((value, at) => `select ${at} as at_, ${form}('${value.replaceAll("'", "''")}') as v from (select 1 as one) t`)
    const given = await it().sql(`select * from (${rows.join(' union all ')}) u order by at_`)
    expect(values.map((value, at) => [value, given[at]!.v])).toEqual(values.map((value) => [value, applyRule(rule, value)]))
  })

  // MariaDB once wrote the no-break space of a generated column down as other characters than it was given.
  test('what a contact is found by is its e-mail in that form, blanks of every kind seen', async () => {
    const emails = ['\u00a0Ana@Example.com\u00a0', 'A\u00a0B', 'a\x07b ', '\tSão@Example.com\n', '\u00a0']
    for (const [at, email] of emails.entries())
      await it().sql(`insert into contact (code, name, email) values (${990_000 + at}, 'x', '${email}')`)
    const key = (await it().sql(`select * from contact where code = 990000`))[0]!.email_key === undefined ? 'email_key(email)' : 'email_key'
    const found = await it().sql(`select code, ${key} as k from contact where code >= 990000 order by code`)
    await it().sql('delete from contact where code >= 990000')
    expect(found.map(({ k }) => k)).toEqual(emails.map((email) => applyRule(forms.email_key!, email)))
  })
}
