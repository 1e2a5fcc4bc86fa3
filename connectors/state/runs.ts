/** Run history: one row per run of a job, with its counts. */
import type pg from 'pg'

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
  await pool.query(
    `update runs set status = 'failed', ended_at = clock_timestamp(), message = 'the process ended before the run did' where job = $1 and status = 'running'`,
    [job],
  )
  await pool.query('insert into runs (id, job) values ($1, $2)', [id, job])
}

export async function endRun(
  pool: pg.Pool,
  id: string,
  status: Exclude<RunStatus, 'running'>,
  counts: Record<string, unknown>,
  message?: string,
): Promise<void> {
  await pool.query('update runs set status = $2, counts = $3, message = $4, ended_at = clock_timestamp() where id = $1', [
    id,
    status,
    JSON.stringify(counts),
    message ?? null,
  ])
}

export async function findRun(pool: pg.Pool, id: string): Promise<Run | null> {
  const { rows } = await pool.query(
    'select id, job, started_at as "startedAt", ended_at as "endedAt", status, counts, message from runs where id = $1',
    [id],
  )
  return rows[0] ?? null
}
