/** How much there is and was to do, in numbers: what waits, what went each hour. */
import type pg from 'pg'
import { query } from '../query.ts'

export interface Waiting {
  /** Changes found in the ERP that the CRM does not have yet. */
  readonly count: number
  /** When the oldest of them was found: its age is the lag of this direction. */
  readonly oldest: Date | null
}

export async function waitingChanges(pool: pg.Pool): Promise<Waiting> {
  const { rows } = await query<{ count: string; oldest: Date | null }>(
    pool,
    `select count(*) as count, min(created_at) as oldest from changes where status = 'queued'`,
  )
  return { count: Number(rows[0]!.count), oldest: rows[0]!.oldest }
}

export interface Hour {
  readonly at: Date
  /** ERP to CRM: changes delivered, changes refused. */
  readonly delivered: number
  readonly refused: number
  /** CRM to ERP: events that changed the ERP, or would have said nothing new; events refused. */
  readonly applied: number
  readonly rejected: number
}

/** The last hours, oldest first, the current one included. */
export async function hours(pool: pg.Pool, count: number): Promise<Hour[]> {
  const { rows } = await query<{ at: Date } & Record<Exclude<keyof Hour, 'at'>, string>>(
    pool,
    `with span as (
       select generate_series(date_trunc('hour', clock_timestamp()) - ($1 - 1) * interval '1 hour', clock_timestamp(), interval '1 hour') as at
     ), sent as (
       select date_trunc('hour', updated_at) as at, count(*) filter (where status = 'delivered') as delivered, count(*) filter (where status = 'failed') as refused
         from changes where status in ('delivered', 'failed') and updated_at >= (select min(at) from span) group by 1
     ), came as (
       select date_trunc('hour', ended_at) as at, count(*) filter (where outcome <> 'refused') as applied, count(*) filter (where outcome = 'refused') as rejected
         from inbound_events where ended_at >= (select min(at) from span) group by 1
     )
     select span.at, coalesce(delivered, 0) as delivered, coalesce(refused, 0) as refused, coalesce(applied, 0) as applied, coalesce(rejected, 0) as rejected
       from span left join sent on sent.at = span.at left join came on came.at = span.at order by span.at`,
    [count],
  )
  return rows.map(({ at, ...counts }) => ({
    at,
    delivered: Number(counts.delivered),
    refused: Number(counts.refused),
    applied: Number(counts.applied),
    rejected: Number(counts.rejected),
  }))
}

export interface QuotaUse {
  /** Host of the CRM. */
  readonly resource: string
  readonly used: number
  readonly limit: number
  readonly windowMs: number
  /** The CRM said 429: nobody may send before this. */
  readonly blockedUntil: Date | null
}

/** How much of each shared quota is in use at this moment: for people to look at, never to decide by. */
export async function quotaUse(pool: pg.Pool): Promise<QuotaUse[]> {
  const { rows } = await query<QuotaUse & pg.QueryResultRow>(
    pool,
    `select resource, max_requests as limit, window_ms as "windowMs",
            (select count(*)::integer from unnest(taken_at) t where t > clock_timestamp() - (window_ms + margin_ms) * interval '1 millisecond') as used,
            case when blocked_until > clock_timestamp() then blocked_until end as "blockedUntil"
       from quota order by resource`,
  )
  return rows
}
