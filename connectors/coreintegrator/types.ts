/** Words of this room. */

/** A row of erp_customers whose content the CRM does not hold yet, as it is to be sent. */
export interface Customer {
  /** erp_customers.id, up to 2^64; text beyond 2^53. */
  readonly id: number | string
  /** Rises whenever other content is to be sent. */
  readonly revision: number
  readonly contentHash: string
  /** JSON text `{customerId, name, phone}`. */
  readonly payload: string
}

/** What the CRM's answer to one call means. */
export type Answer =
  | { readonly kind: 'delivered' }
  /** The record itself is refused: sending the same again cannot help. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The CRM failed at this record; it may do better. */
  | { readonly kind: 'failed'; readonly error: string }
  /** Says nothing about the record: no connection, no time, wrong credentials or address. */
  | { readonly kind: 'away'; readonly error: string; readonly retryAfterMs?: number }

/** How one cycle ended for a customer that was not delivered. */
export interface Failure {
  readonly error: string
  readonly attempts: number
  readonly durationMs: number
  /** false: the CRM was away, which is no fault of the record's. */
  readonly counts: boolean
}

export type LogStatus = 'SUCCESS' | 'FAILED' | 'DEAD'

/** A row of sync_logs as /logs shows it: the first four fields are those of the original. */
export interface LogRow {
  readonly id: number
  readonly payload: string | null
  readonly status: string | null
  /** ISO 8601, UTC. */
  readonly created_at: string
  readonly erp_id: Customer['id'] | null
  readonly attempts: number | null
  readonly error: string | null
  readonly duration_ms: number | null
}

/** Idempotency key of a customer's content: id and content hash, and the revision, so that a value that comes back is sent again. */
export function deliveryKey({ id, revision, contentHash }: Customer): string {
  return `erp-${id}-${revision}-${contentHash}`
}
