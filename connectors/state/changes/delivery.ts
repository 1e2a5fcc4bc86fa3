/** What a worker writes around the effect of one line. Every statement checks the lease: a former holder writes nothing. */

import type pg from 'pg'
import { jsonText } from '../../../base/text.ts'
import type { ChangeId } from '../../../records/lines.ts'
import { isFromBefore, restoreDoubt } from '../backup/restores.ts'
import { query, transaction } from '../query.ts'
import { type Fence, fenceHolds } from '../runs/leases.ts'
import { hold, lockEntity, supersede } from './queueing.ts'

export interface Carried extends ChangeId {
  readonly hash: string
  readonly letter: string
  /** The line names no run: it was dropped in by hand or written by the old system, and is recorded when it is met. */
  readonly stray: boolean
}

/** fenced: the lease passed to another worker, touch nothing. */
export type Beginning =
  /** inDoubt: an earlier try may have had its effect, up to the moment at which this worker took over. */
  | { readonly kind: 'go'; readonly inDoubt: boolean }
  | { readonly kind: 'already'; readonly status: 'delivered' | 'superseded' }
  | { readonly kind: 'fenced' }

/**
 * SQL: a create of this key was delivered before. A compare that read the ERP before that delivery and published after it queues the key
 * once more: the record is there, and is looked for first.
 */
const wasCreated = `exists (select from changes d
                             where d.entity = $2 and d.key = $3 and d.entity like '%.insert' and d.status = 'delivered' and d.run_id <> $1)`

/**
 * The intent, durable before the effect: from here until `settle` a crash leaves the change in doubt.
 * @throws PonteError `state.*`
 */
export async function begin(pool: pg.Pool, change: Carried, lease: Fence): Promise<Beginning> {
  const { rows } = await query<{ held: boolean; status: string | null; intent: Date | null; marked: boolean; created: boolean }>(
    pool,
    `with before as (select id, status, intent_at from changes where run_id = $1 and entity = $2 and key = $3 for update),
          marked as (update changes c
                        set status = 'queued', letter = $4, intent_at = coalesce(c.intent_at, clock_timestamp()), updated_at = clock_timestamp()
                       from before b
                      where c.id = b.id and b.status in ('queued', 'failed') and ${fenceHolds(5, 6)}
                        and not exists (select from changes n where n.entity = $2 and n.key = $3 and n.status = 'queued' and n.id <> b.id)
                     returning 1)
     select ${fenceHolds(5, 6)} as held, (select status from before) as status, (select intent_at from before) as intent,
            exists (select from marked) as marked, ${wasCreated} as created`,
    [change.run, change.entity, change.key, change.letter, lease.name, lease.epoch],
  )
  const { held, status, intent, marked, created } = rows[0]!
  if (!held) return { kind: 'fenced' }
  if (status === null) return beginUnrecorded(pool, change, lease)
  // `failed`, too: a crash fell between settling and the letter's progress, so the line is judged once more.
  if (marked) return { kind: 'go', inDoubt: intent !== null || created }
  return { kind: 'already', status: status === 'delivered' ? 'delivered' : 'superseded' }
}

/**
 * A letter that nobody recorded: a stray one, or a crash fell between enqueue and record. A pending change of the same key that a
 * compare queued is what the ERP says, so it stands; among strays the later one stands.
 */
function beginUnrecorded(pool: pg.Pool, change: Carried, lease: Fence): Promise<Beginning> {
  return transaction(pool, async (client): Promise<Beginning> => {
    await lockEntity(client, change.entity)
    await hold(client, lease)
    const { rows: pending } = await query<{ status: string; intent: Date | null; stray: boolean }>(
      client,
      `select status, intent_at as intent, starts_with(run_id, letter || ':') as stray from changes
        where entity = $1 and key = $2 and status in ('queued', 'failed')`,
      [change.entity, change.key],
    )
    if (pending.some((one) => one.status === 'queued' && !(one.stray && change.stray))) return { kind: 'already', status: 'superseded' }
    if (!change.stray && (await isFromBefore(client, change.run))) return { kind: 'already', status: 'superseded' }
    await supersede(client, change.entity, [change])
    const doubt = pending.find((one) => one.intent !== null)?.intent ?? (await restoreDoubt(client, change))
    await query(
      client,
      `insert into changes (run_id, entity, key, hash, letter, intent_at) values ($1, $2, $3, $4, $5, coalesce($6, clock_timestamp()))`,
      [change.run, change.entity, change.key, change.hash, change.letter, doubt],
    )
    return { kind: 'go', inDoubt: doubt !== null }
  })
}

/** The effect certainly did not happen (429, refused connection): the next try is not in doubt. */
export async function clearIntent(pool: pg.Pool, change: ChangeId, lease: Fence): Promise<void> {
  await query(
    pool,
    `update changes set intent_at = null where run_id = $1 and entity = $2 and key = $3 and status = 'queued' and ${fenceHolds(4, 5)}`,
    [change.run, change.entity, change.key, lease.name, lease.epoch],
  )
}

/**
 * Delivered, with what both sides now hold: change and ledger in one statement.
 * @returns false when the lease was lost: nothing was written
 */
export async function settleDelivered(
  pool: pg.Pool,
  change: ChangeId,
  agreed: { entity: string; key: string; crmId: string; fields: object },
  lease: Fence,
): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    `with ledger as (insert into agreed (entity, key, fields) select $4, $5, $7 where ${fenceHolds(8, 9)}
                     on conflict (entity, key) do update set fields = agreed.fields || excluded.fields, sent = null, updated_at = clock_timestamp())
     update changes set status = 'delivered', crm_id = $6, code = null, updated_at = clock_timestamp()
      where run_id = $1 and entity = $2 and key = $3 and ${fenceHolds(8, 9)}`,
    [change.run, change.entity, change.key, agreed.entity, agreed.key, agreed.crmId, jsonText(agreed.fields), lease.name, lease.epoch],
  )
  return rowCount === 1
}

/**
 * Refused. A change that was superseded meanwhile stays so.
 * @param inDoubt the other system may hold something all the same: whoever tries this key again has to look first
 * @returns false when the lease was lost: nothing was written
 */
export async function settleFailed(pool: pg.Pool, change: ChangeId, code: string, inDoubt: boolean, lease: Fence): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    `update changes
        set status = case status when 'queued' then 'failed' else status end, code = $4,
            intent_at = case when $5 then intent_at end, updated_at = clock_timestamp()
      where run_id = $1 and entity = $2 and key = $3 and ${fenceHolds(6, 7)}`,
    [change.run, change.entity, change.key, code, inDoubt, lease.name, lease.epoch],
  )
  return rowCount === 1
}
