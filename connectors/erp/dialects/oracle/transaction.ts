/** Transactions on Oracle. What the ERP refuses its own triggers write to ERROR_LOG, by an autonomous transaction. */

import type oracledb from 'oracledb'
import { ATTEMPTS, InDoubt, type Transactions } from '../../sql/transact.ts'
import type { OraclePool } from './connection.ts'
import { type OracleLink, oracleLink } from './dialect.ts'
import { erpError, isLost, isOra } from './errors.ts'

export function oracleTransactions(pool: OraclePool): Transactions<oracledb.Connection, OracleLink> {
  return {
    once: (work) => once(pool, work),
    link: oracleLink,
    attemptsAfter(error) {
      // A deadlock, or another transaction was first.
      if (isOra(error, 60, 8177)) return ATTEMPTS.deadlock
      // A lock that was waited for; a package that was made anew under us; a line that was lost before the commit.
      return isOra(error, 54, 30006, 4061, 4068) || isLost(error) ? ATTEMPTS.lockWait : 0
    },
    erpError,
  }
}

function once<T>(pool: OraclePool, work: (connection: oracledb.Connection) => Promise<T>): Promise<T> {
  return pool.lend(async (connection) => {
    let result: T
    try {
      result = await work(connection)
    } catch (error) {
      await connection.rollback().catch(() => {})
      throw error
    }
    await connection.commit().catch((cause) => {
      // The pool lends no connection again that lost its answer.
      throw isLost(cause) ? Object.assign(new InDoubt(cause), { isRecoverable: true }) : cause
    })
    return result
  })
}
