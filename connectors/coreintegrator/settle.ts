/** How a customer's cycle ends: the audit row and the mark, both or neither. */
import { type Connection, change, type Database, rowsOf, transaction } from './database.ts'
import { contentHash, idParameter } from './outbox.ts'
import { type Customer, deliveryKey, type Failure } from './types.ts'

/**
 * The CRM has it: a SUCCESS row, the outbox, and `synced` where the content is still the one that was sent.
 *
 * @returns false: it had been settled already; nothing was written
 */
export function settleDelivered(database: Database, customer: Customer, cycle: { attempts: number; durationMs: number }): Promise<boolean> {
  return transaction(database, async (connection) => {
    if ((await holdSending(connection, customer)) === null) return false
    await change(
      connection,
      `insert into sync_logs (payload, status, erp_id, attempts, duration_ms, delivery_key) values (?, 'SUCCESS', ?, ?, ?, ?)`,
      [customer.payload, customer.id, cycle.attempts, cycle.durationMs, deliveryKey(customer)],
    )
    await change(connection, `update sync_outbox set state = 'SENT', last_error = null where erp_id = ${idParameter}`, [customer.id])
    await change(
      connection,
      `update erp_customers c set c.synced = true where c.id = ${idParameter} and c.synced is not true and ${contentHash} = ?`,
      [customer.id, customer.contentHash],
    )
    return true
  })
}

/**
 * The cycle failed: it is tried again in the next one, or given up after `maxCycles` that count. An outage that goes on is told once, not in every cycle.
 *
 * @returns what became of the customer
 */
export function settleFailed(database: Database, customer: Customer, failure: Failure, maxCycles: number): Promise<'PENDING' | 'DEAD'> {
  return transaction(database, async (connection) => {
    const held = await holdSending(connection, customer)
    if (held === null) return 'PENDING'
    const cycles = held.cycles + (failure.counts ? 1 : 0)
    const state = cycles >= maxCycles ? 'DEAD' : 'PENDING'
    const error = failure.error.slice(0, 500)
    if (failure.counts || held.last_error !== error)
      await change(connection, `insert into sync_logs (payload, status, erp_id, attempts, error, duration_ms) values (?, ?, ?, ?, ?, ?)`, [
        customer.payload,
        state === 'DEAD' ? 'DEAD' : 'FAILED',
        customer.id,
        failure.attempts,
        error,
        failure.durationMs,
      ])
    await change(connection, `update sync_outbox set state = ?, cycles = ?, last_error = ? where erp_id = ${idParameter}`, [
      state,
      cycles,
      error,
      customer.id,
    ])
    return state
  })
}

/** Locks the outbox row while it still stands for this customer's sending; null when it does not. */
async function holdSending(connection: Connection, customer: Customer): Promise<{ cycles: number; last_error: string | null } | null> {
  const [row] = await rowsOf<{ cycles: number; last_error: string | null }>(
    connection,
    `select cycles, last_error from sync_outbox where erp_id = ${idParameter} and revision = ? and state = 'SENDING' for update`,
    [customer.id, customer.revision],
  )
  return row ?? null
}
