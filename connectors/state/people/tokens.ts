/** Tokens of the HTTP API: names, scopes and hashes. The token itself is shown once and kept nowhere. */
import type pg from 'pg'
import { query } from '../query.ts'

export type TokenScope = 'webhook' | 'read' | 'operate'

export interface TokenRow {
  readonly name: string
  readonly scope: TokenScope
  readonly createdAt: Date
  readonly revokedAt: Date | null
}

/** False when there is a token of this name, revoked or not: a name in a log means one token for ever. */
export async function addToken(pool: pg.Pool, name: string, scope: TokenScope, sha256: string): Promise<boolean> {
  const { rowCount } = await query(pool, 'insert into api_tokens (name, scope, sha256) values ($1, $2, $3) on conflict (name) do nothing', [
    name,
    scope,
    sha256,
  ])
  return rowCount === 1
}

export async function listTokens(pool: pg.Pool): Promise<TokenRow[]> {
  const { rows } = await query<TokenRow & pg.QueryResultRow>(
    pool,
    'select name, scope, created_at as "createdAt", revoked_at as "revokedAt" from api_tokens order by name',
  )
  return rows
}

/** False when there is no such token, or it was revoked before. */
export async function revokeToken(pool: pg.Pool, name: string): Promise<boolean> {
  const { rowCount } = await query(pool, 'update api_tokens set revoked_at = clock_timestamp() where name = $1 and revoked_at is null', [
    name,
  ])
  return rowCount === 1
}

/** Tokens that are good now, by hash. */
export async function validTokens(pool: pg.Pool): Promise<{ name: string; scope: TokenScope; sha256: string }[]> {
  const { rows } = await query<{ name: string; scope: TokenScope; sha256: string }>(
    pool,
    'select name, scope, sha256 from api_tokens where revoked_at is null',
  )
  return rows
}
