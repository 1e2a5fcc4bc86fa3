/** What an inbound run counts besides its lines. */
import type { EventOutcome } from '../../connectors/state/changes/agreed.ts'

export interface InboundCounts {
  readonly values: Readonly<Record<EventOutcome | 'conflicts' | 'contacts' | 'contactsGone', number>>
  ended(outcome: EventOutcome, conflicts: number): void
  contactsQueued(count: number): void
  contactGone(): void
}

export function newCounts(): InboundCounts {
  const values = { applied: 0, unchanged: 0, echo: 0, ignored: 0, removed: 0, refused: 0, conflicts: 0, contacts: 0, contactsGone: 0 }
  return {
    values,
    ended(outcome, conflicts) {
      values[outcome]++
      values.conflicts += conflicts
    },
    contactsQueued(count) {
      values.contacts += count
    },
    contactGone() {
      values.contactsGone++
    },
  }
}
