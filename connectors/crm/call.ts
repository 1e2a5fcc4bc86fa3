import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { PonteError } from '../../base/error.ts'
import { inSpan } from '../../base/log/trace.ts'
import { type CrmRequest, signals } from '../../base/signals.ts'
import type { Breaker } from './breaker.ts'
import { CrmUnavailable, endpointMissing, tokenRefused } from './errors.ts'
import type { Exchange, Http, HttpRequest } from './http.ts'
import type { Quota, Urgency } from './quota.ts'
import { type Backoff, backoffMs, retryAfterMs } from './retry.ts'
import { type Answer, judge, type Verdict } from './spotter/verdict.ts'

export interface Call {
  /** Fit for messages and logs: method and endpoint, no values. */
  readonly what: string
  readonly method: HttpRequest['method']
  readonly path: string
  readonly body?: string | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** False: the caller lost the right to send this (see WriteGuard). Asked again before every attempt. */
  readonly mayStart?: (() => boolean) | undefined
}

export interface CallerOptions {
  readonly http: Http
  readonly quota: Quota | null
  readonly urgency: Urgency
  readonly breaker: Breaker
  readonly concurrency: number
  readonly attempts: number
  readonly backoff: Backoff
  /** Longer waits are handed to the caller instead of slept here, ms. */
  readonly longestWaitMs: number
  readonly now: () => number
  readonly random: () => number
  readonly onRetry?: (event: { what: string; attempt: number; reason: string; waitMs: number }) => void
}

/** A connection that takes longer than a permit lasts is ready at the next try; more tries than this mean a stalled process. */
const permitsPerAttempt = 5

/**
 * The policy around one exchange: concurrency, breaker, quota, then attempts.
 *
 * Reads are repeated after network faults, 5xx, 429 and unreadable answers. Writes are repeated only when the CRM certainly
 * did nothing: a 429, or not a byte written. Any other failure of a write ends at once, in doubt.
 *
 * @throws CrmUnavailable; PonteError `crm.token_refused` | `crm.endpoint_missing` | `crm.closed`; the reason of `call.signal`
 */
export function createCaller(options: CallerOptions): (call: Call) => Promise<Answer> {
  const limit = pLimit(options.concurrency)

  return async function send(call: Call): Promise<Answer> {
    const isRead = call.method === 'GET'
    for (let attempt = 1; ; attempt++) {
      const verdict = await limit(() => tracedAttempt(options, call, attempt))
      if (verdict.kind === 'done' || verdict.kind === 'refused') return verdict
      if (verdict.kind === 'token') throw tokenRefused(call.what, verdict.status)
      if (verdict.kind === 'elsewhere') throw endpointMissing(call.what, verdict.status)

      const asked = retryAfterMs(verdict.retryAfter, options.now())
      const harmless = isRead || verdict.nothingDone
      const waitMs = asked ?? backoffMs(attempt, options.backoff, options.random)
      // What the CRM asks of us it asks of every process.
      if (options.quota !== null && (verdict.tooMany || asked !== null)) await holdAll(options.quota, call, waitMs)
      if (!harmless || attempt >= options.attempts || waitMs > options.longestWaitMs) {
        const tries = attempt === 1 ? '' : ` after ${attempt} attempts`
        throw new CrmUnavailable(`${call.what}: ${verdict.reason}${tries}`, {
          inDoubt: !harmless,
          retryAfterMs: asked ?? (verdict.tooMany ? waitMs : undefined),
          cause: verdict.cause,
        })
      }
      options.onRetry?.({ what: call.what, attempt, reason: verdict.reason, waitMs })
      // A shared block already holds us, and spreads us; anything else is slept here, a date or seconds with a little spread.
      if (options.quota === null || !(verdict.tooMany || asked !== null)) {
        const spread = asked === null ? 0 : options.random() * Math.min(1_000, asked / 10)
        await sleep(waitMs + spread, undefined, { signal: call.signal }).catch(() => call.signal?.throwIfAborted())
      }
    }
  }
}

function tracedAttempt(options: CallerOptions, call: Call, attempt: number): Promise<Verdict> {
  return inSpan({ name: call.what, kind: 'client', attributes: { 'http.request.method': call.method, attempt } }, async (span) => {
    const startedAt = performance.now()
    const verdict = await attemptOnce(options, call)
    const outcome = outcomeOf(verdict)
    signals.crmRequest.emit(() => ({ call: call.what, outcome, ms: performance.now() - startedAt }))
    if ('status' in verdict) span.set({ 'http.response.status_code': verdict.status })
    if (outcome !== 'done') span.fail(outcome)
    return verdict
  })
}

const outcomeOf = (verdict: Verdict): CrmRequest['outcome'] => (verdict.kind === 'failed' && verdict.tooMany ? 'too_many' : verdict.kind)

async function attemptOnce(options: CallerOptions, call: Call): Promise<Verdict> {
  call.signal?.throwIfAborted()
  const entry = options.breaker.enter()
  if (!entry.admitted) {
    throw new CrmUnavailable(`${call.what}: not sent, the CRM failed repeatedly and is given a pause`, {
      inDoubt: false,
      retryAfterMs: entry.waitMs,
    })
  }
  let verdict: Verdict
  try {
    verdict = judge(await exchangeUnderQuota(options, call))
  } catch (error) {
    entry.verdict.unknown()
    throw error
  }
  if (verdict.kind === 'failed' && !verdict.tooMany) entry.verdict.failed()
  else entry.verdict.alive()
  return verdict
}

async function exchangeUnderQuota(options: CallerOptions, call: Call): Promise<Exchange> {
  const { quota } = options
  const allowed = call.mayStart ?? (() => true)
  for (let permits = 1; ; permits++) {
    const permit = quota === null ? null : await takePermit(quota, options.urgency, call)
    const exchange = await options.http.exchange({ ...call, mayStart: () => allowed() && (permit?.fresh() ?? true) })
    if (exchange.kind !== 'stale') return exchange
    if (!allowed())
      throw new CrmUnavailable(`${call.what}: not sent, the worker lost its right to write while it waited`, {
        inDoubt: false,
        hint: 'nothing to do: the worker that took over goes on',
      })
    if (permits === permitsPerAttempt)
      return {
        kind: 'broken',
        written: false,
        reason: 'no connection became ready while a permit was fresh',
        cause: new Error('stale permit'),
      }
  }
}

async function takePermit(quota: Quota, urgency: Urgency, call: Call) {
  try {
    return await quota.take(call.signal, urgency)
  } catch (error) {
    throw quotaFailure(call, error)
  }
}

async function holdAll(quota: Quota, call: Call, waitMs: number): Promise<void> {
  try {
    await quota.blockFor(waitMs)
  } catch (error) {
    throw quotaFailure(call, error)
  }
}

/** Without the quota nothing is sent. To callers that is one more way in which the CRM cannot be reached. */
function quotaFailure(call: Call, error: unknown): unknown {
  if (!(error instanceof PonteError) || error.code !== 'crm.quota_unavailable') return error
  return new CrmUnavailable(`${call.what}: not sent, the shared quota could not be asked`, {
    inDoubt: false,
    cause: error,
    hint: error.hint,
  })
}
