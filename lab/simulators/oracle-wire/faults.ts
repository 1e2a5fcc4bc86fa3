/** Failures on demand: what strikes, where, and how often. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { OracleError } from './oracle-error.ts'

const faultSchema = z.strictObject({
  /** `fetch` is every page of a result, the first one included. */
  at: z.enum(['login', 'execute', 'fetch', 'commit']),
  do: z.enum(['drop', 'stall', 'error']),
  /** `after`: the effect is done, the answer is lost or late; a commit of unknown outcome. Not for `error`. */
  when: z.enum(['before', 'after']).default('before'),
  /** Only statements that contain this text, in any case. A commit has no text. */
  match: z.string().default(''),
  /** `fetch`: only once so many rows of the result went out. */
  afterRows: z.int().min(0).default(0),
  /** Hits left, then the fault is over; null: no end. */
  times: z.int().min(0).nullable().default(1),
  /** `error`: the number of the ORA error. */
  ora: z.int().min(1).max(65_535).default(1555),
  /** `stall`: how long; a cancelled call wakes up. */
  ms: z.int().min(0).max(3_600_000).default(600_000),
})
export const faultsSchema = z.array(faultSchema)
export type FaultInput = z.input<typeof faultSchema>
type Fault = z.output<typeof faultSchema>

export interface Place {
  readonly at: Fault['at']
  readonly when: Fault['when']
  readonly sql?: string
  readonly sent?: number
}

/** Tells the connection to hang up without a word. */
export class DropConnection extends Error {}

/** Texts of the errors that are asked for most. */
const TEXTS: Readonly<Record<number, string>> = {
  54: 'resource busy and acquire with NOWAIT specified or timeout expired',
  60: 'deadlock detected while waiting for resource',
  1555: 'snapshot too old: rollback segment number 7 with name "SIMULATED" too small',
  3113: 'end-of-file on communication channel',
  4068: 'existing state of packages has been discarded',
  8177: "can't serialize access for this transaction",
}

export class Faults {
  #faults: { fault: Fault; left: number | null; struck: number }[] = []

  /** Replaces all. Throws ZodError. */
  set(given: readonly FaultInput[]): void {
    this.#faults = faultsSchema.parse(given).map((fault) => ({ fault, left: fault.times, struck: 0 }))
  }

  report(): { fault: Fault; struck: number }[] {
    return this.#faults.map(({ fault, struck }) => ({ fault, struck }))
  }

  /** Does what is due at this place. Throws OracleError or DropConnection. */
  async strike({ at, when, sql = '', sent = 0 }: Place, signal: AbortSignal): Promise<void> {
    for (const entry of this.#faults) {
      const { fault } = entry
      const due = fault.at === at && fault.when === when && entry.left !== 0 && sent >= fault.afterRows
      if (!due || !sql.toLowerCase().includes(fault.match.toLowerCase())) continue
      entry.struck += 1
      if (entry.left !== null) entry.left -= 1
      if (fault.do === 'drop') throw new DropConnection()
      if (fault.do === 'error') throw new OracleError(fault.ora, TEXTS[fault.ora] ?? 'simulated error')
      await sleep(fault.ms, undefined, { signal }).catch(() => {})
    }
  }
}
