/**
 * One line, from intent to progress (architecture 6). The order of writes around an effect is what makes every crash harmless:
 *
 *   intent (state) → effect (CRM) → ERP → settled (state) → progress (disk)
 *
 * Killed after any arrow, the line is taken again: before `settled` it is in doubt and its sink looks before it acts, after it
 * `begin` answers "already delivered" and only the progress is written. Stopped past its lease and woken, it writes nothing:
 * each arrow asks the lease first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../base/error.ts'
import { begin, clearIntent, settleDelivered, settleFailed } from '../connectors/state/delivery.ts'
import { leaseLost } from '../connectors/state/leases.ts'
import type { Row } from '../engine/model.ts'
import type { Claim } from '../queue-dirs/lane.types.ts'
import { type Attempt, newAttempt } from './attempt.ts'
import type { Context, JobRun } from './context.ts'
import { isSystemic } from './faults.ts'
import type { Line } from './lines.ts'
import type { LineEnd } from './tally.ts'

export type Delivery =
  /** Both sides hold `fields` now, as the ERP spells them. `ledger` names the record on the agreed ledger. */
  | {
      readonly kind: 'delivered'
      readonly ledger: { entity: 'leads' | 'contacts'; key: string }
      readonly crmId: string
      readonly fields: Row
    }
  /** The line's own fault: to falhas. */
  | { readonly kind: 'dead'; readonly code: string; readonly reason: string; readonly httpStatus?: number }

/**
 * Applies one line; every write of the CRM goes through `attempt.write`, every write of the ERP through `attempt.store`.
 * Throws only when the other system is away (systemic): the line stays queued and no attempt is spent.
 */
export type Sink = (line: Line, attempt: Attempt) => Promise<Delivery>

/**
 * @returns how the line ended: its outcome is on disk then, except for `open`, which comes only with an aborted run
 * @throws what is systemic; the line stays in the queue
 */
export async function deliverLine(
  { state, options, log }: Context,
  run: JobRun,
  sink: Sink,
  claim: Claim,
  index: number,
  line: Line,
): Promise<LineEnd> {
  const { change } = line
  const { lease } = run
  if (!(await claim.held())) throw leaseLost(run.job)
  const beginning = await begin(state, { ...change, letter: claim.name.file }, lease)
  if (beginning.kind === 'fenced') throw leaseLost(run.job)
  if (beginning.kind === 'already') {
    await claim.record(index, { kind: 'done' })
    return beginning.status === 'delivered' ? 'already' : 'superseded'
  }
  if (beginning.inDoubt) {
    // An earlier worker may have sent until the moment at which its lease ended, whenever its intent was: the whole time from here.
    await sleep(options.settleMs, undefined, { signal: run.signal }).catch(() => {})
    if (run.signal.aborted) return 'open'
  }

  const attempt = newAttempt(beginning.inDoubt, lease)
  const delivery = await sink(line, attempt).catch(async (error) => {
    if (!isSystemic(error)) return unexpected(log, line, error)
    // A state database that is away keeps the intent, which costs the next try one look.
    if (!attempt.mayHaveActed && !beginning.inDoubt) await clearIntent(state, change, lease).catch(() => {})
    throw error
  })
  if (delivery.kind === 'delivered') {
    const { ledger, crmId, fields } = delivery
    if (!(await settleDelivered(state, change, { ...ledger, crmId, fields }, lease))) throw leaseLost(run.job)
    await claim.record(index, { kind: 'done' })
    return 'delivered'
  }
  const { code, reason, httpStatus } = delivery
  // After a clean refusal the CRM holds nothing new; after a write and then a refusal by the ERP it does. A doubt costs one look.
  if (!(await settleFailed(state, change, code, attempt.mayHaveActed || beginning.inDoubt, lease))) throw leaseLost(run.job)
  await claim.record(index, { kind: 'dead', code, reason, attempts: 1, ...(httpStatus === undefined ? {} : { httpStatus }) })
  log.warn({ entity: change.entity, key: change.key, code }, 'line refused: see falhas')
  return 'dead'
}

function unexpected(log: Context['log'], { change }: Line, error: unknown): Delivery {
  log.error({ err: error, entity: change.entity, key: change.key }, 'unexpected error')
  const message = error instanceof PonteError ? `${error.message} ${error.hint}` : 'An unexpected error; the log has its stack.'
  return { kind: 'dead', code: error instanceof PonteError ? error.code : 'UNEXPECTED_ERROR', reason: message }
}
