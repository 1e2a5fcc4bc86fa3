/**
 * Replay by rebase: what a refused line sends is recomputed from what the ERP says now, so that nothing stale is ever replayed. A line
 * whose record differs no more, or is not to be sent any more, ends without a call.
 */
import { ulid } from 'ulid'
import { writeLine } from '../records/lines.ts'
import { type ErpReads, erpRecord } from './record-now.ts'
import type { Rebase } from './requeue-dead.ts'

/** @throws from the function it gives: `erp.*`; then nothing was done */
export function rebaseOn(erp: ErpReads): Rebase {
  return async (line, entity) => {
    const now = await erpRecord(erp, entity, line)
    // Without a record to look up it can only be sent as it is.
    if (now === null || line.change === null) return { kind: 'again', text: line.text, change: null }
    const { desired, known } = now
    const differs = desired !== null && (entity.known === null || (known !== null && known.hash !== desired.hash))
    if (!differs) return { kind: 'nothing' }
    const { run, hash, stray } = line.change
    const after = { key: desired.key, hash: desired.hash, after: desired.row }
    // The same values are the same change; others are a change of their own, as a compare would have queued.
    if (!stray && hash === desired.hash && desired.key === line.change.key)
      return { kind: 'again', text: writeLine(run, entity.name, after), change: null }
    const change = {
      run: `${stray ? '' : `${run.split('.rebase.')[0]}.`}rebase.${ulid()}`,
      entity: entity.name,
      key: desired.key,
      hash: desired.hash,
    }
    return { kind: 'again', text: writeLine(change.run, entity.name, after), change }
  }
}
