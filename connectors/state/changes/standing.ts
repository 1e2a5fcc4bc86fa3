/**
 * Changes that travel without a letter (budgets, sales): their job reads them from the ERP anew in every run, and asks here what became
 * of the last try. Their rows carry the empty letter.
 */
import type pg from 'pg'
import type { ChangeId } from '../../../records/lines.ts'
import { query } from '../query.ts'
import { type Fence, fenceHolds } from '../runs/leases.ts'

/** The newest change of a key. */
export interface Standing {
  readonly hash: string
  readonly status: 'queued' | 'delivered' | 'failed' | 'superseded'
  /** How many times in a row with this very hash. */
  readonly sends: number
  /** Since it last moved, milliseconds by the state database's clock. */
  readonly ageMs: number
}

/** Of these keys, and of all that a run left queued. */
export async function standings(pool: pg.Pool, entity: string, keys: readonly string[]): Promise<Map<string, Standing>> {
  const { rows } = await query<Standing & { key: string }>(
    pool,
    `select distinct on (key) key, hash, status, sends, extract(epoch from clock_timestamp() - updated_at)::double precision * 1000 as "ageMs"
       from changes
      where entity = $1 and (key = any($2) or status = 'queued')
      order by key, id desc`,
    [entity, keys],
  )
  return new Map(rows.map(({ key, ...standing }) => [key, standing]))
}

/** Whether a change of this key is being told at this moment, or was when its worker was killed. */
export async function isUnderWay(pool: pg.Pool, entity: string, key: string): Promise<boolean> {
  const { rows } = await query<{ found: boolean }>(
    pool,
    `select exists (select from changes where entity = $1 and key = $2 and status = 'queued' and intent_at is not null) as found`,
    [entity, key],
  )
  return rows[0]!.found
}

/**
 * What made the change is gone, and nothing of it is in the other system: it ends without a doubt.
 * @returns false when the lease was lost: nothing was written
 */
export async function settleWithdrawn(pool: pg.Pool, change: ChangeId, lease: Fence): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    `update changes set status = 'superseded', intent_at = null, updated_at = clock_timestamp()
      where run_id = $1 and entity = $2 and key = $3 and ${fenceHolds(4, 5)}`,
    [change.run, change.entity, change.key, lease.name, lease.epoch],
  )
  return rowCount === 1
}
