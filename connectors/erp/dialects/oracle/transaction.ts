/** One unit of work on the ERP: all of it or nothing. What the ERP refuses its own triggers write to ERROR_LOG (sql/oracle). */
import { setTimeout as sleep } from 'node:timers/promises'
import type oracledb from 'oracledb'
import type { OraclePool } from './connection.ts'
import { erpError, isLost, isOra } from './errors.ts'

/** How often in all a transaction is begun that could not be finished; each time it decides anew on what stands there then. */
function attemptsAfter(error: unknown): number {
  // A deadlock, or another transaction was first: it passes quickly.
  if (isOra(error, 60, 8177)) return 8
  // A lock that was waited for; a package that was made anew under us; a line that was lost before the commit.
  if (isOra(error, 54, 30006, 4061, 4068) || isLost(error)) return 2
  return 0
}

/** Of a commit whose answer did not come. */
class InDoubt extends Error {}

/**
 * Runs `work` in a transaction, and again after a deadlock, a lock wait or a lost connection.
 * @param committed asked, on another connection and inside a transaction of its own, when the answer to the commit was lost: whether the
 * effect is there. It must take the lock that `work` took, so that the lost session is over by then. Without it, a commit in doubt fails.
 * @throws PonteError of `erpError`; nothing was changed then, save for a commit in doubt, which is `erp.unreachable` and safe to repeat
 */
export async function inTransaction<T>(
  pool: OraclePool,
  work: (connection: oracledb.Connection) => Promise<T>,
  committed?: (connection: oracledb.Connection) => Promise<boolean>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    let result: { readonly value: T } | undefined
    try {
      return await transaction(pool, async (connection) => {
        result = { value: await work(connection) }
        return result.value
      })
    } catch (error) {
      if (error instanceof InDoubt) {
        if (committed !== undefined && result !== undefined && (await transaction(pool, committed).catch(() => false))) return result.value
        throw erpError(error.cause)
      }
      if (attempt >= attemptsAfter(error)) throw erpError(error)
      await sleep(Math.random() * 20 * 2 ** attempt)
    }
  }
}

function transaction<T>(pool: OraclePool, work: (connection: oracledb.Connection) => Promise<T>): Promise<T> {
  return pool.lend(async (connection) => {
    let result: T
    try {
      result = await work(connection)
    } catch (error) {
      await connection.rollback().catch(() => {})
      throw error
    }
    try {
      await connection.commit()
    } catch (cause) {
      throw isLost(cause) ? Object.assign(new InDoubt('the answer to a commit was lost', { cause }), { isRecoverable: true }) : cause
    }
    return result
  })
}
