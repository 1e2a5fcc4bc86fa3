import type { Clock } from '../clock.ts'
import type { Catalogue, Policies } from '../http/settings.ts'
import type { EffectLog } from './effect-log.ts'
import type { After, Effect, EffectDraft, EffectKind, LeadRow } from './model.ts'
import type { CrmState } from './state.ts'

/** What the handlers of a request work with. */
export interface Crm {
  readonly state: CrmState
  readonly log: EffectLog
  readonly clock: Clock
  readonly catalogue: Catalogue
  /** May be replaced between requests by the control API. */
  policies: Policies
  /** Told of each effect of a request at once, before it is on disk; `before` is its lead as it was. */
  readonly committed: (effect: Effect, before: LeadRow | undefined) => void
}

/**
 * Makes an effect happen: state in memory at once, so that the next request sees it; the line on disk with the next flush.
 * The answer must wait for `log.durable()`. Throws PonteError `simulators.log_broken`.
 */
export function commit(
  crm: Crm,
  draft: { kind: EffectKind; by?: EffectDraft['by']; id: number; key: string; body: unknown; time?: string; after: After },
): void {
  const before = draft.after.lead && crm.state.lead(draft.after.lead.id)
  const effect = crm.log.append({ by: 'api', time: draft.time ?? crm.clock.next(), ...draft })
  crm.state.apply(effect.after)
  crm.committed(effect, before)
}

/** `key` of a lead's effects. */
export function leadKey(lead: { id: number; cnpj: string | null }): string {
  return lead.cnpj ?? `lead:${lead.id}`
}
