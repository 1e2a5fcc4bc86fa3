import type { Disk } from '../base/files/atomic-file.ts'
import type { Timing } from './claim/heartbeat.ts'
import type { Layout } from './layout.ts'

/** What every part of one open lane works with. */
export interface House extends Timing {
  readonly disk: Disk
  readonly layout: Layout
  readonly prefixes: readonly string[]
  readonly linesPerFile: number
  /** Files in processar that Ponte did not name are left alone until unchanged this long: their writer may not be done. */
  readonly settleMs: number
  /** Letters looked at in one pass over processar; bounds memory. */
  readonly windowSize: number
  /** ulid whose order is the order of the calls, also within a millisecond and when the wall clock goes back. */
  readonly nextId: () => string
  /** Epoch ms for names; never goes back within this process. */
  readonly nameTime: () => number
}
