/** One sync: all that the CRM is still to get, in groups whose members go side by side. */
import type { Logger } from 'pino'
import { ulid } from 'ulid'
import type { CustomerCrm } from '../../connectors/coreintegrator/crm.ts'
import type { Database } from '../../connectors/coreintegrator/database.ts'
import { withLock } from '../../connectors/coreintegrator/lock.ts'
import { markSending, nextCustomers, takeIn } from '../../connectors/coreintegrator/outbox.ts'
import { settleDelivered, settleFailed } from '../../connectors/coreintegrator/settle.ts'
import { type Customer, deliveryKey } from '../../connectors/coreintegrator/types.ts'
import { deliver, type Pauses } from './deliver.ts'

export interface Counts {
  readonly total: number
  readonly success: number
  readonly failed: number
}

export interface SyncContext {
  readonly database: Database
  readonly crm: CustomerCrm
  readonly log: Logger
  readonly options: SyncOptions
  /** Aborted when the service stops: the sync ends after the attempt that is under way. */
  readonly signal: AbortSignal
}

export interface SyncOptions {
  /** Customers under way at a time. */
  readonly batchSize: number
  readonly pauses: Pauses
  /** Cycles that may fail before a customer is given up. */
  readonly maxCycles: number
  /** How long to wait for another process that is syncing. */
  readonly lockWaitMs: number
}

type Outcome = 'success' | 'failed' | 'left'

/**
 * @param tried delivery keys that failed a moment ago and are not to be tried again now; those that fail in this sync are added
 * @throws PonteError `coreintegrator.busy`; what the driver throws when the database goes away
 */
export async function syncOnce(context: SyncContext, tried: Set<string> = new Set()): Promise<Counts> {
  const { database, options, signal } = context
  const log = context.log.child({ runId: ulid() })
  return withLock(database, options.lockWaitMs, async () => {
    await takeIn(database)
    const counts = { total: 0, success: 0, failed: 0 }
    for (let after: Customer['id'] = 0; !signal.aborted; ) {
      const group = await nextCustomers(database, after, options.batchSize)
      if (group.length === 0) break
      after = group.at(-1)!.id
      const fresh = group.filter((customer) => !tried.has(deliveryKey(customer)))
      for (const outcome of await Promise.all(fresh.map((customer) => syncCustomer({ ...context, log }, customer, tried)))) {
        if (outcome === 'left') continue
        counts.total += 1
        counts[outcome] += 1
      }
    }
    if (counts.total === 0) log.info('nothing to sync')
    else log.info(counts, 'sync ended')
    return counts
  })
}

/** Never throws: what goes wrong with one customer is no matter of the others. */
async function syncCustomer(context: SyncContext, customer: Customer, tried: Set<string>): Promise<Outcome> {
  const { database, crm, log, options, signal } = context
  const line = { erpId: customer.id, revision: customer.revision }
  try {
    if (!(await markSending(database, customer))) return 'left'
    const cycle = await deliver(customer, crm.send, options.pauses, signal)
    if (cycle.kind === 'stopped') return 'left'
    if (cycle.kind === 'delivered') {
      const isOurs = await settleDelivered(database, customer, cycle)
      if (isOurs) log.info({ ...line, attempts: cycle.attempts, ms: cycle.durationMs }, 'customer synced')
      return isOurs ? 'success' : 'left'
    }
    tried.add(deliveryKey(customer))
    const state = await settleFailed(database, customer, cycle, options.maxCycles)
    log.warn({ ...line, attempts: cycle.attempts, ms: cycle.durationMs, error: cycle.error, state }, 'customer not synced')
    return 'failed'
  } catch (err) {
    // It stays SENDING and is sent again under the same key, which the CRM knows when it has it.
    log.error({ ...line, err }, 'customer not settled')
    tried.add(deliveryKey(customer))
    return 'failed'
  }
}
