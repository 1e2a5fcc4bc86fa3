import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../../base/error.ts'
import type { Permit, Quota, QuotaSettings, Urgency } from './quota.ts'

/** Settings may change while we sleep: look again now and then. */
const longestSleepMs = 30_000

/** One look at the log of permits: taken, or how long to wait and why. */
export type Look = { readonly kind: 'taken' } | { readonly kind: 'full' | 'blocked' | 'yield'; readonly waitMs: number }

export interface Log {
  look(urgency: Urgency): Promise<Look>
  block(delayMs: number): Promise<void>
}

interface Waiter {
  readonly urgency: Urgency
  readonly signal: AbortSignal | undefined
  readonly admit: (permit: Permit) => void
  readonly turnAway: (reason: unknown) => void
  gone: boolean
}

/**
 * The queue in front of a log of permits: only the first waiter of a process looks, so that many waiters do not hammer the
 * database, and they pass in order, urgent ones first.
 */
export function turnstile(log: Log, settings: QuotaSettings, random: () => number): Quota {
  const queues: Record<Urgency, Waiter[]> = { urgent: [], bulk: [] }
  const closing = new AbortController()
  let running = false
  let wake = new AbortController()

  const first = (): Waiter | undefined => {
    for (const queue of [queues.urgent, queues.bulk]) {
      while (queue[0]?.gone) queue.shift()
      if (queue[0] !== undefined) return queue[0]
    }
    return undefined
  }

  async function run(): Promise<void> {
    for (let waiter = first(); waiter !== undefined; waiter = first()) {
      const asked = performance.now()
      try {
        const look = await log.look(waiter.urgency)
        if (look.kind === 'taken') {
          // A waiter that went away during the look leaves its permit to the next: it is paid for.
          const taker = waiter.gone ? first() : waiter
          if (taker === undefined) continue
          remove(taker)
          taker.admit({ fresh: () => performance.now() - asked < settings.freshMs })
        } else {
          // Someone more urgent came, or this waiter left, while we looked.
          if (first() !== waiter) continue
          // After a block all processes would come back at once: spread them.
          const spread = look.kind === 'full' ? 0 : random() * Math.min(1_000, settings.windowMs / 20)
          wake = new AbortController()
          await sleep(Math.min(longestSleepMs, Math.max(1, look.waitMs) + spread), undefined, { signal: wake.signal }).catch(
            () => undefined,
          )
        }
      } catch (error) {
        if (!waiter.gone) turnAway(waiter, error)
      }
    }
  }

  function start(): void {
    if (running) return
    running = true
    run().finally(() => {
      running = false
      if (first() !== undefined) start()
    })
  }

  function remove(waiter: Waiter): void {
    waiter.gone = true
    const queue = queues[waiter.urgency]
    const place = queue.indexOf(waiter)
    if (place !== -1) queue.splice(place, 1)
  }
  function turnAway(waiter: Waiter, reason: unknown): void {
    remove(waiter)
    waiter.turnAway(reason)
  }

  return {
    take(signal, urgency = 'bulk') {
      return new Promise<Permit>((resolve, reject) => {
        if (closing.signal.aborted) return reject(quotaClosed())
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          turnAway(waiter, signal?.reason)
          wake.abort()
        }
        const waiter: Waiter = {
          urgency,
          signal,
          gone: false,
          admit: (permit) => {
            signal?.removeEventListener('abort', onAbort)
            resolve(permit)
          },
          turnAway: (reason) => {
            signal?.removeEventListener('abort', onAbort)
            reject(reason)
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        queues[urgency].push(waiter)
        // A bulk waiter may be asleep at the head: the urgent one asks at once.
        if (urgency === 'urgent') wake.abort()
        start()
      })
    },
    blockFor: (delayMs) => log.block(Math.max(0, delayMs)),
    async close() {
      closing.abort()
      for (const waiter of [...queues.urgent, ...queues.bulk]) turnAway(waiter, quotaClosed())
      wake.abort()
    },
  }
}

function quotaClosed(): PonteError {
  return new PonteError('crm.quota_closed', 'the quota was closed while a request waited for it', {
    hint: 'Ponte is stopping; the request was not sent',
  })
}
