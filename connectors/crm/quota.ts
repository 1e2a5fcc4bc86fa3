/** What must go first when requests queue: calls caused by a webhook, or a person waiting, before bulk work. */
export type Urgency = 'urgent' | 'bulk'

/** The right to send one request. */
export interface Permit {
  /**
   * The request may still start: the permit is so young that the CRM sees the request within the margin that the window
   * was widened by. A request whose connection took longer takes another permit.
   */
  fresh(): boolean
}

/** A limit on requests that is shared by all who hold it: never more than `limit` permits in any stretch of `windowMs`. */
export interface Quota {
  /**
   * Waits for a permit; first come, first served within this process, urgent ones before bulk.
   *
   * @throws the reason of `signal`; PonteError `crm.quota_closed`; PonteError `crm.quota_unavailable` when the state
   *   database does not answer (then nothing may be sent)
   */
  take(signal?: AbortSignal, urgency?: Urgency): Promise<Permit>
  /** The CRM said 429: nobody gets a permit for this many milliseconds. A longer block stands. */
  blockFor(delayMs: number): Promise<void>
  /** Those who wait are turned away with `crm.quota_closed`. The pool of a shared quota stays open. */
  close(): Promise<void>
}

export interface QuotaOptions {
  /** Requests per window. Default 30. */
  readonly limit?: number
  /** Length of the window, ms. Default 20,000. */
  readonly windowMs?: number
  /** Added to the window: what network delay may differ from one request to the next. Default 2.5% of the window, at least 50 ms. */
  readonly marginMs?: number
}

export interface QuotaSettings {
  readonly limit: number
  readonly windowMs: number
  readonly marginMs: number
  /** Age from which a permit is stale: half the margin, the other half is for the way to the CRM. */
  readonly freshMs: number
}

/** @throws RangeError when a number makes no sense */
export function quotaSettings(options: QuotaOptions): QuotaSettings {
  const limit = options.limit ?? 30
  const windowMs = options.windowMs ?? 20_000
  const marginMs = options.marginMs ?? Math.max(50, windowMs * 0.025)
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) throw new RangeError(`a quota of ${limit} requests: expected 1 to 10000`)
  if (!(windowMs >= 1 && windowMs <= 86_400_000)) throw new RangeError(`a quota window of ${windowMs} ms: expected 1 ms to one day`)
  if (!(marginMs >= 0 && marginMs <= windowMs * 10)) throw new RangeError(`a quota margin of ${marginMs} ms`)
  return { limit, windowMs, marginMs, freshMs: marginMs / 2 }
}
