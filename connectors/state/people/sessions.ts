/** Sessions of the pages, and attempts to get one. Known by the hash of their cookie. */
import type pg from 'pg'
import { query, transaction } from '../query.ts'
import type { Role } from './users.ts'

export interface SessionLimits {
  /** A session nobody uses ends after this, milliseconds. */
  readonly idleMs: number
  /** Any session ends after this, milliseconds. */
  readonly maxMs: number
}

export interface Session {
  readonly user: string
  readonly role: Role
  readonly mustChange: boolean
}

/** Opens a session for somebody who has just proven who they are; old ones are swept on the way. */
export async function openSession(pool: pg.Pool, sha256: string, user: string, { maxMs }: SessionLimits): Promise<void> {
  await transaction(pool, async (client) => {
    await query(client, `delete from sessions where created_at < clock_timestamp() - $1 * interval '1 millisecond'`, [maxMs])
    await query(client, 'insert into sessions (sha256, user_name) values ($1, $2)', [sha256, user])
    await query(client, 'update users set last_login_at = clock_timestamp() where name = $1', [user])
  })
}

/** Whose session this is; null: nobody's, or it has ended. Times are the state database's own. */
export async function findSession(pool: pg.Pool, sha256: string, { idleMs, maxMs }: SessionLimits): Promise<Session | null> {
  const { rows } = await query<Session & pg.QueryResultRow>(
    pool,
    `select u.name as "user", u.role, u.must_change as "mustChange"
       from sessions s join users u on u.name = s.user_name
      where s.sha256 = $1 and u.disabled_at is null
        and s.seen_at > clock_timestamp() - $2 * interval '1 millisecond' and s.created_at > clock_timestamp() - $3 * interval '1 millisecond'`,
    [sha256, idleMs, maxMs],
  )
  return rows[0] ?? null
}

/** Its person did something. Written once a minute at most. */
export async function touchSession(pool: pg.Pool, sha256: string): Promise<void> {
  await query(
    pool,
    `update sessions set seen_at = clock_timestamp() where sha256 = $1 and seen_at < clock_timestamp() - interval '1 minute'`,
    [sha256],
  )
}

export async function closeSession(pool: pg.Pool, sha256: string): Promise<void> {
  await query(pool, 'delete from sessions where sha256 = $1', [sha256])
}

const WINDOW = `interval '15 minutes'`

/**
 * Counts an attempt against each subject before the password is looked at, so that many at once cannot slip through.
 * @returns null when it may go on, else the seconds to wait. What is refused is not counted
 */
export async function countAttempt(pool: pg.Pool, limits: Readonly<Record<string, number>>): Promise<number | null> {
  return transaction(pool, async (client) => {
    await query(client, `delete from login_attempts where at < clock_timestamp() - ${WINDOW}`)
    const subjects = Object.keys(limits).sort()
    for (const subject of subjects) await query(client, 'select pg_advisory_xact_lock(hashtextextended($1, 0))', [`login ${subject}`])
    let wait = 0
    for (const subject of subjects) {
      // The attempt that has to grow old first.
      const { rows } = await query<{ seconds: number }>(
        client,
        `select ceil(extract(epoch from at + ${WINDOW} - clock_timestamp()))::integer as seconds
           from login_attempts where subject = $1 order by at desc offset $2 limit 1`,
        [subject, limits[subject]! - 1],
      )
      wait = Math.max(wait, rows[0]?.seconds ?? 0)
    }
    if (wait > 0) return wait
    await query(client, 'insert into login_attempts (subject) select unnest($1::text[])', [subjects])
    return null
  })
}

/** The attempt ended in a session: what was counted against these is forgotten. */
export async function forgetAttempts(pool: pg.Pool, subjects: readonly string[]): Promise<void> {
  await query(pool, 'delete from login_attempts where subject = any($1)', [subjects])
}
