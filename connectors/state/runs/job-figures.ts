/** What jobs did, in figures that only grow and outlive the history of runs (sql/state/0011). */
import type pg from 'pg'
import { query } from '../query.ts'

/** One way in which runs of a job ended. */
export interface JobEnd {
  readonly job: string
  readonly status: 'success' | 'skipped' | 'failed' | 'stopped'
  readonly runs: number
  /** Of all of them together. */
  readonly seconds: number
  readonly lastEndedAt: Date
  readonly lastSeconds: number
  /** PonteError code of the last one. */
  readonly lastCode: string | null
  readonly lastRun: string
  /** By the state database's clock. */
  readonly lastAgeSeconds: number
}

export async function jobEnds(pool: pg.Pool): Promise<JobEnd[]> {
  const { rows } = await query<JobEnd & pg.QueryResultRow>(
    pool,
    `select job, status, runs::float8 as runs, seconds, last_ended_at as "lastEndedAt", last_seconds as "lastSeconds", last_code as "lastCode",
            last_run as "lastRun", greatest(0, extract(epoch from clock_timestamp() - last_ended_at))::float8 as "lastAgeSeconds"
       from job_ends order by job, status`,
  )
  return rows
}

/** Sums of what the runs of each job counted: delivered, dead, echo... */
export async function jobCounts(pool: pg.Pool): Promise<{ job: string; name: string; value: number }[]> {
  return (await query<{ job: string; name: string; value: number }>(pool, 'select job, name, value from job_counts order by job, name'))
    .rows
}

/**
 * Seconds since `job` last succeeded; when it never did, since the first run that is remembered (of any job); 0 when nothing ever ran.
 */
export async function secondsWithout(pool: pg.Pool, job: string): Promise<number> {
  const { rows } = await query<{ seconds: number }>(
    pool,
    `select greatest(0, extract(epoch from clock_timestamp() - coalesce(
              (select last_ended_at from job_ends where job = $1 and status = 'success'),
              (select started_at from runs where started_at is not null order by id limit 1),
              clock_timestamp())))::float8 as seconds`,
    [job],
  )
  return rows[0]!.seconds
}

/** Changes found in the ERP that the CRM does not have yet. */
export interface WaitingEntity {
  readonly entity: string
  readonly count: number
  readonly oldestSeconds: number
}

export async function waitingByEntity(pool: pg.Pool): Promise<WaitingEntity[]> {
  const { rows } = await query<WaitingEntity & pg.QueryResultRow>(
    pool,
    `select entity, count(*)::float8 as count, greatest(0, extract(epoch from clock_timestamp() - min(created_at)))::float8 as "oldestSeconds"
       from changes where status = 'queued' group by entity order by entity`,
  )
  return rows
}

/** What the last hour brought. */
export interface LastHour {
  readonly conflicts: number
  /** Lines and letters that went to falhas. */
  readonly dead: number
  /** From the arrival of an event to the ERP's commit, seconds: median, 95th percentile; null without events. */
  readonly inboundMedian: number | null
  readonly inboundP95: number | null
}

export async function lastHour(pool: pg.Pool): Promise<LastHour> {
  const { rows } = await query<LastHour & pg.QueryResultRow>(
    pool,
    `with times as (select greatest(0, extract(epoch from ended_at - received_at))::float8 as seconds from inbound_events
                     where ended_at > clock_timestamp() - interval '1 hour' and received_at is not null order by ended_at desc limit 10000)
     select (select count(*) from conflicts where created_at > clock_timestamp() - interval '1 hour')::float8 as conflicts,
            (select coalesce(sum(coalesce((counts ->> 'dead')::float8, 0) + coalesce((counts ->> 'rejected')::float8, 0)), 0)
               from runs where started_at > clock_timestamp() - interval '1 day' and ended_at > clock_timestamp() - interval '1 hour' and status <> 'skipped') as dead,
            (select percentile_cont(0.5) within group (order by seconds) from times) as "inboundMedian",
            (select percentile_cont(0.95) within group (order by seconds) from times) as "inboundP95"`,
  )
  return rows[0]!
}

/** What the detectors of the newest compare reported. */
export async function lastDetectors(pool: pg.Pool, job: string): Promise<unknown> {
  const { rows } = await query<{ detectors: unknown }>(
    pool,
    `select counts -> 'detectors' as detectors from runs
      where id = (select last_run from job_ends where job = $1 and status in ('success', 'skipped') order by last_ended_at desc limit 1)`,
    [job],
  )
  return rows[0]?.detectors ?? []
}
