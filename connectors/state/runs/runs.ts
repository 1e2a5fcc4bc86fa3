/**
 * Run history: one row per run of a job, with its counts.
 *
 *   queued ──► running ──► success | skipped | failed | stopped
 */

import type pg from 'pg'
import { ulid } from 'ulid'
import { jsonText } from '../../../base/text.ts'
import { query, transaction } from '../query.ts'

export type RunStatus = 'queued' | 'running' | 'success' | 'skipped' | 'failed' | 'stopped'
export type RunEnd = Exclude<RunStatus, 'queued' | 'running'>
/** Why a job runs: its schedule, a person, a webhook, another job's work. */
export type RunTrigger = 'schedule' | 'manual' | 'webhook' | 'job'
/** What a person may ask a run for. */
export interface RunParameters {
  readonly dryRun?: boolean
  /** The run that a guard stopped and that may go on. */
  readonly acceptGuard?: string
}

export interface Run {
  readonly id: string
  readonly job: string
  readonly trigger: RunTrigger
  readonly parameters: RunParameters
  readonly requestedAt: Date
  readonly requestedBy: string | null
  /** The run that made work for this one; of what was asked for and is tried again, its first run. */
  readonly parent: string | null
  readonly attempt: number
  /** host:pid; null while queued. */
  readonly worker: string | null
  /** While queued: when it was requested. */
  readonly startedAt: Date
  readonly endedAt: Date | null
  readonly status: RunStatus
  readonly counts: Readonly<Record<string, unknown>>
  readonly code: string | null
  readonly message: string | null
  /** When a failed run is tried again; null: by its next tick. */
  readonly retryAt: Date | null
}

export type RunStart = Partial<Pick<Run, 'trigger' | 'parameters' | 'parent' | 'attempt' | 'worker'>>

/**
 * Opens a run. The caller holds the job's lease, so any run of this job still open was cut short by a crash and is closed.
 * @param id a new one, or that of a queued run; when that one was begun before (its worker died), the run gets an id of its own
 * @returns the id of the run
 */
export async function startRun(pool: pg.Pool, id: string, job: string, start: RunStart = {}): Promise<string> {
  const { trigger = 'manual', parameters = {}, parent = null, attempt = 1, worker = null } = start
  return transaction(pool, async (client) => {
    await query(
      client,
      `update runs set status = 'failed', ended_at = clock_timestamp(), code = 'run.killed', message = 'the process ended before the run did' where job = $1 and status = 'running'`,
      [job],
    )
    const insert = async (as: string, of: string | null) =>
      await query(
        client,
        `insert into runs as r (id, job, trigger, parameters, parent, attempt, worker) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set status = 'running', started_at = clock_timestamp(), worker = excluded.worker
           where r.status = 'queued' and r.job = excluded.job`,
        [as, job, trigger, jsonText(parameters), of, attempt, worker],
      )
    if ((await insert(id, parent)).rowCount === 1) return id
    const another = ulid()
    await insert(another, id)
    return another
  })
}

/** A run that was closed meanwhile (its worker had lost the lease) stays as it was closed. */
export async function endRun(
  pool: pg.Pool,
  id: string,
  status: RunEnd,
  counts: Record<string, unknown>,
  message?: string,
  code?: string,
): Promise<void> {
  await query(
    pool,
    `update runs set status = $2, counts = $3, message = $4, code = $5, ended_at = clock_timestamp()
      where id = $1 and status in ('queued', 'running')`,
    [id, status, jsonText(counts), message ?? null, code ?? null],
  )
}

/** Writes down when a failed run is tried again. */
export async function noteRetry(pool: pg.Pool, id: string, afterMs: number): Promise<void> {
  await query(pool, `update runs set retry_at = clock_timestamp() + $2 * interval '1 millisecond' where id = $1`, [id, afterMs])
}

/** A later run of the same job did its work to the end: what this one found is old. */
export async function isOvertaken(pool: pg.Pool, id: string): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    `select from runs r join runs n on n.job = r.job and n.happened > r.happened and n.status in ('success', 'skipped') where r.id = $1 limit 1`,
    [id],
  )
  return rowCount === 1
}
