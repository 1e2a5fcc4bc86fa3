/** Which webhooks were received already: rows that recognise a repeat. The letters on disk are the truth. */
import type pg from 'pg'
import { query } from './query.ts'

/** One event as its sender may repeat it. */
export interface Received {
  /** What kind of event: the prefix of its letter. */
  readonly type: string
  /** The sender's id of the message (webhook-id); when it gave none, one of our own that begins with a blank. */
  readonly id: string
  /** Whom it is about: the lead. */
  readonly subject: string
  /** SHA-256 of the body, hex. */
  readonly hash: string
}

/** new: reserved for the caller, who writes its letter · repeat: `letter` holds it · busy: another process is writing it. */
export interface Verdict {
  readonly verdict: 'new' | 'repeat' | 'busy'
  readonly letter: string | null
}

export interface Marked extends Pick<Received, 'type' | 'id'> {
  readonly letter: string
}

/**
 * Judges a batch and reserves what is new in it. A reservation without a letter ends by itself after five seconds.
 * @param batch each id and each subject at most once
 * @returns one verdict per event, in order
 * @throws PonteError `state.unreachable` | `state.failed`
 */
export async function reserveReceived(pool: pg.Pool, batch: readonly Received[]): Promise<Verdict[]> {
  const { rows } = await query<Verdict & pg.QueryResultRow>(pool, 'select verdict, letter from webhook_reserve($1, $2, $3, $4)', [
    batch.map(({ type }) => type),
    batch.map(({ id }) => id),
    batch.map(({ subject }) => subject),
    batch.map(({ hash }) => hash),
  ])
  return rows
}

/** Notes the letters of a batch, which are durable. @throws PonteError `state.unreachable` | `state.failed` */
export async function markReceived(pool: pg.Pool, batch: readonly Marked[]): Promise<void> {
  await query(pool, 'select webhook_mark($1, $2, $3)', [
    batch.map(({ type }) => type),
    batch.map(({ id }) => id),
    batch.map(({ letter }) => letter),
  ])
}

/** Longer than senders repeat: Standard Webhooks retries go on for 75 hours. */
const KEEP_IDS_DAYS = 7

/** Forgets ids after seven days and latest events after one. @returns how many rows went */
export async function purgeReceived(pool: pg.Pool): Promise<number> {
  const ids = await query(pool, `delete from webhook_ids where received_at < clock_timestamp() - $1 * interval '1 day'`, [KEEP_IDS_DAYS])
  const latest = await query(pool, `delete from webhook_latest where received_at < clock_timestamp() - interval '1 day'`)
  return (ids.rowCount ?? 0) + (latest.rowCount ?? 0)
}
