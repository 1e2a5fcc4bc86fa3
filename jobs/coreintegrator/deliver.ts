/** One customer, up to its last attempt: expected outcomes are values. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer, Customer, Failure } from '../../connectors/coreintegrator/types.ts'

export interface Pauses {
  /** Calls of the CRM in one cycle. */
  readonly attempts: number
  /** The first pause; each further one is twice as long: 500, 1000, 2000 ms. */
  readonly baseMs: number
}

export type Cycle =
  | { readonly kind: 'delivered'; readonly attempts: number; readonly durationMs: number }
  | ({ readonly kind: 'failed' } & Failure)
  /** Told to stop between two attempts: the customer stays as it is and is taken again. */
  | { readonly kind: 'stopped' }

/** Whoever failed together must not come back together: up to a fifth longer. */
const JITTER = 0.2
/** A CRM that asks for more than this is tried again in the next cycle. */
const LONGEST_WAIT_MS = 10_000

/** @param failures failed attempts so far, from 1; @param random from 0 up to 1 */
export function pauseMs(failures: number, baseMs: number, random: () => number): number {
  return Math.round(baseMs * 2 ** (failures - 1) * (1 + JITTER * random()))
}

export async function deliver(
  customer: Customer,
  send: (customer: Customer) => Promise<Answer>,
  pauses: Pauses,
  signal: AbortSignal,
  random: () => number = Math.random,
): Promise<Cycle> {
  const startedAt = performance.now()
  for (let attempts = 1; ; attempts++) {
    const answer = await send(customer)
    const durationMs = Math.round(performance.now() - startedAt)
    if (answer.kind === 'delivered') return { kind: 'delivered', attempts, durationMs }
    const asked = answer.kind === 'away' ? (answer.retryAfterMs ?? 0) : 0
    if (answer.kind === 'refused' || attempts >= pauses.attempts || asked > LONGEST_WAIT_MS)
      return { kind: 'failed', error: answer.error, attempts, durationMs, counts: answer.kind !== 'away' }
    await sleep(Math.max(asked, pauseMs(attempts, pauses.baseMs, random)), undefined, { signal }).catch(() => {})
    if (signal.aborted) return { kind: 'stopped' }
  }
}
