/** People who may log in to the pages. Passwords are here as hashes only, made and checked by who calls. */
import type pg from 'pg'
import { query, transaction } from '../query.ts'

/** viewer: may look · operator: may look and act. */
export type Role = 'viewer' | 'operator'

export interface User {
  readonly name: string
  readonly role: Role
  /** The password was made by Ponte: it must be changed first. */
  readonly mustChange: boolean
  readonly createdAt: Date
  readonly disabledAt: Date | null
  readonly lastLoginAt: Date | null
}

const columns = `name, role, must_change as "mustChange", created_at as "createdAt", disabled_at as "disabledAt", last_login_at as "lastLoginAt"`

/** False when there is a user of this name, disabled or not: a name in the audit log means one person for ever. */
export async function addUser(
  pool: pg.Pool,
  user: { readonly name: string; readonly role: Role; readonly password: string; readonly mustChange: boolean },
): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    'insert into users (name, role, password, must_change) values ($1, $2, $3, $4) on conflict (name) do nothing',
    [user.name, user.role, user.password, user.mustChange],
  )
  return rowCount === 1
}

export async function listUsers(pool: pg.Pool): Promise<User[]> {
  return (await query<User & pg.QueryResultRow>(pool, `select ${columns} from users order by name`)).rows
}

/** Of a user who may log in, with the password's hash; null when there is none, or it is disabled. */
export async function findUser(pool: pg.Pool, name: string): Promise<(User & { readonly password: string }) | null> {
  const { rows } = await query<User & { password: string } & pg.QueryResultRow>(
    pool,
    `select ${columns}, password from users where name = $1 and disabled_at is null`,
    [name],
  )
  return rows[0] ?? null
}

/**
 * A new password ends every session of the user, except the one that asked for it.
 * @param keep SHA-256 of the session that stays; null: none
 * @returns false when there is no such user
 */
export async function setPassword(
  pool: pg.Pool,
  name: string,
  password: { readonly hash: string; readonly mustChange: boolean },
  keep: string | null,
): Promise<boolean> {
  return transaction(pool, async (client) => {
    const { rowCount } = await query(client, 'update users set password = $2, must_change = $3 where name = $1', [
      name,
      password.hash,
      password.mustChange,
    ])
    await query(client, 'delete from sessions where user_name = $1 and sha256 is distinct from $2', [name, keep])
    return rowCount === 1
  })
}

/** Disabling ends the user's sessions at once. @returns false when there is no such user, or it was so before */
export async function setDisabled(pool: pg.Pool, name: string, disabled: boolean): Promise<boolean> {
  return transaction(pool, async (client) => {
    const { rowCount } = await query(
      client,
      `update users set disabled_at = case when $2 then clock_timestamp() end where name = $1 and (disabled_at is not null) <> $2`,
      [name, disabled],
    )
    if (disabled) await query(client, 'delete from sessions where user_name = $1', [name])
    return rowCount === 1
  })
}
