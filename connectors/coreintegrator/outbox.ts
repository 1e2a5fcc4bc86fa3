/**
 * The outbox: which content of which customer the CRM is still to get. States of a row:
 *
 *   PENDING ── taken ──► SENDING ── delivered ──► SENT
 *      ▲                    │ failed: back to PENDING, or DEAD after too many cycles
 *      └── other content ───┴──── from any state, as a new revision ────────────────
 *
 * A row found SENDING at the start of a sync belongs to one that was killed: it is sent again under the same key.
 */
import { change, type Database, rowsOf, transaction } from './database.ts'
import type { Customer } from './types.ts'

/** Hash of a customer's content (alias c): lengths before values, so that neighbours cannot blur; null is no empty text. */
export const contentHash = `md5(concat_ws('|', ${['c.cust_id', 'c.cust_name', 'c.phone_no']
  .map((column) => `case when ${column} is null then 'N' else concat(char_length(${column}), ':', ${column}) end`)
  .join(', ')}))`

/** In place of a bare `?` for an id: bound as text, it would be compared as a float, which tells ids beyond 2^53 not apart. */
export const idParameter = 'cast(? as unsigned)'

/** Each may be cut off by a crash after any of them. */
const takeInSteps = [
  // Sent before this outbox existed, or marked by the ERP itself: that content counts as known.
  `insert into sync_outbox (erp_id, revision, content_hash, state)
   select c.id, 0, ${contentHash}, 'SENT'
     from erp_customers c left join sync_outbox o on o.erp_id = c.id
    where c.synced is true and o.erp_id is null
       on duplicate key update erp_id = sync_outbox.erp_id`,
  // Changed since it was sent.
  `update erp_customers c join sync_outbox o on o.erp_id = c.id
      set c.synced = false
    where c.synced is true and o.content_hash <> ${contentHash}`,
  // Other content than last time, or the same again because the ERP set the mark back: a new revision.
  `update sync_outbox o join erp_customers c on c.id = o.erp_id
      set o.revision = o.revision + 1, o.content_hash = ${contentHash}, o.state = 'PENDING', o.cycles = 0, o.last_error = null
    where c.synced is not true and (o.state = 'SENT' or o.content_hash <> ${contentHash})`,
  `insert into sync_outbox (erp_id, revision, content_hash, state)
   select c.id, 1, ${contentHash}, 'PENDING'
     from erp_customers c left join sync_outbox o on o.erp_id = c.id
    where c.synced is not true and o.erp_id is null
       on duplicate key update erp_id = sync_outbox.erp_id`,
]

/** Brings the outbox up to what erp_customers holds now. */
export async function takeIn(database: Database): Promise<void> {
  for (const step of takeInSteps) await transaction(database, (connection) => change(connection, step))
}

/**
 * The next customers to send, by id. One whose content changed after `takeIn` is left for the next sync.
 *
 * @param after id of the last one seen; 0 at the start
 */
export async function nextCustomers(database: Database, after: Customer['id'], count: number): Promise<Customer[]> {
  const rows = await rowsOf<Row>(
    database,
    `select c.id, c.cust_id, c.cust_name, c.phone_no, o.revision, o.content_hash
       from sync_outbox o join erp_customers c on c.id = o.erp_id
      where o.erp_id > ${idParameter} and o.state in ('PENDING', 'SENDING') and c.synced is not true and o.content_hash = ${contentHash}
      order by o.erp_id
      limit ${count}`,
    [after],
  )
  return rows.map((row) => ({
    id: row.id,
    revision: row.revision,
    contentHash: row.content_hash,
    payload: JSON.stringify({ customerId: row.cust_id, name: row.cust_name, phone: row.phone_no }),
  }))
}

/** Marks a customer as under way before its first call. @returns false: another process has settled it meanwhile */
export async function markSending(database: Database, { id, revision }: Customer): Promise<boolean> {
  const found = await change(
    database,
    `update sync_outbox set state = 'SENDING' where erp_id = ${idParameter} and revision = ? and state in ('PENDING', 'SENDING')`,
    [id, revision],
  )
  return found === 1
}

interface Row {
  readonly id: Customer['id']
  readonly cust_id: number | string | null
  readonly cust_name: string | null
  readonly phone_no: string | null
  readonly revision: number
  readonly content_hash: string
}
