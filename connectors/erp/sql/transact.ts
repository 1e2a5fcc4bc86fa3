/** One unit of work on the ERP: all of it or nothing, begun again when the server ended it, and known to be done when its commit's answer is lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PonteError } from '../../../base/error.ts'
import { cut, type Link, type Transact } from './link.ts'

/** The answer to a commit did not come: it may have happened. */
export class InDoubt extends Error {
  constructor(cause: unknown) {
    super('the answer to a commit was lost', { cause })
  }
}

export interface Transactions<C, L extends Link = Link> {
  /** One transaction on a connection of its own. @throws what the driver and `work` throw; `InDoubt` */
  once<T>(work: (connection: C) => Promise<T>): Promise<T>
  link(connection: C): L
  /** How often in all a transaction is begun that ended like this; 0: not again. */
  attemptsAfter(error: unknown): number
  erpError(error: unknown): PonteError
  /** The SQLSTATE under which the schema refused a write, where it cannot log that itself: a transaction that fails takes its log along. */
  refusal?(error: unknown): { readonly state: string; readonly message: string }
}

/** A deadlock passes quickly; whoever waited for a lock has waited long already. */
export const ATTEMPTS = { deadlock: 8, lockWait: 2 } as const

/**
 * Runs `work` in a transaction, and again after a deadlock or a lock wait.
 * @param subject what is written, by id and without personal data, e.g. `lead 4711`
 * @param committed asked in a transaction of its own when the answer to the commit was lost: whether the effect is there. It must take the
 * lock that `work` took, so that the lost session is over by then. Without it a commit in doubt fails.
 * @throws PonteError of `erpError`; nothing was changed then, save for a commit in doubt, which is `erp.unreachable` and safe to repeat
 */
export async function transact<C, T>(
  { once, link, attemptsAfter, erpError, refusal }: Transactions<C>,
  subject: string,
  work: (connection: C) => Promise<T>,
  committed?: (connection: C) => Promise<boolean>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    let result: { readonly value: T } | undefined
    try {
      return await once(async (connection) => {
        result = { value: await work(connection) }
        return result.value
      })
    } catch (error) {
      if (error instanceof InDoubt) {
        if (committed !== undefined && result !== undefined && (await once(committed).catch(() => false))) return result.value
        throw erpError(error.cause)
      }
      if (attempt < attemptsAfter(error)) {
        await sleep(Math.random() * 20 * 2 ** attempt)
        continue
      }
      const { state = '', message = '' } = refusal?.(error) ?? {}
      const number = NUMBERS[state]
      // The refusal itself is what the caller must learn; a log that cannot be written must not hide it.
      if (number !== undefined) {
        const values = [number, cut(`${state} ${message}`, 4_000), subject]
        await once((connection) => link(connection).changed(LOG, values)).catch(() => {})
      }
      throw erpError(error)
    }
  }
}

/** The same for statements of this folder. */
export const transactOn =
  <C, L extends Link>(transactions: Transactions<C, L>): Transact<L> =>
  (subject, work, committed) => {
    const { link } = transactions
    return transact(
      transactions,
      subject,
      (connection) => work(link(connection)),
      committed && ((connection) => committed(link(connection))),
    )
  }

const LOG = 'insert into error_log (errorcode, errorstack, error_info) values (?, ?, ?)'
/** SQLSTATEs of sql/postgres and sql/mysql: the error numbers that the original raised. */
const NUMBERS: Readonly<Record<string, bigint>> = { P2001: -20001n, P2012: -20012n, P2020: -20020n }
