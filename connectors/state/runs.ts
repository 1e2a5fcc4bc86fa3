/** Run history: one row per run of a job, with its counts. */
import type pg from 'pg'
import { query, transaction } from './query.ts'

export type RunStatus = 'running' | 'success' | 'skipped' | 'failed' | 'stopped'

export interface Run {
  readonly id: string
  readonly job: string
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly status: RunStatus
  readonly counts: Readonly<Record<string, unknown>>
  readonly message: string | null
}

/** Opens a run. The caller holds the job's lease, so any run of this job still open was cut short by a crash and is closed. */
export async function startRun(pool: pg.Pool, id: string, job: string): Promise<void> {
  await transaction(pool, async (client) => {
    await query(
      client,
      `update runs set status = 'failed', ended_at = clock_timestamp(), message = 'the process ended before the run did' where job = $1 and status = 'running'`,
      [job],
    )
    await query(client, 'insert into runs (id, job) values ($1, $2)', [id, job])
  })
}

export async function endRun(
  pool: pg.Pool,
  id: string,
  status: Exclude<RunStatus, 'running'>,
  counts: Record<string, unknown>,
  message?: string,
): Promise<void> {
  await query(pool, 'update runs set status = $2, counts = $3, message = $4, ended_at = clock_timestamp() where id = $1', [
    id,
    status,
    JSON.stringify(counts),
    message ?? null,
  ])
}

const columns = 'id, job, started_at as "startedAt", ended_at as "endedAt", status, counts, message'

export async function findRun(pool: pg.Pool, id: string): Promise<Run | null> {
  const { rows } = await query<Run>(pool, `select ${columns} from runs where id = $1`, [id])
  return rows[0] ?? null
}

/** The last runs of a job, newest first. */
export async function recentRuns(pool: pg.Pool, job: string, limit: number): Promise<Run[]> {
  return (await query<Run>(pool, `select ${columns} from runs where job = $1 order by started_at desc, id desc limit $2`, [job, limit]))
    .rows
}

/** The last run of every job that ever ran. */
export async function lastRuns(pool: pg.Pool): Promise<Run[]> {
  return (await query<Run>(pool, `select distinct on (job) ${columns} from runs order by job, started_at desc, id desc`)).rows
}

/** A later run of the same job did its work to the end: what this one found is old. */
export async function isOvertaken(pool: pg.Pool, id: string): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    `select from runs r join runs n on n.job = r.job and n.started_at > r.started_at and n.status in ('success', 'skipped') where r.id = $1 limit 1`,
    [id],
  )
  return rowCount === 1
}
