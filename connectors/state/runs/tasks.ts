/**
 * Tasks in steps that survive the request and the process that started them.
 *
 *   waiting ──► running ──► done
 *                  └──────► failed
 *
 * A step is begun before its effect and counted after it. Every write after the first is fenced by the task's lease.
 */

import type pg from 'pg'
import { jsonText } from '../../../base/text.ts'
import { query } from '../query.ts'
import { type Fence, fenceHolds } from './leases.ts'

export interface Task<Step = unknown> {
  readonly id: string
  readonly kind: string
  readonly leadId: number
  readonly steps: readonly Step[]
  /** Steps whose effect is certain. */
  readonly done: number
  /** The next step's effect may have happened. */
  readonly begun: boolean
  readonly status: 'waiting' | 'running' | 'done' | 'failed'
  readonly code: string | null
  readonly message: string | null
}

const columns = 'id, kind, lead_id::float8 as "leadId", steps, done, begun, status, code, message'

/** Makes a task, or gives the one of this kind that the lead has open: there is one at a time. Durable when it resolves. */
export async function openTask<Step>(
  pool: pg.Pool,
  task: { readonly id: string; readonly kind: string; readonly leadId: number; readonly steps: readonly Step[] },
): Promise<Task<Step>> {
  for (;;) {
    const { rows } = await query<Task<Step>>(
      pool,
      `insert into tasks (id, kind, lead_id, steps) values ($1, $2, $3, $4)
       on conflict (kind, lead_id) where status in ('waiting', 'running') do nothing returning ${columns}`,
      [task.id, task.kind, task.leadId, jsonText(task.steps)],
    )
    if (rows[0]) return rows[0]
    const open = await query<Task<Step>>(
      pool,
      `select ${columns} from tasks where kind = $1 and lead_id = $2 and status in ('waiting', 'running')`,
      [task.kind, task.leadId],
    )
    // Else it ended between the two statements.
    if (open.rows[0]) return open.rows[0]
  }
}

export async function findTask<Step>(pool: pg.Pool, id: string): Promise<Task<Step> | null> {
  const { rows } = await query<Task<Step>>(pool, `select ${columns} from tasks where id = $1`, [id])
  return rows[0] ?? null
}

/** Ids of the tasks of a kind that have not ended, oldest first. */
export async function openTaskIds(pool: pg.Pool, kind: string): Promise<string[]> {
  const { rows } = await query<{ id: string }>(
    pool,
    `select id from tasks where kind = $1 and status in ('waiting', 'running') order by happened nulls first, created_at, id`,
    [kind],
  )
  return rows.map(({ id }) => id)
}

/** Before the effect of the next step. @returns false when the lease was lost; so do the others */
export function beginStep(pool: pg.Pool, id: string, lease: Fence): Promise<boolean> {
  return write(pool, id, lease, `status = 'running', begun = true`)
}

/** The effect of the begun step certainly did not happen. */
export function forgetStep(pool: pg.Pool, id: string, lease: Fence): Promise<boolean> {
  return write(pool, id, lease, 'begun = false')
}

/** The begun step is done; `steps` at once when the later ones need none. */
export function finishSteps(pool: pg.Pool, id: string, steps: number, lease: Fence): Promise<boolean> {
  const set = `begun = false, done = done + $4, status = case when done + $4 >= jsonb_array_length(steps) then 'done' else 'running' end`
  return write(pool, id, lease, set, [steps])
}

export function failTask(pool: pg.Pool, id: string, code: string, message: string, lease: Fence): Promise<boolean> {
  return write(pool, id, lease, `begun = false, status = 'failed', code = $4, message = $5`, [code, message])
}

/** An ended task is never worked on again, so its lease needs no further epochs. */
export async function forgetLease(pool: pg.Pool, lease: Fence): Promise<void> {
  await query(pool, 'delete from leases where name = $1 and epoch = $2', [lease.name, lease.epoch])
}

export function hasEnded({ status }: Pick<Task, 'status'>): boolean {
  return status === 'done' || status === 'failed'
}

async function write(pool: pg.Pool, id: string, lease: Fence, set: string, values: readonly unknown[] = []): Promise<boolean> {
  const { rowCount } = await query(
    pool,
    `update tasks set ${set}, updated_at = clock_timestamp() where id = $1 and status in ('waiting', 'running') and ${fenceHolds(2, 3)}`,
    [id, lease.name, lease.epoch, ...values],
  )
  return rowCount === 1
}
