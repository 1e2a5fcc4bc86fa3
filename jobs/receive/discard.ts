/** A lead leaves the mirror: when the CRM has it no more, discarded it, or moved it back in the funnel. It may come again. */
import type { Lead } from '../../connectors/crm/spotter/types.ts'
import type { Cell } from '../../engine/model.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { mustHold } from './end-event.ts'

/** unknown: a stage that no spelling names; nothing can be said of that lead. */
export type Standing = { readonly kind: 'stays' | 'unknown' } | { readonly kind: 'leaves'; readonly reason: string }

/** @param lead as the CRM shows it; null: it has none */
export function standingOf(mirrored: { readonly stage: Cell }, lead: Pick<Lead, 'stage'> | null, stages: Stages): Standing {
  if (lead === null) return { kind: 'leaves', reason: 'the CRM no longer has this lead' }
  const now = stages.find(lead.stage)
  if (now === null) return { kind: 'unknown' }
  // The first of the order is "discarded", whatever the mirror says.
  if (now.position === 0) return { kind: 'leaves', reason: 'the CRM discarded this lead' }
  const before = stages.find(mirrored.stage)
  if (before === null) return { kind: 'unknown' }
  return now.position < before.position ? { kind: 'leaves', reason: `the CRM moved this lead back to ${now.name}` } : { kind: 'stays' }
}

/** @returns false when it was not mirrored (any more) @throws PonteError `lease.lost`, `erp.*`, `state.*` */
export async function removeLead({ erp }: Context, run: JobRun, leadId: string, reason: string): Promise<boolean> {
  mustHold(run)
  return erp.removeLead({ leadId, job: run.job, reason })
}
