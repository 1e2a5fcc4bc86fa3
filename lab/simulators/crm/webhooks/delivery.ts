import pLimit from 'p-limit'
import { ulid } from 'ulid'
import type { WebhookType } from './event.ts'
import type { Fate } from './faults.ts'
import { createLines } from './lines.ts'
import { createNaps } from './naps.ts'
import { createPoster, type Outcome } from './post.ts'
import { type WebhookSettings, webhookUrl } from './settings.ts'
import { signatureHeaders, strangersSecret } from './signature.ts'
import type { Tally } from './tally.ts'

export interface Webhook {
  readonly type: WebhookType
  readonly leadId: number
  readonly body: string
  readonly fate: Fate
}

export interface Delivery {
  /** New settings, for what waits too. A type that was disabled by a 410 goes on. */
  use(settings: WebhookSettings): void
  send(webhook: Webhook): void
  /** Holds nothing back any more, delays nothing; resolves once nothing waits. */
  flush(): Promise<void>
  /** What waits has failed; what is in flight is cut. Nothing may be sent afterwards. */
  stop(): void
  readonly disabled: ReadonlySet<WebhookType>
}

type Copy = Webhook & { readonly id: string }

/** Delivers webhooks, those of a lead in order, with retries. In memory only: a killed sender loses what waits. */
export function createDelivery(first: WebhookSettings, tally: Tally): Delivery {
  const limit = pLimit(first.concurrency)
  const poster = createPoster()
  const [delays, backoffs] = [createNaps(), createNaps()]
  const disabled = new Set<WebhookType>()
  const idlers: (() => void)[] = []
  let settings = first
  let flushing = 0
  let stopped = false

  const lines = createLines<Webhook & { leadId: number; behind: number; heldMs: number; due: number }>(async (webhook) => {
    const early = webhook.due - performance.now()
    if (early > 0 && flushing === 0) await delays.nap(early)
    await Promise.all(copiesOf(webhook).map(deliver))
  }, delays.nap)

  async function deliver(copy: Copy): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await limit(() => attemptOf(copy, attempt))
      if (stopped) return
      if (outcome.kind !== 'refused' || attempt >= settings.attempts) return settle(copy.type, outcome.kind)
      await backoffs.nap(Math.max(Math.min(settings.baseMs * 2 ** (attempt - 1), settings.maxMs), outcome.afterMs))
      if (stopped) return
    }
  }

  async function attemptOf(copy: Copy, attempt: number): Promise<Outcome> {
    if (stopped || disabled.has(copy.type)) return { kind: 'gone' }
    tally.add(copy.type, { sent: 1 })
    const { body, fate } = copy
    const timestamp = Math.floor(Date.now() / 1_000) + fate.skewS
    const secrets = fate.forged ? settings.secrets.map(strangersSecret) : settings.secrets
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'crm-simulator',
      ...(settings.token === undefined ? {} : { authorization: `Bearer ${settings.token}` }),
      ...(secrets.length === 0 ? {} : signatureHeaders({ id: copy.id, timestamp, body }, secrets)),
    }
    return poster.post({
      url: webhookUrl(settings, copy.type),
      headers,
      body,
      cut: fate.cut && attempt === 1,
      timeoutMs: settings.timeoutMs,
    })
  }

  function settle(type: WebhookType, last: Outcome['kind']): void {
    if (last === 'gone') disabled.add(type)
    tally.add(type, { [last === 'delivered' ? 'delivered' : 'failed']: 1, waiting: -1 })
    if (tally.total.waiting === 0) for (const resolve of idlers.splice(0)) resolve()
  }

  return {
    disabled,
    use(given) {
      settings = given
      limit.concurrency = given.concurrency
      disabled.clear()
    },
    send(webhook) {
      const { copies, behind, heldMs, delayMs } = webhook.fate
      tally.add(webhook.type, { repeated: copies - 1, waiting: copies })
      lines.join({ ...webhook, behind: flushing > 0 ? 0 : behind, heldMs, due: performance.now() + delayMs })
    },
    async flush() {
      if (tally.total.waiting === 0) return
      flushing += 1
      delays.wake()
      await new Promise<void>((resolve) => idlers.push(resolve))
      flushing -= 1
    },
    stop() {
      stopped = true
      tally.giveUp()
      poster.close()
      delays.wake()
      backoffs.wake()
      for (const resolve of idlers.splice(0)) resolve()
    },
  }
}

function copiesOf(webhook: Webhook): Copy[] {
  const id = newId()
  return Array.from({ length: webhook.fate.copies }, (_, index) => ({ ...webhook, id: webhook.fate.newIds && index > 0 ? newId() : id }))
}

function newId(): string {
  return `msg_${ulid()}`
}
