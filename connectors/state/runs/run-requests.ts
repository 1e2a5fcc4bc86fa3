/** Runs that somebody wants and a worker will begin. They are rows, not messages: whatever is wiped, they are still wanted. */

import type pg from 'pg'
import { ulid } from 'ulid'
import { jsonText } from '../../../base/text.ts'
import { query } from '../query.ts'
import type { RunParameters, RunTrigger } from './runs.ts'

export interface RunRequest {
  readonly job: string
  readonly trigger: Extract<RunTrigger, 'manual' | 'job'>
  readonly parameters?: RunParameters
  /** Who asks: a user, the name of a token. */
  readonly by?: string
  readonly parent?: string
}

/**
 * Asks the workers for a run; one of them begins it within seconds. Durable when it resolves.
 * @returns the id that the run has; null when the same job's work is waited for already (trigger `job`)
 */
export async function requestRun(pool: pg.Pool, request: RunRequest): Promise<string | null> {
  const id = ulid()
  const { rowCount } = await query(
    pool,
    `insert into runs (id, job, trigger, parameters, requested_by, parent, status) values ($1, $2, $3, $4, $5, $6, 'queued')
     on conflict (job) where status = 'queued' and trigger <> 'manual' do nothing`,
    [id, request.job, request.trigger, jsonText(request.parameters ?? {}), request.by ?? null, request.parent ?? null],
  )
  return rowCount === 1 ? id : null
}

export interface QueuedRun {
  readonly id: string
  readonly job: string
}

/** Those that nobody has begun, oldest first. */
export async function queuedRuns(pool: pg.Pool): Promise<QueuedRun[]> {
  return (await query<QueuedRun>(pool, `select id, job from runs where status = 'queued' order by happened`)).rows
}

/** Takes a request back that nobody has begun. @returns false when it has begun, or is not there */
export async function withdrawRun(pool: pg.Pool, id: string): Promise<boolean> {
  const { rowCount } = await query(pool, `delete from runs where id = $1 and status = 'queued'`, [id])
  return rowCount === 1
}
