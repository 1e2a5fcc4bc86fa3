/**
 * The index of the outbox: every change ever queued and how it ended (architecture 4 and 6).
 *
 *   queued ──► delivered
 *     │  └───► failed ──► queued (an operator requeued it)
 *     └──────► superseded (a newer change of the same key was queued)
 */
import type pg from 'pg'

/** Names one change for good: the letter that carries it may be renamed, these three never change. */
export interface ChangeId {
  readonly run: string
  readonly entity: string
  readonly key: string
}
export interface QueuedChange {
  readonly key: string
  readonly hash: string
  readonly letter: string
}
/** suppressed: the same row is already waiting · held: sent three times without converging, stopped until it changes or is requeued */
export type Decision = 'send' | 'suppressed' | 'held'

/** A key is sent this often with one hash before it stops alone (architecture 4). */
export const maxSends = 3

/** What to do with each changed row, in the order given. */
export async function decide(pool: pg.Pool, entity: string, items: readonly { key: string; hash: string }[]): Promise<Decision[]> {
  const { rows } = await pool.query<{ decision: Decision }>(
    `select case when c.hash is distinct from i.hash then 'send'
                 when c.status = 'queued' then 'suppressed'
                 when c.sends >= $4 then 'held'
                 else 'send' end as decision
       from unnest($2::text[], $3::text[]) with ordinality as i(key, hash, ord)
       left join lateral (select hash, status, sends from changes where entity = $1 and key = i.key order by id desc limit 1) c on true
      order by i.ord`,
    [entity, items.map((i) => i.key), items.map((i) => i.hash), maxSends],
  )
  return rows.map((row) => row.decision)
}

/**
 * Records changes as queued and what they replace as superseded, in one transaction. Recording the same run again
 * (after a crash, from the manifest) changes nothing.
 */
export async function recordQueued(pool: pg.Pool, run: string, entity: string, items: readonly QueuedChange[]): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const keys = items.map((i) => i.key)
    const known = await client.query<{ key: string }>('select key from changes where run_id = $1 and entity = $2 and key = any($3)', [
      run,
      entity,
      keys,
    ])
    const done = new Set(known.rows.map((row) => row.key))
    const fresh = items.filter((item) => !done.has(item.key))
    await client.query(
      `update changes set status = 'superseded', updated_at = clock_timestamp() where entity = $1 and key = any($2) and status in ('queued', 'failed')`,
      [entity, fresh.map((i) => i.key)],
    )
    await client.query(
      `insert into changes (run_id, entity, key, hash, letter, sends)
       select $1, $2, i.key, i.hash, i.letter, 1 + coalesce(c.sends, 0)
         from unnest($3::text[], $4::text[], $5::text[]) as i(key, hash, letter)
         left join lateral (select case when hash = i.hash then sends end as sends from changes where entity = $2 and key = i.key order by id desc limit 1) c on true`,
      [run, entity, fresh.map((i) => i.key), fresh.map((i) => i.hash), fresh.map((i) => i.letter)],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** fenced: the lease passed to another worker, touch nothing. */
export type Beginning =
  | { readonly kind: 'go'; readonly inDoubtSince: Date | null }
  | { readonly kind: 'already'; readonly status: 'delivered' | 'superseded' }
  | { readonly kind: 'fenced' }

/**
 * The intent, durable before the effect: from here until `settle` a crash leaves the change in doubt.
 * A letter that nobody recorded (dropped in by hand, or a crash between enqueue and record) is recorded now.
 */
export async function begin(
  pool: pg.Pool,
  change: ChangeId & { hash: string; letter: string },
  lease: { name: string; epoch: number },
): Promise<Beginning> {
  const { rows } = await pool.query<{ held: boolean; status: string | null; intent: Date | null }>(
    `with lease as (select 1 from leases where name = $6 and epoch = $7 and expires_at >= clock_timestamp()),
          made as (insert into changes (run_id, entity, key, hash, letter) select $1, $2, $3, $4, $5 where exists (select 1 from lease)
                     and not exists (select 1 from changes where run_id = $1 and entity = $2 and key = $3)
                   on conflict do nothing returning id),
          before as (select id, status, intent_at from changes where run_id = $1 and entity = $2 and key = $3 for update),
          marked as (update changes c set status = 'queued', intent_at = coalesce(c.intent_at, clock_timestamp()), updated_at = clock_timestamp()
                       from before b where c.id = b.id and b.status in ('queued', 'failed') and exists (select 1 from lease))
     select exists (select 1 from lease) as held,
            case when exists (select 1 from made) then 'made' else (select status from before) end as status,
            (select intent_at from before) as intent`,
    [change.run, change.entity, change.key, change.hash, change.letter, lease.name, lease.epoch],
  )
  const row = rows[0]!
  if (!row.held) return { kind: 'fenced' }
  // A row made in this statement is not visible to its update: mark it now.
  if (row.status === 'made') {
    await pool.query('update changes set intent_at = clock_timestamp() where run_id = $1 and entity = $2 and key = $3', [
      change.run,
      change.entity,
      change.key,
    ])
    return { kind: 'go', inDoubtSince: null }
  }
  // failed: a crash fell between settling and the letter's progress, so the line is judged once more.
  if (row.status === 'queued' || row.status === 'failed') return { kind: 'go', inDoubtSince: row.intent }
  // Not recorded although it was missing: another change of this key is pending, and it is newer than this stray letter.
  if (row.status === null) return { kind: 'already', status: 'superseded' }
  return { kind: 'already', status: row.status === 'delivered' ? 'delivered' : 'superseded' }
}

/** The effect certainly did not happen (429, refused connection): the next try is not in doubt. */
export async function clearIntent(pool: pg.Pool, change: ChangeId): Promise<void> {
  await pool.query(`update changes set intent_at = null where run_id = $1 and entity = $2 and key = $3 and status = 'queued'`, [
    change.run,
    change.entity,
    change.key,
  ])
}

/** Delivered, with what both sides now hold: change and ledger in one statement. */
export async function settleDelivered(
  pool: pg.Pool,
  change: ChangeId,
  agreed: { entity: string; key: string; crmId: string; erp: object; crm: object },
): Promise<void> {
  await pool.query(
    `with ledger as (insert into agreed (entity, key, erp, crm) values ($4, $5, $7, $8)
                     on conflict (entity, key) do update set erp = excluded.erp, crm = excluded.crm, updated_at = clock_timestamp())
     update changes set status = 'delivered', crm_id = $6, code = null, updated_at = clock_timestamp()
      where run_id = $1 and entity = $2 and key = $3`,
    [
      change.run,
      change.entity,
      change.key,
      agreed.entity,
      agreed.key,
      agreed.crmId,
      JSON.stringify(agreed.erp),
      JSON.stringify(agreed.crm),
    ],
  )
}

export async function settleFailed(pool: pg.Pool, change: ChangeId, code: string): Promise<void> {
  await pool.query(
    `update changes set status = 'failed', code = $4, intent_at = null, updated_at = clock_timestamp() where run_id = $1 and entity = $2 and key = $3 and status = 'queued'`,
    [change.run, change.entity, change.key, code],
  )
}

/**
 * An operator put a letter back. A change goes to queued again unless a later change of its key is waiting or was
 * delivered: then it stays superseded, and its line will end without a call (architecture 6).
 */
export async function requeueChanges(pool: pg.Pool, changes: readonly ChangeId[]): Promise<{ queued: number; superseded: number }> {
  let queued = 0
  for (const change of changes) {
    const { rowCount } = await pool.query(
      `update changes c set status = 'queued', sends = 1, code = null, updated_at = clock_timestamp()
        where run_id = $1 and entity = $2 and key = $3 and status = 'failed'
          and not exists (select 1 from changes n where n.entity = c.entity and n.key = c.key and n.id > c.id and n.status in ('queued', 'delivered'))`,
      [change.run, change.entity, change.key],
    )
    queued += rowCount ?? 0
    if (!rowCount)
      await pool.query(`update changes set status = 'superseded' where run_id = $1 and entity = $2 and key = $3 and status = 'failed'`, [
        change.run,
        change.entity,
        change.key,
      ])
  }
  return { queued, superseded: changes.length - queued }
}

/** How the changes of one run stand now, by entity and status. */
export async function tallyRun(pool: pg.Pool, run: string): Promise<Record<string, Record<string, number>>> {
  const { rows } = await pool.query<{ entity: string; status: string; n: string }>(
    'select entity, status, count(*) as n from changes where run_id = $1 group by entity, status',
    [run],
  )
  const tally: Record<string, Record<string, number>> = {}
  for (const row of rows) tally[row.entity] = { ...tally[row.entity], [row.status]: Number(row.n) }
  return tally
}
