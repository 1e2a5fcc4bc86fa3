/** The end of one inbound line: applied or refused, written down in state, then in its letter's progress. */
import { PonteError } from '../../base/error.ts'
import { type SettledEvent, settleEvent } from '../../connectors/state/changes/agreed.ts'
import { leaseLost } from '../../connectors/state/runs/leases.ts'
import type { Claim } from '../../queue-dirs/lane.types.ts'
import type { Context, JobRun } from '../context.ts'
import { isSystemic } from '../faults.ts'
import { errorText } from '../run/error-text.ts'
import type { LineEnd } from '../tally.ts'
import type { InboundCounts } from './inbound-counts.ts'

export interface InboundWork {
  readonly context: Context
  readonly run: JobRun
  readonly counts: InboundCounts
}

export interface InboundEvent {
  /** Inbox id: of letter and line, the same for ever. */
  readonly id: string
  readonly letter: string
  readonly leadId: number
}

/** What became of an event. `reason`: for the person who finds it in falhas. */
export type Ending = Pick<SettledEvent, 'outcome' | 'code' | 'ledger'> & { readonly reason?: string }

/**
 * @param apply brings the event into the ERP; throws what is systemic, and then the line stays queued
 * @throws PonteError `lease.lost` and what is systemic
 */
export async function endEvent(
  { context, run, counts }: InboundWork,
  claim: Claim,
  index: number,
  event: InboundEvent,
  apply: () => Promise<Ending>,
): Promise<LineEnd> {
  if (!(await claim.held())) throw leaseLost(run.job)
  mustHold(run)
  const { reason, ...ending } = await apply().catch((error) => refusal(context, event, error))
  const { id, letter, leadId } = event
  const receivedAt = new Date(claim.name.arrivedAt)
  await settleEvent(context.state, { event: { id, job: run.job, letter, leadId: String(leadId), receivedAt }, ...ending }, run.lease)
  counts.ended(ending.outcome, ending.ledger?.conflicts.length ?? 0)
  if (ending.outcome !== 'refused') {
    await claim.record(index, { kind: 'done' })
    return 'delivered'
  }
  await claim.record(index, { kind: 'dead', code: ending.code ?? 'REFUSED', reason: reason ?? '', attempts: 1 })
  context.log.warn({ prefix: claim.name.prefix, key: leadId, code: ending.code }, 'event refused: see falhas')
  return 'dead'
}

/** Asked before each write of the ERP. @throws PonteError `lease.lost` */
export function mustHold(run: JobRun): void {
  if (!run.lease.held()) throw leaseLost(run.job)
}

/** A line's own fault as its end. @throws `error` when it is systemic */
export function refusal({ log }: Context, event: InboundEvent, error: unknown): Ending {
  if (isSystemic(error)) throw error
  log.error({ err: error, key: event.leadId }, 'the ERP refuses an event')
  return { outcome: 'refused', code: error instanceof PonteError ? error.code : 'UNEXPECTED_ERROR', reason: errorText(error) }
}
