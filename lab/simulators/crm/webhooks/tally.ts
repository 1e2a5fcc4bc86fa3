import { type WebhookType, webhookTypes } from './event.ts'

/** `events + repeated = lost + delivered + failed + waiting`, always. */
export interface WebhookCounts {
  /** Effects that caused a webhook. */
  readonly events: number
  /** Copies beyond the first. */
  readonly repeated: number
  /** Swallowed by the fault `lose`. */
  readonly lost: number
  /** POSTs, retries and copies included. */
  readonly sent: number
  /** Copies that were answered 2xx. */
  readonly delivered: number
  /** Copies given up: attempts used up, 410, or switched off before. */
  readonly failed: number
  readonly waiting: number
}

export interface Tally {
  add(type: WebhookType, counts: Partial<WebhookCounts>): void
  /** What waits has failed. */
  giveUp(): void
  readonly byType: Readonly<Record<WebhookType, WebhookCounts>>
  readonly total: WebhookCounts
}

const none: WebhookCounts = { events: 0, repeated: 0, lost: 0, sent: 0, delivered: 0, failed: 0, waiting: 0 }

export function createTally(): Tally {
  const byType: Record<WebhookType, WebhookCounts> = { updated: none, converted: none, discarded: none }
  const add: Tally['add'] = (type, counts) => {
    byType[type] = sum(byType[type], counts)
  }
  return {
    add,
    giveUp() {
      for (const type of webhookTypes) add(type, { failed: byType[type].waiting, waiting: -byType[type].waiting })
    },
    byType,
    get total() {
      return webhookTypes.map((type) => byType[type]).reduce(sum)
    },
  }
}

function sum(a: WebhookCounts, b: Partial<WebhookCounts>): WebhookCounts {
  return Object.fromEntries(Object.entries(a).map(([name, count]) => [name, count + (b[name as keyof WebhookCounts] ?? 0)])) as {
    [Name in keyof WebhookCounts]: number
  }
}
