/** What the history of runs says, for people and pages. */
import type pg from 'pg'
import { query } from '../query.ts'
import type { Run, RunStatus, RunTrigger } from './runs.ts'

const columns = `id, job, trigger, parameters, requested_at as "requestedAt", requested_by as "requestedBy", parent, attempt, worker,
  started_at as "startedAt", ended_at as "endedAt", status, counts, code, message, retry_at as "retryAt"`

export async function findRun(pool: pg.Pool, id: string): Promise<Run | null> {
  const { rows } = await query<Run>(pool, `select ${columns} from runs where id = $1`, [id])
  return rows[0] ?? null
}

export interface RunFilter {
  readonly job?: string
  /** Any of these. */
  readonly statuses?: readonly RunStatus[]
  readonly trigger?: RunTrigger
  /** Runs that this one triggered, and its retries. */
  readonly parent?: string
  /** Started then or later. */
  readonly since?: Date
  /** Older than this run: the last of the page before. */
  readonly before?: string
  readonly limit: number
}

/** Runs, newest first. */
export async function listRuns(pool: pg.Pool, filter: RunFilter): Promise<Run[]> {
  const { job = null, statuses = null, trigger = null, parent = null, since = null, before = null, limit } = filter
  const { rows } = await query<Run>(
    pool,
    `select ${columns} from runs
      where ($1::text is null or job = $1) and ($2::text[] is null or status = any ($2)) and ($3::text is null or trigger = $3)
        and ($4::text is null or parent = $4) and ($5::timestamptz is null or started_at >= $5)
        and ($6::text is null or happened < (select b.happened from runs b where b.id = $6))
      order by happened desc limit $7`,
    [job, statuses, trigger, parent, since, before, limit],
  )
  return rows
}

/** The last runs of a job, newest first. */
export const recentRuns = (pool: pg.Pool, job: string, limit: number): Promise<Run[]> => listRuns(pool, { job, limit })

/** The last run of every job that ever ran, queued ones aside; the newest first. */
export async function lastRuns(pool: pg.Pool): Promise<Run[]> {
  const { rows } = await query<Run>(
    pool,
    `select ${columns} from (select distinct on (job) * from runs where status <> 'queued' order by job, happened desc) r order by happened desc`,
  )
  return rows
}

/**
 * Deletes runs that found nothing to do and ended before then; all others are kept, as changes and balances name them.
 * @returns how many
 */
export async function purgeRuns(pool: pg.Pool, before: Date): Promise<number> {
  const { rowCount } = await query(pool, `delete from runs where status = 'skipped' and ended_at < $1`, [before])
  return rowCount ?? 0
}
