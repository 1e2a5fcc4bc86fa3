import { expect, test } from 'vitest'
import { cleanText, jsonText, withoutNul } from './text.ts'

test.each([
  ['Jo\0ao', 'Joao'],
  ['a\tb\nc\r\nd\x1b[2J\x7f', 'a\tb\nc\nd[2J\x7f'],
  ['\ud800a\udc00', 'a'],
  ['😀 São João \u0085\ufeff', '😀 São João \u0085\ufeff'],
  ['\0', ''],
])('%j becomes %j', (given, clean) => {
  expect(cleanText(given)).toBe(clean)
})

test('JSON holds clean texts at any depth, and everything else as it is', () => {
  expect(jsonText({ a: ['x\0', 1, null, { b: '\ud83d' }] })).toBe('{"a":["x",1,null,{"b":""}]}')
})

test('a parameter loses U+0000, alone or in a list, and nothing else', () => {
  const bytes = Buffer.from('a\0')
  expect(['a\0b\x01', ['\0', null, 7], null, 7, bytes].map(withoutNul)).toEqual(['ab\x01', ['', null, 7], null, 7, bytes])
})
