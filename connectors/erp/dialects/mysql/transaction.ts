/** Transactions on MySQL; the statement that commits is the one whose answer may be lost. */
import type mysql from 'mysql2/promise'
import { ATTEMPTS, InDoubt, type Transactions } from '../../sql/transact.ts'
import { mysqlLink } from './dialect.ts'
import { erpError, isLost, type MysqlError } from './errors.ts'

/** A deadlock; a lock that was waited for. */
const AGAIN: Readonly<Record<number, number>> = { 1213: ATTEMPTS.deadlock, 1205: ATTEMPTS.lockWait }

export function mysqlTransactions(pool: mysql.Pool): Transactions<mysql.PoolConnection> {
  return {
    once: (work) => once(pool, work),
    link: mysqlLink,
    attemptsAfter: (error) => AGAIN[(error as MysqlError).errno ?? 0] ?? 0,
    erpError,
    // MySQL has no autonomous transaction in which the schema could write it down.
    refusal: (error) => {
      const { sqlState: state = '', message = '' } = error as MysqlError
      return { state, message }
    },
  }
}

async function once<T>(pool: mysql.Pool, work: (connection: mysql.PoolConnection) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection()
  let broken = true
  try {
    // The variable is of the session: what the transaction before left there must not count.
    await connection.query('set @ponte_mirror_only = null')
    await connection.query('start transaction')
    const result = await work(connection)
    await connection.query('commit').catch((cause) => {
      throw isLost(cause) ? new InDoubt(cause) : cause
    })
    broken = false
    return result
  } catch (error) {
    broken = error instanceof InDoubt || !(await connection.query('rollback').then(yes, no))
    throw error
  } finally {
    if (broken) connection.destroy()
    else connection.release()
  }
}

const yes = () => true
const no = () => false
