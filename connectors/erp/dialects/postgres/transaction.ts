/** One unit of work on the ERP: all of it or nothing, and what was refused is written down where people of the ERP look. */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { inTransaction as transaction } from '../../../pg/transaction.ts'
import { erpError } from './errors.ts'

/** SQLSTATEs of sql/postgres -> the error numbers of the original (mission B.5, B.7). */
const NUMBERS: Readonly<Record<string, number>> = { P2001: -20001, P2012: -20012, P2020: -20020 }
/** How often in all a transaction is begun that the server ended: deadlocks pass quickly, a lock wait has waited long already. */
const ATTEMPTS: Readonly<Record<string, number>> = { '40P01': 8, '40001': 8, '55P03': 2 }

/**
 * Runs `work` in a transaction; after a deadlock or a lock wait it is run again. When the ERP refuses the write, ERROR_LOG gets a row on
 * another connection, because PostgreSQL has no autonomous transaction (mission B.1).
 * @param subject what is written, by id and without personal data, e.g. `lead 4711`
 * @throws PonteError of `erpError`; nothing was changed then
 */
export async function inTransaction<T>(pool: pg.Pool, subject: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction(pool, work)
    } catch (error) {
      if (attempt < (ATTEMPTS[(error as { code?: string }).code ?? ''] ?? 0)) {
        await sleep(Math.random() * 20 * 2 ** attempt)
        continue
      }
      await logRefusal(pool, subject, error)
      throw erpError(error)
    }
  }
}

async function logRefusal(pool: pg.Pool, subject: string, error: unknown): Promise<void> {
  const { code = '', message = '', where = '' } = error as { code?: string; message?: string; where?: string }
  const number = NUMBERS[code]
  if (number === undefined) return
  // The refusal itself is what the caller must learn; a log that cannot be written must not hide it.
  await pool
    .query('insert into error_log (errorcode, errorstack, backtrace, error_info) values ($1, left($2, 4000), left($3, 4000), $4)', [
      number,
      `${code} ${message}`,
      where,
      subject,
    ])
    .catch(() => {})
}
