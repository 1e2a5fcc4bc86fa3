/** Transactions on PostgreSQL; the statement that commits is the one whose answer may be lost. */
import type pg from 'pg'
import { ATTEMPTS, InDoubt, type Transactions } from '../../sql/transact.ts'
import { postgresLink } from './dialect.ts'
import { erpError, isLost } from './errors.ts'

const AGAIN: Readonly<Record<string, number>> = { '40P01': ATTEMPTS.deadlock, '40001': ATTEMPTS.deadlock, '55P03': ATTEMPTS.lockWait }

interface Thrown {
  readonly code?: string
  readonly message?: string
}

export function postgresTransactions(pool: pg.Pool): Transactions<pg.PoolClient> {
  return {
    once: (work) => once(pool, work),
    link: postgresLink,
    attemptsAfter: (error) => AGAIN[(error as Thrown).code ?? ''] ?? 0,
    erpError,
    // PostgreSQL has no autonomous transaction in which the schema could write it down.
    refusal: (error) => {
      const { code: state = '', message = '' } = error as Thrown
      return { state, message }
    },
  }
}

async function once<T>(pool: pg.Pool, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken = true
  // When the server goes away the query under way fails, and that is told; without a listener the same news would end the process.
  client.on('error', ignore)
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit').catch((cause) => {
      throw isLost(cause) ? new InDoubt(cause) : cause
    })
    broken = false
    return result
  } catch (error) {
    broken = error instanceof InDoubt || !(await client.query('rollback').then(yes, no))
    throw error
  } finally {
    client.removeListener('error', ignore)
    client.release(broken)
  }
}

const ignore = () => {}
const yes = () => true
const no = () => false
