/** What each machine sees: room on its disks, and whether the CRM and the ERP answer it. */
import type pg from 'pg'
import { query } from '../query.ts'

export interface Disk {
  readonly machine: string
  /** queue, state. */
  readonly place: string
  readonly freeBytes: number
  readonly sizeBytes: number
}

export async function noteDisks(pool: pg.Pool, machine: string, disks: readonly Omit<Disk, 'machine'>[]): Promise<void> {
  await query(
    pool,
    `insert into disks (machine, place, free_bytes, size_bytes) select $1, * from unnest($2::text[], $3::float8[], $4::float8[]) order by 2
     on conflict (machine, place) do update set free_bytes = excluded.free_bytes, size_bytes = excluded.size_bytes, noted_at = clock_timestamp()`,
    [machine, disks.map(({ place }) => place), disks.map(({ freeBytes }) => freeBytes), disks.map(({ sizeBytes }) => sizeBytes)],
  )
}

/** Of all machines that noted theirs within the last ten minutes. Forgets those that have not for an hour. */
export async function notedDisks(pool: pg.Pool): Promise<Disk[]> {
  await query(pool, `delete from disks where noted_at < clock_timestamp() - interval '1 hour'`)
  const { rows } = await query<Disk & pg.QueryResultRow>(
    pool,
    `select machine, place, free_bytes as "freeBytes", size_bytes as "sizeBytes" from disks
      where noted_at > clock_timestamp() - interval '10 minutes' order by machine, place`,
  )
  return rows
}

export type Partner = 'crm' | 'erp'

export interface Reachable {
  readonly machine: string
  readonly what: Partner
  readonly up: boolean
  /** For how long it has been so. */
  readonly seconds: number
}

export async function noteReachable(pool: pg.Pool, machine: string, what: Partner, up: boolean): Promise<void> {
  await query(
    pool,
    `insert into reachability as r (machine, what, up) values ($1, $2, $3)
     on conflict (machine, what) do update
       set up = excluded.up, noted_at = clock_timestamp(), since = case when r.up = excluded.up then r.since else clock_timestamp() end`,
    [machine, what, up],
  )
}

/** As noted within the last 15 minutes: what nobody asked for longer is not known. */
export async function notedReachability(pool: pg.Pool): Promise<Reachable[]> {
  const { rows } = await query<Reachable & pg.QueryResultRow>(
    pool,
    `select machine, what, up, greatest(0, extract(epoch from clock_timestamp() - since))::float8 as seconds from reachability
      where noted_at > clock_timestamp() - interval '15 minutes' order by machine, what`,
  )
  return rows
}
