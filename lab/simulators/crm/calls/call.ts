import type { z } from 'zod'
import type { Plan } from '../http/faults.ts'
import type { Crm } from '../state/crm.ts'
import { type Reply, refuseShape } from './reply.ts'

/** One request to the CRM's API, past token and quota. */
export interface Call {
  readonly crm: Crm
  /** The number that ends the path; 0 for paths without one. */
  readonly id: number
  readonly params: URLSearchParams
  readonly body: unknown
  /** Absolute address of the CRM's root, then of the path without its query: for `@odata.context` and `@odata.nextLink`. */
  readonly root: string
  readonly address: string
  /** Faults that act inside a read. */
  readonly bend: Pick<Plan, 'ignoreFilter' | 'drift'>
}

export type Handler = (call: Call) => Reply

/** A handler that gets its body typed; a body of another shape is refused before it runs. */
export function withBody<Schema extends z.ZodType>(schema: Schema, handle: (call: Call, body: z.output<Schema>) => Reply): Handler {
  return (call) => {
    const parsed = schema.safeParse(call.body)
    return parsed.success ? handle(call, parsed.data) : refuseShape()
  }
}
