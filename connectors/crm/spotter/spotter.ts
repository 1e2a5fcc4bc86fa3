import { PonteError } from '../../../base/error.ts'
import type { Log } from '../../../base/log/log.ts'
import { type Breaker, createBreaker } from '../breaker.ts'
import { createCaller } from '../call.ts'
import { openHttp } from '../http.ts'
import type { Quota, Urgency } from '../quota.ts'
import { type Backoff, defaultBackoff } from '../retry.ts'
import { reads } from './reads.ts'
import type { Spotter } from './types.ts'
import { writes } from './writes.ts'

export interface SpotterOptions {
  /** API_URL, with its version, e.g. `https://api.exactspotter.com/v3/`. */
  readonly baseUrl: string
  readonly token: string
  /** null: no limit (simulators). */
  readonly quota: Quota | null
  /** Which queue of the quota this client stands in. Webhook work opens a client of its own with `urgent`. Default `bulk`. */
  readonly urgency?: Urgency
  readonly connectTimeoutMs?: number
  /** Per attempt, connecting included. */
  readonly timeoutMs?: number
  /** The same for a page of a whole list. */
  readonly listTimeoutMs?: number
  readonly attempts?: number
  readonly concurrency?: number
  readonly backoff?: Backoff
  /** A wait that the CRM asks for beyond this is not slept out but handed to the caller with `crm.unavailable`, ms. */
  readonly longestWaitMs?: number
  readonly breaker?: { readonly failures?: number; readonly pauseMs?: number }
  readonly maxBodyBytes?: number
  readonly salesRepsTtlMs?: number
  readonly log?: Log
  /** Milliseconds since the epoch; for HTTP dates only. */
  readonly now?: () => number
  readonly monotonic?: () => number
  readonly random?: () => number
}

/**
 * Exact Spotter over HTTP. One per process and urgency: it holds the sockets, the breaker and the cache.
 *
 * Every method throws CrmUnavailable (`crm.unavailable`), PonteError `crm.token_refused`, `crm.endpoint_missing`,
 * `crm.unexpected_answer` (reads), `crm.bad_argument` or, after `close()`, `crm.closed`; what the CRM says against a write is
 * a value. The quota is the caller's and stays open.
 *
 * @throws PonteError `crm.bad_url` | `crm.bad_token`
 */
export function spotter(options: SpotterOptions): Spotter {
  const { log } = options
  const monotonic = options.monotonic ?? (() => performance.now())
  const concurrency = options.concurrency ?? 8
  const timeouts = { single: options.timeoutMs ?? 30_000, list: options.listTimeoutMs ?? 80_000 }
  const http = openHttp({
    baseUrl: options.baseUrl,
    token: options.token,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    connections: concurrency,
    maxBodyBytes: options.maxBodyBytes ?? 32 * 1024 * 1024,
  })
  const send = createCaller({
    http,
    quota: options.quota,
    urgency: options.urgency ?? 'bulk',
    breaker: createBreaker({
      failures: options.breaker?.failures ?? 5,
      pauseMs: options.breaker?.pauseMs ?? 30_000,
      monotonic,
      onChange: (state: Breaker['state']) => log?.warn({ breaker: state }, 'the breaker of the CRM changed'),
    }),
    concurrency,
    attempts: options.attempts ?? 3,
    backoff: options.backoff ?? defaultBackoff,
    longestWaitMs: options.longestWaitMs ?? 60_000,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    onRetry: ({ what, attempt, reason, waitMs }) => log?.info({ call: what, attempt, reason, waitMs }, 'the CRM is asked again'),
  })

  let closed = false
  const whileOpen: typeof send = async (call) => {
    if (closed)
      throw new PonteError('crm.closed', 'the CRM client was used after it was closed', {
        hint: 'Ponte is stopping; the request was not sent',
      })
    return send(call)
  }
  return {
    ...reads({ send: whileOpen, token: options.token, timeouts, salesRepsTtlMs: options.salesRepsTtlMs ?? 300_000, monotonic }),
    ...writes({ send: whileOpen, token: options.token, timeoutMs: timeouts.single, log }),
    async close() {
      closed = true
      await http.close()
    },
  }
}
