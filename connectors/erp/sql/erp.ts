/** Everything of an ERP but the reading of views by engines, on a dialect that speaks `SqlDialect`. */
import type { Erp } from '../erp.ts'
import { commerce } from './commerce.ts'
import { fullSync, type UpdateQuietly } from './full-sync.ts'
import { inbound } from './inbound.ts'
import type { Ask, Link, SqlDialect, Transact } from './link.ts'
import { lookup } from './lookup.ts'
import { mirrorWrites } from './mirror.ts'
import { mirrorReads } from './mirror-reads.ts'

export interface SqlParts<L extends Link> {
  readonly dialect: SqlDialect
  readonly transact: Transact<L>
  /** Outside a transaction. */
  readonly ask: Ask
  readonly updateQuietly: UpdateQuietly<L>
}

export function sqlErp<L extends Link>({
  dialect,
  transact,
  ask,
  updateQuietly,
}: SqlParts<L>): Omit<Erp, 'dialect' | 'openExtract' | 'close'> {
  return {
    ping: async () => {
      await ask('select 1 from dual')
    },
    ...mirrorWrites(dialect, transact),
    ...inbound(dialect, transact, ask),
    ...mirrorReads(dialect, ask),
    ...fullSync(dialect, transact, ask, updateQuietly),
    ...commerce(dialect, ask),
    ...lookup(dialect, transact, ask),
  }
}
