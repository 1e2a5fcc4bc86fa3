/**
 * The book of alerts: what is wrong now, and who was told. All times are this database's, so that a machine whose clock jumps neither
 * repeats nor forgets a message. Every write is fenced by the leader's lease.
 *
 *   pending ──► firing ──► resolved ──► (gone, when its end has been told)
 *      │           ▲──────────┘ (seen again before its end was told)
 *      └──► (gone: it passed by itself)
 */
import type pg from 'pg'
import { hold } from '../changes/queueing.ts'
import { query, transaction } from '../query.ts'
import { type Fence, fenceHolds } from '../runs/leases.ts'

/** One thing that is wrong right now. */
export interface Condition {
  readonly code: string
  /** What it is about: a job, a direction, a machine; empty when there is only one. */
  readonly subject: string
  readonly summary: string
  /** How long it must last before anybody is told, seconds. */
  readonly holdSeconds: number
}

export interface AlertRow {
  readonly code: string
  readonly subject: string
  readonly status: 'pending' | 'firing' | 'resolved'
  readonly summary: string
  readonly since: Date
  readonly endedAt: Date | null
  readonly notifications: number
  readonly attempts: number
}

const columns = 'code, subject, status, summary, since, ended_at as "endedAt", notifications, attempts'

/** A condition that was not seen for so long is over: one look that missed it ends nothing. */
const OVER_SECONDS = 60

/**
 * Takes in what one look found.
 * @param unjudged codes that this look could not judge: their rows stay as they are
 * @throws PonteError `lease.lost`, `state.*`
 */
export async function noteConditions(pool: pg.Pool, found: readonly Condition[], unjudged: readonly string[], lease: Fence): Promise<void> {
  await transaction(pool, async (client) => {
    await hold(client, lease)
    await query(
      client,
      `insert into alerts as a (code, subject, summary) select * from unnest($1::text[], $2::text[], $3::text[]) order by 1, 2
       on conflict (code, subject) do update
         set summary = excluded.summary, seen_at = clock_timestamp(), ended_at = null, status = case a.status when 'resolved' then 'firing' else a.status end,
             since = least(a.since, clock_timestamp())`,
      [found.map(({ code }) => code), found.map(({ subject }) => subject), found.map(({ summary }) => summary)],
    )
    await query(
      client,
      `update alerts a set status = 'firing', next_try_at = '-infinity'
         from unnest($1::text[], $2::text[], $3::float8[]) as f(code, subject, hold)
        where a.code = f.code and a.subject = f.subject and a.status = 'pending' and a.since <= clock_timestamp() - f.hold * interval '1 second'`,
      [found.map(({ code }) => code), found.map(({ subject }) => subject), found.map(({ holdSeconds }) => holdSeconds)],
    )
    // A row that this look did not touch, and that was last seen too long ago, or in a future that a clock took back.
    const over = `not code = any($1) and not (code, subject) in (select * from unnest($2::text[], $3::text[]))
                  and not seen_at between clock_timestamp() - $4 * interval '1 second' and clock_timestamp()`
    const values = [unjudged, found.map(({ code }) => code), found.map(({ subject }) => subject), OVER_SECONDS]
    await query(client, `delete from alerts where status = 'pending' and ${over}`, values)
    await query(
      client,
      `update alerts set status = 'resolved', ended_at = clock_timestamp(), attempts = 0, next_try_at = '-infinity' where status = 'firing' and ${over}`,
      values,
    )
  })
}

/** Episodes of which somebody is to be told now: a start, an end, or that one still goes on after `repeatSeconds`. Oldest first. */
export async function dueAlerts(pool: pg.Pool, repeatSeconds: number): Promise<AlertRow[]> {
  const { rows } = await query<AlertRow & pg.QueryResultRow>(
    pool,
    `select ${columns} from alerts
      where (next_try_at <= clock_timestamp() or next_try_at > clock_timestamp() + interval '1 hour')
        and (status = 'resolved' or status = 'firing' and (notified_at is null or not notified_at between clock_timestamp() - $1 * interval '1 second' and clock_timestamp()))
      order by since, code, subject`,
    [repeatSeconds],
  )
  return rows
}

/** A message was delivered. An episode whose end was told is over. @returns false when the lease was lost: nothing was written */
export async function markTold(pool: pg.Pool, alert: AlertRow, lease: Fence): Promise<boolean> {
  const { rowCount } =
    alert.status === 'resolved'
      ? await query(pool, `delete from alerts where code = $1 and subject = $2 and status = 'resolved' and ${fenceHolds(3, 4)}`, [
          alert.code,
          alert.subject,
          lease.name,
          lease.epoch,
        ])
      : await query(
          pool,
          `update alerts set notifications = notifications + 1, notified_at = clock_timestamp(), attempts = 0
            where code = $1 and subject = $2 and ${fenceHolds(3, 4)}`,
          [alert.code, alert.subject, lease.name, lease.epoch],
        )
  return rowCount === 1
}

/** The receiver did not take it: it is tried again after a pause that doubles, five minutes at most. */
export async function markUntold(pool: pg.Pool, alert: AlertRow, lease: Fence): Promise<void> {
  await query(
    pool,
    `update alerts set attempts = attempts + 1, next_try_at = clock_timestamp() + least(300, 5 * 2 ^ least(attempts, 10)) * interval '1 second'
      where code = $1 and subject = $2 and ${fenceHolds(3, 4)}`,
    [alert.code, alert.subject, lease.name, lease.epoch],
  )
}

/** What is wrong now, told or not, by code. */
export async function openAlerts(pool: pg.Pool): Promise<AlertRow[]> {
  return (
    await query<AlertRow & pg.QueryResultRow>(pool, `select ${columns} from alerts where status = 'firing' order by since, code, subject`)
  ).rows
}

/** The lease of whoever looks and tells. */
export const watchLease = 'watching'

/** Whether anybody looks: without them the book stands still. */
export async function isWatched(pool: pg.Pool): Promise<boolean> {
  const { rowCount } = await query(pool, 'select from leases where name = $1 and expires_at >= clock_timestamp()', [watchLease])
  return rowCount === 1
}
