/** What the workers put up, and which jobs are paused. */
import type pg from 'pg'
import { query, transaction } from '../query.ts'

export interface ScheduleRow {
  readonly job: string
  readonly cron: string
  readonly zone: string
  /** Since when it stands as it is. */
  readonly since: Date
}

/** Makes these the schedules that stand. One that did not change keeps its `since`. */
export async function putSchedules(pool: pg.Pool, schedules: readonly Omit<ScheduleRow, 'since'>[]): Promise<void> {
  const jobs = schedules.map(({ job }) => job)
  await transaction(pool, async (client) => {
    await query(client, 'delete from schedules where not job = any ($1)', [jobs])
    await query(
      client,
      `insert into schedules as s (job, cron, zone) select * from unnest($1::text[], $2::text[], $3::text[]) order by 1
       on conflict (job) do update set cron = excluded.cron, zone = excluded.zone, since = clock_timestamp()
         where (s.cron, s.zone) is distinct from (excluded.cron, excluded.zone)`,
      [jobs, schedules.map(({ cron }) => cron), schedules.map(({ zone }) => zone)],
    )
  })
}

export async function standingSchedules(pool: pg.Pool): Promise<ScheduleRow[]> {
  return (await query<ScheduleRow>(pool, 'select job, cron, zone, since from schedules order by job')).rows
}

/** Stands for all jobs. */
export const ALL_JOBS = '*'

export interface Pause {
  /** A job, or ALL_JOBS. */
  readonly job: string
  readonly pausedAt: Date
  readonly pausedBy: string
}

/**
 * From now on the job (ALL_JOBS: every job) runs only when a person asks for it. What is running goes on.
 * @returns false when it was paused already
 */
export async function pauseJob(pool: pg.Pool, job: string, by: string): Promise<boolean> {
  const { rowCount } = await query(pool, 'insert into paused_jobs (job, paused_by) values ($1, $2) on conflict (job) do nothing', [job, by])
  return rowCount === 1
}

/**
 * It runs again, from its next tick. ALL_JOBS takes back the pause of all; a job that was paused by its own name stays so.
 * @returns false when it was not paused
 */
export async function resumeJob(pool: pg.Pool, job: string): Promise<boolean> {
  return (await query(pool, 'delete from paused_jobs where job = $1', [job])).rowCount === 1
}

export async function pauses(pool: pg.Pool): Promise<Pause[]> {
  return (await query<Pause>(pool, 'select job, paused_at as "pausedAt", paused_by as "pausedBy" from paused_jobs order by job')).rows
}

export async function isPaused(pool: pg.Pool, job: string): Promise<boolean> {
  return (await query(pool, 'select from paused_jobs where job in ($1, $2) limit 1', [job, ALL_JOBS])).rowCount === 1
}
