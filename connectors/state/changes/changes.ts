/**
 * The index of the outbox: every change ever queued and how it ended. The letter on disk is the truth.
 *
 *   queued ──► delivered
 *     │  └───► failed ──► queued (an operator requeued it, or a crash fell between verdict and progress)
 *     └──────► superseded (a newer change of the same key was queued)
 */
import type pg from 'pg'
import { query } from '../query.ts'

/**
 * suppressed: the same row is already waiting, or an older one of this key is under way or in doubt; the next compare looks again
 * held:       sent three times without converging, stopped until its data changes, it converges, or it is requeued
 * discarded:  an operator put these very values away
 */
export type Decision = 'send' | 'suppressed' | 'held' | 'discarded'

/** A key is sent this often with one hash before it stops alone. */
export const maxSends = 3

/**
 * What to do with each changed row, in the order given. A change whose effect may have happened is never replaced: its own letter
 * carries the business key by which the record is found again.
 */
export async function decide(pool: pg.Pool, entity: string, items: readonly { key: string; hash: string }[]): Promise<Decision[]> {
  const { rows } = await query<{ decision: Decision }>(
    pool,
    `select case when c.status = 'queued' and (c.hash = i.hash or c.intent_at is not null) then 'suppressed'
                 when c.hash = i.hash and c.sends >= $4 and c.status in ('delivered', 'failed')
                 then case when c.code = 'DISCARDED' then 'discarded' else 'held' end
                 else 'send' end as decision
       from unnest($2::text[], $3::text[]) with ordinality as i(key, hash, ord)
       left join lateral (select hash, status, sends, code, intent_at from changes where entity = $1 and key = i.key order by id desc limit 1) c on true
      order by i.ord`,
    [entity, items.map((i) => i.key), items.map((i) => i.hash), maxSends],
  )
  return rows.map((row) => row.decision)
}

/** Keys that were sent more than once with one hash: those that a compare does not name any more have converged. */
export async function sentAgain(pool: pg.Pool, entity: string): Promise<Set<string>> {
  const { rows } = await query<{ key: string }>(
    pool,
    `select distinct key from changes where entity = $1 and status = 'delivered' and sends > 1`,
    [entity],
  )
  return new Set(rows.map((row) => row.key))
}

/** These keys agree on both sides: the loop detector counts from the start again. */
export async function forgetSends(pool: pg.Pool, entity: string, keys: readonly string[]): Promise<void> {
  await query(pool, `update changes set sends = 0 where entity = $1 and key = any($2) and status = 'delivered' and sends > 1`, [
    entity,
    keys,
  ])
}

/** How the changes of one run stand now, by entity and status. */
export async function tallyRun(pool: pg.Pool, run: string): Promise<Record<string, Record<string, number>>> {
  const { rows } = await query<{ entity: string; status: string; n: string }>(
    pool,
    'select entity, status, count(*) as n from changes where run_id = $1 group by entity, status',
    [run],
  )
  const tally: Record<string, Record<string, number>> = {}
  for (const row of rows) tally[row.entity] = { ...tally[row.entity], [row.status]: Number(row.n) }
  return tally
}

/** The changes of an entity that wait, by key: at most one each. `letter` carries it. inDoubt: an earlier try may have had its effect. */
export async function queuedChanges(pool: pg.Pool, entity: string): Promise<Map<string, { letter: string; inDoubt: boolean }>> {
  const { rows } = await query<{ key: string; letter: string; inDoubt: boolean }>(
    pool,
    `select key, letter, intent_at is not null as "inDoubt" from changes where entity = $1 and status = 'queued'`,
    [entity],
  )
  return new Map(rows.map(({ key, ...change }) => [key, change]))
}

export async function countQueued(pool: pg.Pool, entity: string): Promise<number> {
  const { rows } = await query<{ n: string }>(pool, `select count(*) as n from changes where entity = $1 and status = 'queued'`, [entity])
  return Number(rows[0]!.n)
}
