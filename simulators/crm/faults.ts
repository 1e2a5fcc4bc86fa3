import { z } from 'zod'
import { seededRandom } from './random.ts'
import { failureWire, jsonWire, tooManyWire, type Wire } from './wire.ts'

const share = z.number().min(0).max(1)
const scope = {
  /** Part of the matching requests that are hit. */
  share: share.default(1),
  /** Hits left, then the fault is over; null: no end. */
  times: z.int().min(0).nullable().default(null),
  /** Names as in the E.2 table, any case; null: all. */
  paths: z.array(z.string()).nullable().default(null),
  methods: z.array(z.string()).nullable().default(null),
}
/** A fault is written as its share alone, or as an object with scope and details. */
const fault = <Shape extends z.ZodRawShape>(details: Shape) => {
  const whole = z.strictObject({ ...scope, ...details })
  return z.preprocess((given) => (typeof given === 'number' ? { share: given } : given), whole)
}
/** The same for faults about time: a number alone is milliseconds for every request. */
const pause = () => {
  const whole = z.strictObject({ ...scope, ms: z.int().min(0).max(600_000) })
  return z.preprocess((given) => (typeof given === 'number' ? { ms: given } : given), whole)
}

/** The failure modes of crm-api C4, in the order in which they are tried on a request. */
export const faultsSchema = z.strictObject({
  /** Wait, then handle the request, even if the caller has hung up meanwhile: its effect comes late. */
  delayMs: pause().optional(),
  stallMs: pause().optional(),
  /** The connection is cut; nothing was done. */
  connectionsReset: fault({}).optional(),
  /** Refused as if over quota, whatever the quota says; nothing was done. */
  storm429: fault({
    retryAfter: z.enum(['seconds', 'date', 'none']).default('seconds'),
    seconds: z.int().min(0).max(3600).default(1),
    answer: z.enum(['429', 'ok-with-error']).default('429'),
  }).optional(),
  /** Before the effect (nothing was done), or with `after` once it is done and saved. */
  errors5xx: fault({
    after: z.boolean().default(false),
    statuses: z
      .array(z.union([z.literal(500), z.literal(502), z.literal(503), z.literal(504)]))
      .min(1)
      .default([500, 502, 503, 504]),
  }).optional(),
  /** 400 in the CRM's error shape; nothing was done. */
  errors400: fault({}).optional(),
  /** Reads answer as if no $filter had been sent. */
  ignoreFilter: fault({}).optional(),
  /** Pages after the first, of lists without $orderby, start up to `rows` rows early or late. */
  pageDrift: fault({ rows: z.int().min(1).max(500).default(1) }).optional(),
  /** The effect is done and saved, then the connection is cut before the answer. */
  answersLost: fault({}).optional(),
  /** The answer is cut in the middle of its JSON. */
  malformedJson: fault({}).optional(),
  /** The effect is done and saved at once, the answer comes this much later. */
  replyLate: pause().optional(),
})
export type FaultsInput = {
  readonly [Name in keyof z.output<typeof faultsSchema>]?: number | (Partial<NonNullable<z.output<typeof faultsSchema>[Name]>> & object)
}
type Faults = z.output<typeof faultsSchema>
export type FaultName = keyof Faults

/** What will happen to one request. */
export interface Plan {
  readonly waitMs: number
  /** Before the effect: cut the connection, or answer this. */
  readonly before: 'cut' | Wire | null
  /** After the effect. */
  readonly after: 'cut' | 'garble' | Wire | null
  readonly lateMs: number
  readonly ignoreFilter: boolean
  readonly drift: number
}

export interface FaultPlanner {
  /** `name`: the path's name in lower case. */
  plan(method: string, name: string): Plan
  /** Settings with the hits that are left, and how often each fault has struck. */
  report(): { readonly settings: Faults; readonly struck: Readonly<Record<string, number>> }
}

/** Decides by a seeded sequence per fault: the n-th matching request of a fault meets the same fate in every run. */
export function createFaultPlanner(settings: Faults, seed: number, now: () => number = Date.now): FaultPlanner {
  const left = new Map(Object.entries(settings).map(([name, found]) => [name, found?.times ?? null]))
  const struck: Record<string, number> = {}
  const random = new Map(Object.keys(settings).map((name) => [name, seededRandom(seed, name)]))
  const details = seededRandom(seed, 'details')

  /** The fault's settings when it strikes this request, else null. */
  function strike<Name extends FaultName>(faultName: Name, method: string, name: string): NonNullable<Faults[Name]> | null {
    const found = settings[faultName]
    if (!found || left.get(faultName) === 0 || !covers(found, method, name)) return null
    if (random.get(faultName)!() >= found.share) return null
    const remaining = left.get(faultName)
    if (typeof remaining === 'number') left.set(faultName, remaining - 1)
    struck[faultName] = (struck[faultName] ?? 0) + 1
    return found as NonNullable<Faults[Name]>
  }

  function before(method: string, name: string): Plan['before'] {
    if (strike('connectionsReset', method, name)) return 'cut'
    const storm = strike('storm429', method, name)
    if (storm) return tooManyWire(storm.seconds * 1000, storm.retryAfter, storm.answer, now())
    const errors = settings.errors5xx?.after === false ? strike('errors5xx', method, name) : null
    if (errors) return failureWire(errors.statuses[Math.floor(details() * errors.statuses.length)]!)
    return strike('errors400', method, name)
      ? jsonWire({ status: 400, body: { error: { code: '', message: 'An error has occurred.' } } })
      : null
  }

  function after(method: string, name: string): Plan['after'] {
    if (strike('answersLost', method, name)) return 'cut'
    const errors = settings.errors5xx?.after ? strike('errors5xx', method, name) : null
    if (errors) return failureWire(errors.statuses[Math.floor(details() * errors.statuses.length)]!)
    return strike('malformedJson', method, name) ? 'garble' : null
  }

  function drift(method: string, name: string): number {
    const found = strike('pageDrift', method, name)
    if (!found) return 0
    const rows = 1 + Math.floor(details() * found.rows)
    return details() < 0.5 ? -rows : rows
  }

  return {
    plan(method, name) {
      const waitMs = (strike('delayMs', method, name)?.ms ?? 0) + (strike('stallMs', method, name)?.ms ?? 0)
      const first = before(method, name)
      if (first !== null) return { ...untouched, waitMs, before: first }
      return {
        waitMs,
        before: null,
        ignoreFilter: strike('ignoreFilter', method, name) !== null,
        drift: drift(method, name),
        after: after(method, name),
        lateMs: strike('replyLate', method, name)?.ms ?? 0,
      }
    },
    report() {
      const settingsLeft = Object.fromEntries(Object.entries(settings).map(([name, found]) => [name, { ...found, times: left.get(name) }]))
      return { settings: settingsLeft as Faults, struck: { ...struck } }
    },
  }
}

export const untouched: Plan = { waitMs: 0, before: null, after: null, lateMs: 0, ignoreFilter: false, drift: 0 }

function covers(
  { paths, methods }: { paths: readonly string[] | null; methods: readonly string[] | null },
  method: string,
  name: string,
): boolean {
  if (paths !== null && !paths.some((path) => path.toLowerCase() === name)) return false
  return methods === null || methods.some((wanted) => wanted.toUpperCase() === method)
}
