/** One unit of work on the ERP: all of it or nothing, and what was refused is written down where people of the ERP look. */
import { setTimeout as sleep } from 'node:timers/promises'
import type mysql from 'mysql2/promise'
import { erpError, type MysqlError } from './errors.ts'

/** SQLSTATEs of sql/mysql -> the error numbers of the original (mission B.5, B.7). */
const NUMBERS: Readonly<Record<string, number>> = { P2001: -20001, P2012: -20012, P2020: -20020 }
const DEADLOCK = 1213
const LOCK_WAIT = 1205
/** How often in all a transaction is begun that the server ended: deadlocks pass quickly, a lock wait has waited long already. */
const ATTEMPTS: Readonly<Record<number, number>> = { [DEADLOCK]: 8, [LOCK_WAIT]: 2 }

/**
 * Runs `work` in a transaction; after a deadlock or a lock wait it is run again. When the ERP refuses the write, ERROR_LOG gets a row on
 * another connection, because MySQL has no autonomous transaction (mission B.1).
 * @param subject what is written, by id and without personal data, e.g. `lead 4711`
 * @throws PonteError of `erpError`; nothing was changed then
 */
export async function inTransaction<T>(
  pool: mysql.Pool,
  subject: string,
  work: (connection: mysql.PoolConnection) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction(pool, work)
    } catch (error) {
      if (attempt < (ATTEMPTS[(error as MysqlError).errno ?? 0] ?? 0)) {
        await sleep(Math.random() * 20 * 2 ** attempt)
        continue
      }
      await logRefusal(pool, subject, error)
      throw erpError(error)
    }
  }
}

async function transaction<T>(pool: mysql.Pool, work: (connection: mysql.PoolConnection) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection()
  let broken = true
  try {
    // The variable is of the session: what the transaction before left there must not count.
    await connection.query('set @ponte_mirror_only = null')
    await connection.query('start transaction')
    const result = await work(connection)
    await connection.query('commit')
    broken = false
    return result
  } catch (error) {
    broken = !(await connection.query('rollback').then(
      () => true,
      () => false,
    ))
    throw error
  } finally {
    if (broken) connection.destroy()
    else connection.release()
  }
}

async function logRefusal(pool: mysql.Pool, subject: string, error: unknown): Promise<void> {
  const { sqlState = '', message = '' } = error as MysqlError
  const number = NUMBERS[sqlState]
  if (number === undefined) return
  // The refusal itself is what the caller must learn; a log that cannot be written must not hide it.
  await pool
    .query('insert into error_log (errorcode, errorstack, error_info) values (?, left(?, 4000), ?)', [
      number,
      `${sqlState} ${message}`,
      subject,
    ])
    .catch(() => {})
}
