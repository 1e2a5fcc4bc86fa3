/**
 * One try of one line. It knows whether an effect may have happened, in this try or in an earlier one: only then does the
 * next try have to look before it acts, and only otherwise may the intent be taken back. And it lets nothing be written by a
 * worker whose lease ran out while it waited or was stopped.
 */
import { PonteError } from '../../base/error.ts'
import type { CrmResult, WriteGuard } from '../../connectors/crm/spotter/types.ts'
import { type Lease, leaseLost } from '../../connectors/state/runs/leases.ts'

export interface Attempt {
  /** An earlier try may have had its effect. Its settling time is over, so that looking tells. */
  readonly inDoubt: boolean
  /** True once a write of this try may have reached the CRM. */
  readonly mayHaveActed: boolean
  /** Runs one write of the CRM. @throws PonteError `lease.lost`; what `effect` throws */
  write<T>(effect: (guard: WriteGuard) => Promise<CrmResult<T>>): Promise<CrmResult<T>>
  /** Runs one write of the ERP. @throws PonteError `lease.lost`; what `effect` throws */
  store<T>(effect: () => Promise<T>): Promise<T>
}

export function newAttempt(inDoubt: boolean, lease: Pick<Lease, 'name' | 'held'>): Attempt {
  let acted = false
  const mustHold = () => {
    if (!lease.held()) throw leaseLost(lease.name)
  }
  return {
    inDoubt,
    get mayHaveActed() {
      return acted
    },
    async write(effect) {
      mustHold()
      const before = acted
      acted = true
      try {
        const result = await effect({ mayStart: lease.held })
        // A refusal is an answer: the CRM did nothing.
        if (!result.ok) acted = before
        return result
      } catch (error) {
        // The client vouches that nothing was done (429, refused connection): as if this write had not been tried.
        if (isUntouched(error)) acted = before
        throw error
      }
    },
    async store(effect) {
      mustHold()
      return effect()
    },
  }
}

export const isInDoubt = (error: unknown): boolean => error instanceof PonteError && 'inDoubt' in error && error.inDoubt === true
const isUntouched = (error: unknown): boolean => error instanceof PonteError && 'inDoubt' in error && error.inDoubt === false
