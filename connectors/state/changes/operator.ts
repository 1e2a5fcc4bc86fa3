/** What operators do to the index of changes: requeue with newer values, put away, release. Letters on disk are the truth. */
import type pg from 'pg'
import type { ChangeId } from '../../../records/lines.ts'
import { restoreDoubt } from '../backup/restores.ts'
import { type Db, query, transaction } from '../query.ts'
import { maxSends } from './changes.ts'
import { lockEntity, supersede } from './queueing.ts'

/** open: nothing newer is known · overtaken: a later change of the key waits or was delivered, or replaced it · unknown: never recorded. */
export type Standing = 'open' | 'overtaken' | 'unknown'

/** Whether refused changes may still be sent, in the order given. */
export async function standingOf(db: Db, changes: readonly ChangeId[]): Promise<Standing[]> {
  const { rows } = await query<{ standing: Standing }>(
    db,
    `select case when c.id is null then 'unknown'
                 when c.status in ('failed', 'queued')
                      and not exists (select from changes n where n.entity = c.entity and n.key = c.key and n.id <> c.id
                                         and (n.status = 'queued' or n.id > c.id and n.status = 'delivered')) then 'open'
                 else 'overtaken' end as standing
       from unnest($1::text[], $2::text[], $3::text[]) with ordinality as i(run, entity, key, ord)
       left join changes c on c.run_id = i.run and c.entity = i.entity and c.key = i.key
      order by i.ord`,
    columns(changes),
  )
  return rows.map(({ standing }) => standing)
}

/**
 * A refused change was queued again with the values of now. What a compare has queued meanwhile is newer and stands, also when it was
 * delivered by now: then this one ends without a call. A doubt about what it replaces passes on.
 * @param replaces the refused change
 */
export async function recordRebased(
  pool: pg.Pool,
  change: ChangeId & { readonly hash: string; readonly letter: string },
  replaces: ChangeId,
): Promise<'queued' | 'superseded'> {
  return transaction(pool, async (client) => {
    await lockEntity(client, change.entity)
    const { rows } = await query<{ status: string; intent: Date | null }>(
      client,
      `select status, intent_at as intent from changes where entity = $1 and key = $2 and status in ('queued', 'failed')`,
      [change.entity, change.key],
    )
    const [standing] = await standingOf(client, [replaces])
    const status = standing === 'overtaken' || rows.some((one) => one.status === 'queued') ? 'superseded' : 'queued'
    if (status === 'queued') await supersede(client, change.entity, [change])
    const doubt = status === 'queued' ? (rows.find(({ intent }) => intent !== null)?.intent ?? (await restoreDoubt(client, change))) : null
    await query(
      client,
      `insert into changes (run_id, entity, key, hash, letter, status, intent_at) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (run_id, entity, key) do nothing`,
      [change.run, change.entity, change.key, change.hash, change.letter, status, doubt],
    )
    return status
  })
}

/** There is nothing to send any more: these changes end without a call. */
export async function endRefused(pool: pg.Pool, changes: readonly ChangeId[]): Promise<void> {
  await update(pool, changes, `status = 'superseded', updated_at = clock_timestamp()`)
}

/** An operator does not want these sent: the compare holds their values until the data changes, or until they are released. When it was refused stays known. */
export async function setAside(pool: pg.Pool, changes: readonly ChangeId[]): Promise<void> {
  await update(pool, changes, `sends = ${maxSends}, code = 'DISCARDED'`)
}

async function update(pool: pg.Pool, changes: readonly ChangeId[], set: string): Promise<void> {
  await query(
    pool,
    `update changes c set ${set}
       from unnest($1::text[], $2::text[], $3::text[]) as i(run, entity, key)
      where c.run_id = i.run and c.entity = i.entity and c.key = i.key and c.status = 'failed'`,
    columns(changes),
  )
}

const columns = (changes: readonly ChangeId[]): string[][] => [
  changes.map(({ run }) => run),
  changes.map(({ entity }) => entity),
  changes.map(({ key }) => key),
]

export interface Held {
  readonly entity: string
  readonly key: string
  readonly status: 'delivered' | 'failed'
  /** `DISCARDED`: an operator's decision. */
  readonly code: string | null
  readonly sends: number
  readonly letter: string
  readonly since: Date
}

/** What the next compare will not send, though it may differ: the newest change of its key, sent three times with the same values. */
const held = `c.sends >= ${maxSends} and (c.status = 'delivered' or c.status = 'failed' and c.entity not in ('leads.budget', 'leads.sale'))
  and not exists (select from changes n where n.entity = c.entity and n.key = c.key and n.id > c.id)`

/** The oldest first. @param only of these keys; empty: of all */
export async function listHeld(db: Db, only: readonly string[] = [], limit = 1_000): Promise<Held[]> {
  const { rows } = await query<Held>(
    db,
    `select entity, key, status, code, sends, letter, updated_at as since from changes c
      where ${held} and (cardinality($1::text[]) = 0 or key = any($1)) order by moved nulls first, updated_at, id limit $2`,
    [only, limit],
  )
  return rows
}

/** How many records stopped by themselves; those that an operator put away are settled. */
export async function countHeld(db: Db): Promise<number> {
  const { rows } = await query<{ n: number }>(
    db,
    `select count(*)::integer as n from changes c where ${held} and c.code is distinct from 'DISCARDED'`,
  )
  return rows[0]!.n
}

/** The loop detector counts these from the start again: the next compare sends what still differs. @returns those that were held */
export async function releaseHeld(pool: pg.Pool, items: readonly Pick<Held, 'entity' | 'key'>[]): Promise<Pick<Held, 'entity' | 'key'>[]> {
  const { rows } = await query<Pick<Held, 'entity' | 'key'>>(
    pool,
    `update changes c set sends = 0, code = nullif(code, 'DISCARDED')
       from unnest($1::text[], $2::text[]) as i(entity, key)
      where c.entity = i.entity and c.key = i.key and ${held} returning c.entity, c.key`,
    [items.map(({ entity }) => entity), items.map(({ key }) => key)],
  )
  return rows
}

export interface ChangeCount {
  readonly entity: string
  readonly status: 'queued' | 'failed'
  readonly changes: number
  /** Of these, how many may have had their effect already. */
  readonly inDoubt: number
  readonly oldest: Date
}

/** Changes that have not come to their end, by entity. */
export async function countOpen(db: Db): Promise<ChangeCount[]> {
  const { rows } = await query<ChangeCount>(
    db,
    `select entity, status, count(*)::integer as changes, count(intent_at)::integer as "inDoubt", min(created_at) as oldest
       from changes where status in ('queued', 'failed') group by entity, status order by entity, status desc`,
  )
  return rows
}
