/** The books of a run of budgets or sales: every lead ends in exactly one column. */
import { PonteError } from '../../base/error.ts'
import type { JobOutcome } from '../context.ts'
import { errorText } from '../run/error-text.ts'

/**
 * alreadySold: the CRM knows the lead as sold, the mirror holds the ERP's value all the same · refused: tried again later ·
 * withdrawn: the difference went away before it was told, or budget and sale met at the lead: the next run tells it · open: left for the next run
 */
const columns = ['delivered', 'alreadySold', 'refused', 'withdrawn', 'waiting', 'held', 'open'] as const
export type LeadEnd = (typeof columns)[number]

export interface CommerceCounts extends Readonly<Record<LeadEnd, number>> {
  /** Leads taken up. Counted where they are read, not where they end. */
  readonly leads: number
}

export interface Books {
  ended(leadId: string, end: Exclude<LeadEnd, 'refused'>): void
  refused(leadId: string, code: string): void
  /** Leads that the CRM knows of now. */
  readonly told: number
  /**
   * @param failure why leads were left open
   * @param due leads that were to be told
   */
  outcome(due: number, failure: unknown, aborted: boolean): JobOutcome
}

export function openBooks(leads: number): Books {
  const ends = new Map<string, LeadEnd>()
  const refusals: string[] = []
  const count = (end: LeadEnd) => [...ends.values()].filter((one) => one === end).length
  return {
    ended: (leadId, end) => void ends.set(leadId, end),
    refused(leadId, code) {
      ends.set(leadId, 'refused')
      refusals.push(`${leadId} ${code}`)
    },
    get told() {
      return count('delivered') + count('alreadySold')
    },
    outcome(due, failure, aborted) {
      const counts = { leads, ...Object.fromEntries(columns.map((end) => [end, count(end)])) } as unknown as CommerceCounts
      const failed = (message: string, exitCode = 1): JobOutcome => ({ status: 'failed', counts: { ...counts }, message, exitCode })
      if (failure !== null)
        return failed(`${errorText(failure)} What was not told is tried again.`, failure instanceof PonteError ? failure.exitCode : 1)
      if (ends.size !== leads) return failed('The leads of this run do not add up: a defect, keep the log and report it.')
      if (aborted) return failed('stopped before the end; the rest is tried again')
      const message = remarks(counts, refusals)
      if (due === 0) return { status: 'skipped', counts: { ...counts }, message: message || 'nothing to do' }
      return { status: 'success', counts: { ...counts }, ...(message === '' ? {} : { message }) }
    },
  }
}

function remarks({ waiting, held }: CommerceCounts, refusals: readonly string[]): string {
  return [
    ...(refusals.length > 0 ? [`${refusals.length} leads refused: ${refusals.slice(0, 5).join(', ')}`] : []),
    ...(waiting > 0 ? [`${waiting} leads wait for their next try`] : []),
    ...(held > 0 ? [`${held} leads are held: told three times without converging`] : []),
  ].join('; ')
}
