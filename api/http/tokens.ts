/** Which tokens are good: those of the settings, and those of the state database, looked at again every few seconds. */
import { hash, timingSafeEqual } from 'node:crypto'
import type pg from 'pg'
import type { Logger } from 'pino'
import { within } from '../../base/within.ts'
import { validTokens } from '../../connectors/state/people/tokens.ts'
import type { ApiSettings } from '../deps.ts'
import type { Caller } from './types.ts'

/** A revoked token works this long at most, and the database is asked this often at most, whoever knocks. */
const TTL_MS = 5_000
const PATIENCE_MS = 2_000

interface Known extends Caller {
  readonly hash: Buffer
}

export interface TokenBook {
  /** Whose token this is; null when nobody's. The answer for a token of the settings is there at once. */
  find(token: string): Caller | null | Promise<Caller | null>
}

/** When the state database is away, the tokens that were good last time stay so. */
export function createTokenBook(settings: Pick<ApiSettings, 'tokens'>, state: pg.Pool, log: Logger): TokenBook {
  const fixed = settings.tokens.map(known)
  let stored: readonly Known[] = []
  let asOf = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null

  const refresh = async () => {
    try {
      stored = (await within(PATIENCE_MS, validTokens(state))).map(known)
    } catch (err) {
      log.warn({ err }, 'the tokens in the state database cannot be read: those known so far stay good')
    }
    asOf = performance.now()
    asking = null
  }
  return {
    find(token) {
      const hash = digest(token)
      const mine = match(fixed, hash)
      if (mine) return mine
      if (performance.now() - asOf < TTL_MS) return match(stored, hash)
      asking ??= refresh()
      return asking.then(() => match(stored, hash))
    },
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')

const known = (row: { name: string; scope: Caller['scope']; sha256: string }): Known => ({
  name: row.name,
  scope: row.scope,
  hash: Buffer.from(row.sha256, 'hex'),
})

/** All are compared, each in constant time, so that the time taken says nothing. */
function match(list: readonly Known[], hash: Buffer): Caller | null {
  let found: Known | null = null
  for (const one of list) if (timingSafeEqual(one.hash, hash)) found = one
  return found
}

/** @returns a test for secrets of which only the hashes (SHA-256, hex) are known */
export function secretTest(hashes: readonly string[]): (secret: string) => boolean {
  const list = hashes.map((sha256) => ({ name: '', scope: 'webhook' as const, hash: Buffer.from(sha256, 'hex') }))
  return (secret) => match(list, digest(secret)) !== null
}
