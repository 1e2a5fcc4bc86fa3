/**
 * A restored state is older than the world: CRM and ERP have what was done after the backup, the backup does not. So it is not taken at its
 * word (README of jobs, "After a restore").
 */
import type pg from 'pg'
import { PonteError } from '../../../base/error.ts'
import { entitiesThat } from '../changes/history.ts'
import { query } from '../query.ts'

export interface Backup {
  /** The file's name. */
  readonly name: string
  /** The moment that its state shows. */
  readonly at: Date
  /** Names of the migrations that its data fits. */
  readonly schema: readonly string[]
}

/** A change that a compare made, and that the next compare makes again when it is still needed. */
const derivable = `letter <> '' and not starts_with(run_id, letter || ':')`
const create = `entity in (${entitiesThat(({ known }) => known === null)})`

/** One statement for each part of the state. Runs inside the import's transaction. @returns the restore's id */
export async function forgetAfterBackup(client: pg.PoolClient, backup: Backup): Promise<bigint> {
  const { rows } = await query<{ id: string }>(client, 'insert into restores (backup, backup_at) values ($1, $2) returning id', [
    backup.name,
    backup.at,
  ])
  // Values from then must not follow newer ones: the next compare sends what still differs. A create in doubt keeps its letter, which
  // holds the key by which it is found.
  await query(
    client,
    `update changes set status = 'superseded', code = 'RESTORED'
      where status in ('queued', 'failed') and ${derivable} and not (${create} and status = 'queued' and intent_at is not null)`,
  )
  await query(client, `update changes set intent_at = coalesce(intent_at, clock_timestamp()) where status in ('queued', 'failed')`)
  // What both sides last held is not known; the mirror, which the ERP kept, is the base until they meet again. What was under way to the
  // CRM stays: when it shows that, it is our doing all the same.
  await query(client, `update agreed set fields = '{}'`)
  await query(
    client,
    `insert into cursors (name, value) select 'crm.leads.updateDate', to_char($1::timestamptz at time zone 'UTC' - interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
     on conflict do nothing`,
    [backup.at],
  )
  // A step that was answered since is looked for before it is sent again.
  await query(client, `update tasks set begun = true where status in ('waiting', 'running')`)
  await query(
    client,
    `update runs set status = 'failed', ended_at = clock_timestamp(), message = 'cut off: the state was restored from a backup' where status in ('queued', 'running')`,
  )
  // Epochs begin above all that were ever given, also to leases that the backup does not know: whoever worked before writes nothing.
  const { rows: epochs } = await query<{ base: string }>(client, 'select (extract(epoch from clock_timestamp()) * 1000)::bigint as base')
  await query(client, `update leases set epoch = ${Number(epochs[0]!.base)}, expires_at = '-infinity'`)
  await query(client, `alter table leases alter column epoch set default ${Number(epochs[0]!.base)}`)
  // Permits given since are not known: one whole window passes.
  await query(
    client,
    `update quota set taken_at = '{}', urgent_until = '-infinity', blocked_until = clock_timestamp() + (window_ms + margin_ms) * interval '1 millisecond'`,
  )
  await query(client, 'delete from sessions')
  return BigInt(rows[0]!.id)
}

/** A restored backup cannot know what was sent of this key after it. */
export async function restoreDoubt(
  client: pg.PoolClient,
  { entity, key }: { readonly entity: string; readonly key: string },
): Promise<Date | null> {
  const { rows } = await query<{ doubt: Date | null }>(
    client,
    'select doubt_since((select max(updated_at) from changes where entity = $1 and key = $2)) as doubt',
    [entity, key],
  )
  return rows[0]!.doubt
}

/** A compare's letter that came into a backup after its index did: its run is not known here, or began before the restore. */
export async function isFromBefore(client: pg.PoolClient, run: string): Promise<boolean> {
  const { rows } = await query<{ before: boolean }>(
    client,
    `select max(restored_at) > coalesce((select started_at from runs where id = split_part($1, '.', 1)), '-infinity') as before from restores`,
    [run],
  )
  return rows[0]!.before === true
}

/** Queue and snapshots are in their places: work may begin. */
export async function finishRestore(pool: pg.Pool, id: bigint): Promise<void> {
  await query(pool, 'update restores set finished_at = clock_timestamp() where id = $1', [String(id)])
}

/** @throws PonteError `restore.unfinished`: the state is there, its letters are not */
export async function refuseUnfinished(pool: pg.Pool): Promise<void> {
  const { rows } = await query<{ backup: string }>(pool, 'select backup from restores where finished_at is null order by id desc limit 1')
  if (rows[0] === undefined) return
  throw new PonteError('restore.unfinished', `the restore of ${rows[0].backup} broke off before its end`, {
    hint: `run it again: ponte restore ${rows[0].backup} --force`,
    exitCode: 2,
  })
}
