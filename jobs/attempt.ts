/**
 * One try of one line. It knows whether an effect may have happened, in this try or in an earlier one: only then does the
 * next try have to look before it acts, and only otherwise may the intent be taken back.
 */
import { PonteError } from '../base/error.ts'

export interface Attempt {
  /** An earlier try may have had its effect, since then. */
  readonly inDoubtSince: Date | null
  /** True once a write of this try may have reached the other system. */
  readonly mayHaveActed: boolean
  /** Runs one write of the other system. */
  write<T>(effect: () => Promise<T>): Promise<T>
}

export function newAttempt(inDoubtSince: Date | null): Attempt {
  let acted = false
  return {
    inDoubtSince,
    get mayHaveActed() {
      return acted
    },
    async write(effect) {
      const before = acted
      acted = true
      try {
        return await effect()
      } catch (error) {
        // The client vouches that nothing was done (429, refused connection): as if this write had not been tried.
        if (isUntouched(error)) acted = before
        throw error
      }
    },
  }
}

export const isInDoubt = (error: unknown): boolean => error instanceof PonteError && 'inDoubt' in error && error.inDoubt === true
const isUntouched = (error: unknown): boolean => error instanceof PonteError && 'inDoubt' in error && error.inDoubt === false
