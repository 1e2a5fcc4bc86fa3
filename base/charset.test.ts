import { expect, test } from 'vitest'
import { httpText } from './charset.ts'

const latin1 = Buffer.from('{"name":"João Conceição"}', 'latin1')
const utf8 = Buffer.from('{"name":"João Conceição"}')

test.each([
  ['UTF-8, nothing declared', utf8, null],
  ['UTF-8, ISO-8859-1 declared by a careless server', utf8, 'application/json; charset=ISO-8859-1'],
  ['ISO-8859-1 as declared', latin1, 'application/json;charset=iso-8859-1'],
  ['Windows-1252 as declared, quoted', latin1, 'application/json; odata=x; Charset="windows-1252"'],
  ['UTF-16 as declared', Buffer.from('\uFEFF{"name":"João Conceição"}', 'utf16le'), 'application/json; charset=utf-16le'],
])('reads %s', (_name, bytes, contentType) => {
  expect(httpText(bytes, contentType)).toBe('{"name":"João Conceição"}')
})

test.each([
  ['nothing declared', latin1, 'application/json'],
  ['no header', latin1, undefined],
  ['UTF-8 declared', latin1, 'application/json; charset=utf-8'],
  ['an unknown charset', latin1, 'application/json; charset=latin-9000'],
])('reads no ISO-8859-1 with %s', (_name, bytes, contentType) => {
  expect(httpText(bytes, contentType)).toBeNull()
})
