import { z } from 'zod'
import { seededRandom } from '../random.ts'
import { type WebhookType, webhookTypes } from './event.ts'

const scope = {
  /** Part of the matching events that are hit. */
  share: z.number().min(0).max(1).default(1),
  /** Hits left, then the fault is over; null: no end. */
  times: z.int().min(0).nullable().default(null),
  /** null: all. */
  types: z.array(z.enum(webhookTypes)).nullable().default(null),
}
/** A fault is an object with scope and details, or a number alone: the share, or what `short` names. */
const fault = <Shape extends z.ZodRawShape>(details: Shape, short = 'share') =>
  z.preprocess((given) => (typeof given === 'number' ? { [short]: given } : given), z.strictObject({ ...scope, ...details })).optional()
/** Ten days: CRMs are known to send again for 75 hours. */
const milliseconds = z.int().min(0).max(864_000_000)

/** What can happen to a webhook. */
export const webhookFaultsSchema = z.strictObject({
  /** Never sent. */
  lose: fault({}),
  /** 2 to `most` copies at the same time, all with the event's `webhook-id`, or each with its own. */
  duplicate: fault({ most: z.int().min(2).max(5).default(5), newIds: z.boolean().default(false) }),
  /** Held back until 1 to `events` later webhooks of the same lead stand before it, at most `ms`. */
  reorder: fault({ events: z.int().min(1).max(100).default(3), ms: milliseconds.default(2_000) }),
  /** Late by this much; the lead's later webhooks wait behind it. */
  delayMs: fault({ ms: milliseconds }, 'ms'),
  /** Added to `webhook-timestamp`, below 0 for a clock that is slow. Needs a secret. */
  clockSkewS: fault({ seconds: z.int() }, 'seconds'),
  /** Signed with a secret that the receiver does not know. Needs a secret. */
  wrongSecret: fault({}),
  /** The body in the older Portuguese form. */
  v2: fault({}),
  /** The connection of the first attempt is cut in the middle of the body. */
  half: fault({}),
})
export type WebhookFaults = z.output<typeof webhookFaultsSchema>
type FaultName = keyof WebhookFaults

/** What will happen to one event's webhook. */
export interface Fate {
  readonly lost: boolean
  readonly copies: number
  readonly newIds: boolean
  /** Later webhooks of its lead that go before it, but no longer than `heldMs`; 0: it keeps its place. */
  readonly behind: number
  readonly heldMs: number
  readonly delayMs: number
  readonly skewS: number
  readonly forged: boolean
  readonly v2: boolean
  readonly cut: boolean
}

export interface FatePlanner {
  next(type: WebhookType): Fate
  /** How often each fault has struck. */
  readonly struck: Readonly<Record<string, number>>
}

/** Decides by a seeded sequence per fault: the n-th event meets the same fate in every run, whatever other faults are on. */
export function createFatePlanner(settings: WebhookFaults, seed: number): FatePlanner {
  const struck: Record<string, number> = {}
  const random = new Map(Object.keys(settings).map((name) => [name, seededRandom(seed, `webhooks:${name}`)]))

  /** The fault's settings when it strikes this event, with a number in [0, 1) for its details; else null. */
  function strike<Name extends FaultName>(name: Name, type: WebhookType): (NonNullable<WebhookFaults[Name]> & { detail: number }) | null {
    const found = settings[name]
    if (!found || found.types?.includes(type) === false) return null
    // Both are drawn for every event, so that hits do not shift what follows.
    const [roll, detail] = [random.get(name)!(), random.get(name)!()]
    const hits = struck[name] ?? 0
    if (roll >= found.share || hits === found.times) return null
    struck[name] = hits + 1
    return { ...(found as NonNullable<WebhookFaults[Name]>), detail }
  }

  return {
    struck,
    next(type) {
      const duplicate = strike('duplicate', type)
      const reorder = strike('reorder', type)
      return {
        lost: strike('lose', type) !== null,
        copies: duplicate ? 2 + Math.floor(duplicate.detail * (duplicate.most - 1)) : 1,
        newIds: duplicate?.newIds ?? false,
        behind: reorder ? 1 + Math.floor(reorder.detail * reorder.events) : 0,
        heldMs: reorder?.ms ?? 0,
        delayMs: strike('delayMs', type)?.ms ?? 0,
        skewS: strike('clockSkewS', type)?.seconds ?? 0,
        forged: strike('wrongSecret', type) !== null,
        v2: strike('v2', type) !== null,
        cut: strike('half', type) !== null,
      }
    },
  }
}
