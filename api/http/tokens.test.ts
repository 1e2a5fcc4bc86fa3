/** Tokens of the state database: found, revoked within seconds, and never asked for more often than needed. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../base/log/log.ts'
import { addToken, listTokens, revokeToken } from '../../connectors/state/people/tokens.ts'
import { openStateBed, type StateBed } from '../../connectors/state/testing/state.ts'
import { createTokenBook, secretTest } from './tokens.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const log = createLog({ name: 'test', level: 'silent' })

let bed: StateBed
beforeAll(async () => {
  bed = await openStateBed()
})
afterAll(() => bed.close())

test('a token that was added is found; revoked, it is refused within seconds, and its name is not used again', async () => {
  expect(await addToken(bed.pool, 'crm', 'webhook', sha256('one'))).toBe(true)
  expect(await addToken(bed.pool, 'crm', 'read', sha256('two'))).toBe(false)
  const book = createTokenBook({ tokens: [] }, bed.pool, log)
  expect(await book.find('one')).toMatchObject({ name: 'crm', scope: 'webhook' })
  expect(await book.find('two')).toBeNull()
  expect(await revokeToken(bed.pool, 'crm')).toBe(true)
  expect(await revokeToken(bed.pool, 'crm')).toBe(false)
  await sleep(5_100)
  expect(await book.find('one')).toBeNull()
  expect(await addToken(bed.pool, 'crm', 'webhook', sha256('three'))).toBe(false)
  expect(await listTokens(bed.pool)).toMatchObject([{ name: 'crm', scope: 'webhook', revokedAt: expect.any(Date) }])
})

test('tokens of the settings are known without the database', () => {
  const book = createTokenBook({ tokens: [{ name: 'a', scope: 'read', sha256: sha256('one') }] }, {} as pg.Pool, log)
  expect(book.find('one')).toMatchObject({ name: 'a', scope: 'read' })
})

test('a flood of unknown tokens asks the database once', async () => {
  let asked = 0
  const pool = {
    query: async () => {
      asked += 1
      await sleep(20)
      return { rows: [] }
    },
  } as unknown as pg.Pool
  const book = createTokenBook({ tokens: [] }, pool, log)
  await Promise.all(Array.from({ length: 500 }, (_, n) => book.find(`guess ${n}`)))
  await Promise.all(Array.from({ length: 500 }, (_, n) => book.find(`guess again ${n}`)))
  expect(asked).toBe(1)
})

test('a secret is known by its hash alone', () => {
  const isSecret = secretTest([sha256('a'), sha256('b')])
  expect([isSecret('a'), isSecret('b'), isSecret('c'), isSecret(''), isSecret(sha256('a'))]).toEqual([true, true, false, false, false])
})
