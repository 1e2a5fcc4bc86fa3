/** What is known of the schedules' ticks. */
import type pg from 'pg'
import { query } from '../query.ts'
import { pauses, type ScheduleRow, standingSchedules } from './schedules.ts'

export interface TickingRow {
  readonly now: Date
  readonly schedules: readonly ScheduleRow[]
  readonly paused: readonly string[]
  readonly lastStart: Date | null
  readonly running: readonly string[]
}

/** All times are this database's. Runs that began more than a day ago count as dead. */
export async function readTicking(pool: pg.Pool): Promise<TickingRow> {
  const [schedules, paused, { rows }] = await Promise.all([
    standingSchedules(pool),
    pauses(pool),
    query<{ now: Date; lastStart: Date | null; running: string[] }>(
      pool,
      `select clock_timestamp() as now,
              (select started_at from runs where trigger = 'schedule' and status <> 'queued' order by happened desc limit 1) as "lastStart",
              array(select job from runs where status = 'running' and started_at > clock_timestamp() - interval '1 day') as running`,
    ),
  ])
  const row = rows[0]!
  return { now: row.now, lastStart: row.lastStart, running: row.running, schedules, paused: paused.map(({ job }) => job) }
}
