/**
 * Creates are not idempotent in the CRM: when an answer was lost, the effect may have happened, may be under way, or not.
 * So: wait the settling time, look the record up by its own key, adopt what is found, and only then try again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CrmResult, WriteGuard } from '../../connectors/crm/spotter/types.ts'
import { type Attempt, isInDoubt } from './attempt.ts'

export interface Create {
  /** Finds the record by its business key; null when the CRM does not have it. */
  find(): Promise<number | null>
  create(guard: WriteGuard): Promise<CrmResult<number>>
  attempt: Attempt
  /** Milliseconds that an effect may still be under way after its answer was lost. */
  settleMs: number
  tries?: number
}

/**
 * @returns the CRM's id (created or adopted), or its refusal
 * @throws PonteError `crm.unavailable` when the last attempt is still in doubt: the line stays queued, its intent stays set
 */
export async function createOnce({ find, create, attempt, settleMs, tries = 3 }: Create): Promise<CrmResult<number>> {
  let { inDoubt } = attempt
  for (let tried = 1; ; tried++) {
    if (inDoubt) {
      const found = await find()
      if (found !== null) return { ok: true, value: found }
    }
    try {
      const result = await attempt.write(create)
      if (result.ok || result.refusal !== 'duplicate-lead') return result
    } catch (error) {
      if (!isInDoubt(error) || tried >= tries) throw error
      inDoubt = true
      await sleep(settleMs)
      continue
    }
    // "Already exists for this tax id" is success.
    const found = await find()
    return found === null ? { ok: false, ...duplicateOfNobody } : { ok: true, value: found }
  }
}

const duplicateOfNobody = {
  refusal: 'duplicate-lead',
  status: 400,
  message: 'The CRM says that this lead exists already, but has none with this tax id.',
} as const
