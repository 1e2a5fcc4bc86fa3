import { z } from 'zod'

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

/** The failure modes that users of such APIs report, in the order in which they are tried on a request. */
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
  /** Pages after the first start up to `rows` rows early or late: lists without $orderby, or all with `evenOrdered`. */
  pageDrift: fault({ rows: z.int().min(1).max(500).default(1), evenOrdered: z.boolean().default(false) }).optional(),
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
export type Faults = z.output<typeof faultsSchema>
export type FaultName = keyof Faults
