/** What the simulated CRM may be told to do wrong. All off by default. */
import { z } from 'zod'

const share = z.number().min(0).max(1)

export const faultsSchema = z.strictObject({
  /** Share of calls answered 500 before anything was done. */
  failureRate: share.default(0),
  /** Share of calls whose effect is kept, but whose answer never comes: the connection is cut. */
  lostAnswers: share.default(0),
  /** Pause before each answer, milliseconds. */
  delayMs: z.int().min(0).max(60_000).default(0),
  /** Customers that are always refused with 422. */
  refuse: z.array(z.int()).default([]),
  /** Everything is answered 503. */
  down: z.boolean().default(false),
})

export type Faults = z.output<typeof faultsSchema>
export type FaultsInput = z.input<typeof faultsSchema>
