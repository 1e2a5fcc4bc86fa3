import { expect, test } from 'vitest'
import { sentence } from './error-text.ts'

test.each([
  ['the disk is full', 'The disk is full.'],
  ['ponte runs lists them', 'ponte runs lists them.'],
  ['npm ci installs it', 'npm ci installs it.'],
  ['MYSQL_URL looks like this:\n  x', 'MYSQL_URL looks like this:\n  x'],
])('a hint is a sentence, and a command that it begins with stays as it is typed: %s', (hint, shown) => {
  expect(sentence(hint)).toBe(shown)
})
