/** What a terminal would obey is written out, and nothing else is touched. */
import { expect, test } from 'vitest'
import { visible, visibleJson, visibleValue } from './visible.ts'

const hostile = [
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u009b31m',
  'a\rb',
  'a\0b',
  '\u007f',
  '\u202egnp.exe',
  '\u2066x\u2069',
  '\u200f',
  '\u061c',
  '\u2028',
  '\u0085',
]
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

test.each(hostile)('%j does nothing to a terminal', (text) => {
  for (const shown of [visible(text), visibleValue(text), visibleJson(JSON.stringify({ [text]: text }))]) expect(shown).not.toMatch(obeyed)
  expect(JSON.parse(visibleJson(JSON.stringify({ [text]: text }, null, '\t')))).toEqual({ [text]: text })
})

test('it can be read what was there', () => {
  expect(visible('\u001b[2J\u202eabc\0')).toBe('\\x1b[2J\\u202eabc\\x00')
})

test('line feeds and tabs shape our own texts; inside a value they are written out', () => {
  expect(visible('a\n\tb')).toBe('a\n\tb')
  expect(visibleValue('a\r\n\tb')).toBe('a\\r\\n\\tb')
})

test.each(['Ação & São João', '👩‍👩‍👧 é', '│ ≠ … → ░', 'שלום', 'مرحبا', 'C:\\x1b'])('%s stays as it is', (text) => {
  expect([visible(text), visibleValue(text), visibleJson(text)]).toEqual([text, text, text])
})
