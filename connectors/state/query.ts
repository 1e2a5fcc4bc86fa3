/** The one way to speak to the state database: whatever goes wrong becomes a PonteError, so that callers know it for systemic. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { withoutNul } from '../../base/text.ts'
import { inTransaction } from '../pg/transaction.ts'
import { isTls } from '../tls.ts'

export type Db = pg.Pool | pg.PoolClient

/**
 * Runs one statement. Texts among the values lose U+0000, which PostgreSQL cannot keep; JSON is made by `jsonText`.
 * @throws PonteError `state.unreachable` (away, too slow, shutting down) | `state.value_refused` (one record's value, not the statement) |
 *   `state.failed` (it refused the statement)
 */
export async function query<R extends pg.QueryResultRow>(db: Db, sql: string, values: readonly unknown[] = []): Promise<pg.QueryResult<R>> {
  try {
    return await db.query<R>(sql, values.map(withoutNul))
  } catch (error) {
    throw stateError(error)
  }
}

/** What the state database's clock says now. @throws what `query` throws */
export async function stateClock(db: Db): Promise<Date> {
  return (await query<{ at: Date }>(db, 'select clock_timestamp() as at')).rows[0]!.at
}

/** Runs `work` in a transaction: all of it or nothing. @throws what `query` and `work` throw */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let failedInside = false
  try {
    return await inTransaction(pool, async (client) => {
      try {
        return await work(client)
      } catch (error) {
        failedInside = true
        throw error
      }
    })
  } catch (error) {
    // What `work` threw is told already; a lost connection around it is not.
    throw failedInside ? error : stateError(error)
  }
}

/** Codes of PostgreSQL for "not now": connection, deadlock, resources, state, operator; and those of the socket, which are words. */
const away = /^(08|40|53|55|57)|^E[A-Z_]+$/

/** Too long, out of range, no such time, no number, a character that it cannot keep. */
const ofAValue = /^22(00[1378]|021|P0[25])$/

export function stateError(cause: unknown): PonteError {
  if (cause instanceof PonteError) return cause
  const { code = '' } = cause as { code?: string }
  // pg reports a lost connection and its own timeouts without a code.
  if (code === '' || away.test(code) || isTls(cause))
    return new PonteError('state.unreachable', "Ponte's state database does not answer.", {
      hint: 'Check STATE_DATABASE_URL and that database; the work stays queued and goes on by itself when it answers.',
      cause,
    })
  if (ofAValue.test(code))
    return new PonteError('state.value_refused', `Ponte's state database refuses a value of this record (SQLSTATE ${code}).`, {
      hint: 'Look at the ids and texts of the record: one is too long, out of range or of the wrong kind. The log has the cause.',
      cause,
    })
  return new PonteError('state.failed', `Ponte's state database refused a statement (SQLSTATE ${code}).`, {
    hint: 'Run ponte migrate; if that changes nothing, report this: the cause holds what the server said.',
    cause,
  })
}
