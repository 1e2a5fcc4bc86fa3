/** Changes enter the index: from a compare, from a sealed manifest, or back from falhas. One entity at a time, so that no two race. */
import type pg from 'pg'
import type { ChangeId } from '../../../records/lines.ts'
import { query, transaction } from '../query.ts'
import { type Fence, leaseLost } from '../runs/leases.ts'

export interface QueuedChange {
  readonly key: string
  readonly hash: string
  readonly letter: string
}

export interface Recording {
  /** Nothing is recorded when it no longer stands. A letter that is on disk already needs none. */
  readonly fence?: Fence
  /** A newer run has looked since: the letters end without a call. */
  readonly overtaken?: boolean
}

/**
 * Records changes as queued and what they replace as superseded, in one transaction. Recording the same run again
 * (after a crash, from the manifest) changes nothing. A doubt about the replaced change passes to the new one; so does what a restored
 * backup cannot know of the key.
 * @throws PonteError `lease.lost`, `state.*`
 */
export async function recordQueued(
  pool: pg.Pool,
  run: string,
  entity: string,
  items: readonly QueuedChange[],
  { fence, overtaken = false }: Recording = {},
): Promise<void> {
  await transaction(pool, async (client) => {
    await lockEntity(client, entity)
    if (fence) await hold(client, fence)
    const { rows: fresh } = await query<QueuedChange & { sends: number; intent: Date | null }>(
      client,
      `select i.key, i.hash, i.letter,
              case when c.hash = i.hash then greatest(1, c.sends + (c.status in ('delivered', 'failed'))::integer) else 1 end as sends,
              coalesce(case when c.status in ('queued', 'failed') then c.intent_at end, doubt_since(c.updated_at)) as intent
         from unnest($3::text[], $4::text[], $5::text[]) as i(key, hash, letter)
         left join lateral (select hash, sends, status, intent_at, updated_at from changes where entity = $2 and key = i.key order by id desc limit 1) c on true
        where not exists (select from changes where run_id = $1 and entity = $2 and key = i.key)`,
      [run, entity, items.map((i) => i.key), items.map((i) => i.hash), items.map((i) => i.letter)],
    )
    if (!overtaken) await supersede(client, entity, fresh)
    await query(
      client,
      `insert into changes (run_id, entity, key, hash, letter, sends, intent_at, status)
       select $1, $2, i.key, i.hash, i.letter, i.sends, i.intent, $8
         from unnest($3::text[], $4::text[], $5::text[], $6::integer[], $7::timestamptz[]) as i(key, hash, letter, sends, intent)`,
      [
        run,
        entity,
        fresh.map((i) => i.key),
        fresh.map((i) => i.hash),
        fresh.map((i) => i.letter),
        fresh.map((i) => i.sends),
        fresh.map((i) => (overtaken ? null : i.intent)),
        overtaken ? 'superseded' : 'queued',
      ],
    )
  })
}

/**
 * An operator put a letter back. A change goes to queued again unless a later change of its key is waiting or was
 * delivered: then it is superseded, and its line will end without a call.
 * @param letter the letter's new name
 */
export async function requeueChanges(
  pool: pg.Pool,
  changes: readonly ChangeId[],
  letter: string,
): Promise<{ queued: number; superseded: number }> {
  const total = { queued: 0, superseded: 0 }
  for (const change of changes) {
    await transaction(pool, async (client) => {
      await lockEntity(client, change.entity)
      await query(
        client,
        `update changes c
            set letter = $4, code = null, sends = 1, updated_at = clock_timestamp(),
                status = case when exists (select from changes n where n.entity = c.entity and n.key = c.key and n.id <> c.id
                                              and (n.status = 'queued' or n.id > c.id and n.status = 'delivered'))
                              then 'superseded' else 'queued' end
          where run_id = $1 and entity = $2 and key = $3 and status = 'failed'`,
        [change.run, change.entity, change.key, letter],
      )
      const { rows } = await query<{ status: string }>(
        client,
        'select status from changes where run_id = $1 and entity = $2 and key = $3',
        [change.run, change.entity, change.key],
      )
      const status = rows[0]?.status
      if (status === 'queued' || status === 'superseded') total[status]++
    })
  }
  return total
}

/** Letters that the index believes to be on the queue. */
export async function queuedLetters(pool: pg.Pool, entities: readonly string[]): Promise<string[]> {
  const { rows } = await query<{ letter: string }>(
    pool,
    `select distinct letter from changes where status = 'queued' and entity = any($1)`,
    [entities],
  )
  return rows.map((row) => row.letter)
}

/**
 * These letters are gone from the queue with lines that never ended (deleted by hand, or unreadable and in falhas): their changes
 * fail, so that the next compare sends them anew. A doubt stays with them, and passes on. Returns how many.
 */
export async function failLostLetters(pool: pg.Pool, letters: readonly string[]): Promise<number> {
  const { rowCount } = await query(
    pool,
    `update changes set status = 'failed', code = 'LETTER_MISSING', sends = 0, updated_at = clock_timestamp() where status = 'queued' and letter = any($1)`,
    [letters],
  )
  return rowCount ?? 0
}

/** Whoever adds a queued row of an entity holds this until commit; a reader needs nothing. */
export async function lockEntity(client: pg.PoolClient, entity: string): Promise<void> {
  await query(client, `select pg_advisory_xact_lock(hashtextextended('ponte.changes.' || $1, 0))`, [entity])
}

/** The lease cannot pass to another worker before this transaction ends. */
export async function hold(client: pg.PoolClient, fence: Fence): Promise<void> {
  const { rowCount } = await query(
    client,
    'select from leases where name = $1 and epoch = $2 and expires_at >= clock_timestamp() for share',
    [fence.name, fence.epoch],
  )
  if (rowCount === 0) throw leaseLost(fence.name)
}

export async function supersede(client: pg.PoolClient, entity: string, items: readonly { key: string }[]): Promise<void> {
  await query(
    client,
    `update changes set status = 'superseded', updated_at = clock_timestamp() where entity = $1 and key = any($2) and status in ('queued', 'failed')`,
    [entity, items.map((i) => i.key)],
  )
}
