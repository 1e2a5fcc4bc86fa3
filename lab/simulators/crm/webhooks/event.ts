import type { Effect, LeadRow, PersonRow } from '../state/model.ts'

/**
 * event:   an effect that the CRM tells about · type: which of the receiver's addresses hears of it
 * webhook: an event's body, ready to be posted · copy: one of the times that a webhook is delivered, normally the only one
 * attempt: one POST of a copy
 */
export const webhookTypes = ['updated', 'converted', 'discarded'] as const
export type WebhookType = (typeof webhookTypes)[number]

/** The lead and all its persons as they stood when the effect happened. */
export interface WebhookEvent {
  readonly type: WebhookType
  readonly lead: LeadRow
  readonly persons: readonly PersonRow[]
}

/** Which stages mean what, in the tenant's own order of stages. */
export interface StageRules {
  readonly stages: readonly string[]
  readonly discardedStage: string
  /** A lead typed in by hand at this stage or a later one has arrived there just as well (the integrated stages). */
  readonly integratedFrom: string
}

/**
 * The type of the webhook for an effect, null when it causes none. Whoever caused it: an update through the
 * API fires as well, which makes echoes. A changed person fires none until its lead is touched.
 */
export function webhookType(
  { kind, by, after: { lead } }: Pick<Effect, 'kind' | 'by' | 'after'>,
  before: LeadRow | undefined,
  { stages, discardedStage, integratedFrom }: StageRules,
): WebhookType | null {
  if (!lead) return null
  if (kind === 'leadAdded') {
    const first = stages.indexOf(integratedFrom)
    return by === 'user' && first >= 0 && stages.indexOf(lead.stage) >= first ? 'converted' : null
  }
  if (lead.stage === before?.stage) return 'updated'
  return lead.stage === discardedStage ? 'discarded' : 'converted'
}
