/** What lines cost in calls of the CRM, as the sinks make them. */
import type { EntityName } from '../../records/entities.ts'

/** least: reads of lines in flight together are shared as far as they can be. most: each line reads alone. */
export interface Calls {
  readonly least: number
  readonly most: number
}

export const noCalls: Calls = { least: 0, most: 0 }

export const plus = (one: Calls, other: Calls): Calls => ({ least: one.least + other.least, most: one.most + other.most })

/** The client asks for so many leads at once. */
const leadsPerRead = 15

/**
 * The calls of `lines` that are complete. A new lead that the CRM turns out to have costs one more, a new contact that it has one less.
 * @param inDoubt of them, those whose effect is looked for first
 * @param contacts that follow new leads
 * @param concurrency lines in flight
 */
export function callsOfLines(
  entity: EntityName,
  { lines, inDoubt, contacts }: { lines: number; inDoubt: number; contacts: number },
  concurrency: number,
): Calls {
  const sharedReads = Math.ceil(lines / Math.min(leadsPerRead, concurrency))
  switch (entity) {
    // Created; each contact is looked for among its lead's persons first.
    case 'leads.insert':
      return { least: lines + 2 * contacts, most: lines + inDoubt + 2 * contacts }
    case 'contacts.insert':
      return { least: 2 * lines, most: 2 * lines }
    // The lead and its custom fields are read, then it is written.
    case 'leads.update':
      return { least: lines + 2 * sharedReads, most: 3 * lines }
    case 'contacts.update':
      return { least: lines + sharedReads, most: 2 * lines }
  }
}
