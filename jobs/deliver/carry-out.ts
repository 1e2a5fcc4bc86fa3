/**
 * One change, from intent to verdict. The order of writes around an effect is what makes every crash harmless:
 *
 *   intent (state) → effect (CRM) → ERP → settled (state)
 *
 * Killed before `settled`, the change is in doubt, and whoever takes it next waits and looks before it acts. Stopped past its lease and
 * woken, a worker writes nothing: each arrow asks the lease first.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../../base/error.ts'
import { begin, type Carried, clearIntent, settleDelivered, settleFailed } from '../../connectors/state/changes/delivery.ts'
import { settleWithdrawn } from '../../connectors/state/changes/standing.ts'
import { leaseLost } from '../../connectors/state/runs/leases.ts'
import type { Row } from '../../engine/model.ts'
import type { KindName } from '../../records/kinds.ts'
import type { Context, JobRun } from '../context.ts'
import { isSystemic } from '../faults.ts'
import { type Attempt, newAttempt } from './attempt.ts'

/** Both sides hold `fields` now, as the ERP spells them. `ledger` names the record on the agreed ledger. */
export interface Delivered {
  readonly kind: 'delivered'
  readonly ledger: { entity: KindName | 'leads.budget' | 'leads.sale'; key: string }
  readonly crmId: string
  readonly fields: Row
}

/** The change's own fault. */
export interface Dead {
  readonly kind: 'dead'
  readonly code: string
  readonly reason: string
  readonly httpStatus?: number
}

/** What made the change is gone, and the CRM holds nothing of it. */
export interface Withdrawn {
  readonly kind: 'withdrawn'
}

export type CarriedOut<Verdict> =
  | Verdict
  | Dead
  /** An earlier run ended it. */
  | { readonly kind: 'already'; readonly status: 'delivered' | 'superseded' }
  /** Only with an aborted run. */
  | { readonly kind: 'open' }

/**
 * @param act brings the effect about; every write of the CRM goes through `attempt.write`, every write of the ERP through `attempt.store`.
 *   Throws only when the other system is away (systemic)
 * @returns the verdict, settled
 * @throws what is systemic: the change stays queued and no attempt is spent
 */
export async function carryOut<Verdict extends Delivered | Dead | Withdrawn>(
  { state, options, log }: Context,
  run: JobRun,
  change: Carried,
  act: (attempt: Attempt) => Promise<Verdict>,
): Promise<CarriedOut<Verdict>> {
  const { lease } = run
  const beginning = await begin(state, change, lease)
  if (beginning.kind === 'fenced') throw leaseLost(run.job)
  if (beginning.kind === 'already') return beginning
  if (beginning.inDoubt) {
    // An earlier worker may have sent until the moment at which its lease ended, whenever its intent was: the whole time from here.
    await sleep(options.settleMs, undefined, { signal: run.signal }).catch(() => {})
    if (run.signal.aborted) return { kind: 'open' }
  }

  const attempt = newAttempt(beginning.inDoubt, lease)
  const verdict = await act(attempt).catch(async (error) => {
    if (!isSystemic(error)) return unexpected(log, change, error)
    // A state database that is away keeps the intent, which costs the next try one look.
    if (!attempt.mayHaveActed && !beginning.inDoubt) await clearIntent(state, change, lease).catch(() => {})
    throw error
  })
  // After a clean refusal the CRM holds nothing new; after a write and then a refusal by the ERP it does. A doubt costs one look.
  const doubt = attempt.mayHaveActed || beginning.inDoubt
  if (!(await settle(state, change, verdict, doubt, lease))) throw leaseLost(run.job)
  return verdict
}

function settle(
  state: Context['state'],
  change: Carried,
  verdict: Delivered | Dead | Withdrawn,
  doubt: boolean,
  lease: JobRun['lease'],
): Promise<boolean> {
  switch (verdict.kind) {
    case 'delivered': {
      const { ledger, crmId, fields } = verdict
      return settleDelivered(state, change, { ...ledger, crmId, fields }, lease)
    }
    case 'dead':
      return settleFailed(state, change, verdict.code, doubt, lease)
    case 'withdrawn':
      return settleWithdrawn(state, change, lease)
  }
}

function unexpected(log: Context['log'], { entity, key }: Carried, error: unknown): Dead {
  log.error({ err: error, entity, key }, 'unexpected error')
  const message = error instanceof PonteError ? `${error.message} ${error.hint}` : 'An unexpected error; the log has its stack.'
  return { kind: 'dead', code: error instanceof PonteError ? error.code : 'UNEXPECTED_ERROR', reason: message }
}
