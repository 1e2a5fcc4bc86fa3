/** The audit log: every action of an operator, written before its effect and given its outcome after it. */

import type pg from 'pg'
import { PonteError } from '../../../base/error.ts'
import { jsonText } from '../../../base/text.ts'
import { type Db, query } from '../query.ts'

/** What an operator is about to do. Values may be personal data: they are shown to operators, never logged. */
export interface Action {
  /** `user:<name>`, `token:<name>` or `cli:<login of the machine>`. */
  readonly actor: string
  /** Dotted, such as `falhas.requeue`. */
  readonly action: string
  /** What it is done to: a letter, a job, a user. */
  readonly target: string
  readonly before?: unknown
  readonly after?: unknown
  readonly reason?: string
}

export interface AuditEntry extends Required<Omit<Action, 'reason'>> {
  readonly id: number
  readonly at: Date
  readonly reason: string | null
  /** `done`, or the code of what refused it; null: under way, or cut short by a crash. */
  readonly outcome: string | null
}

/** Does what the work does, and leaves it in the audit log. */
export type Audited = <T>(action: Action, work: () => Promise<T>) => Promise<T>

/**
 * Writes the entry, does the work, writes the outcome. A crash in between leaves an entry without one: it may have happened.
 * What the work returns replaces `after` when it has a property `after`.
 * @throws PonteError `state.*`: the work was not begun; what the work throws
 */
export function audited(state: pg.Pool): Audited {
  return async (action, work) => {
    const id = await begin(state, action)
    try {
      const result = await work()
      await end(state, id, 'done', afterOf(result))
      return result
    } catch (error) {
      await end(state, id, error instanceof PonteError || hasCode(error) ? error.code : 'failed', undefined)
      throw error
    }
  }
}

/** What was refused before there was anything to do, such as a login. */
export async function noteRefused(state: pg.Pool, action: Action, code: string): Promise<void> {
  await end(state, await begin(state, action), code, undefined)
}

async function begin(state: pg.Pool, { actor, action, target, before, after, reason }: Action): Promise<string> {
  const { rows } = await query<{ id: string }>(
    state,
    'insert into audit (actor, action, target, before, after, reason) values ($1, $2, $3, $4, $5, $6) returning id',
    [actor, action, target, json(before), json(after), reason ?? null],
  )
  return rows[0]!.id
}

async function end(state: pg.Pool, id: string, outcome: string, after: unknown): Promise<void> {
  await query(state, 'update audit set outcome = $2, after = coalesce($3, after) where id = $1', [id, outcome, json(after)])
}

const json = (value: unknown): string | null => (value === undefined || value === null ? null : jsonText(value))

function afterOf(result: unknown): unknown {
  return typeof result === 'object' && result !== null && 'after' in result ? result.after : undefined
}

function hasCode(error: unknown): error is { code: string } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
}

export interface AuditFilter {
  readonly actor?: string
  /** Begins with, so that `falhas` finds `falhas.requeue`. */
  readonly action?: string
  readonly target?: string
  /** Older than this entry: the next page. */
  readonly before?: number
  readonly limit: number
}

/** The newest first. */
export async function listAudit(db: Db, { actor, action, target, before, limit }: AuditFilter): Promise<AuditEntry[]> {
  const { rows } = await query<AuditEntry & pg.QueryResultRow>(
    db,
    `select id::integer, at, actor, action, target, before, after, reason, outcome from audit
      where ($1::text is null or actor = $1) and ($2::text is null or starts_with(action, $2)) and ($3::text is null or target = $3)
        and ($4::bigint is null or id < $4)
      order by id desc limit $5`,
    [actor ?? null, action ?? null, target ?? null, before ?? null, limit],
  )
  return rows
}
