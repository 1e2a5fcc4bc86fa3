/** What lines cost in calls of the CRM, as the sinks make them. */
import { type Entity, entityNamed } from '../../records/kinds.ts'

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
  { reads }: Entity,
  { lines, inDoubt, contacts }: { lines: number; inDoubt: number; contacts: number },
  concurrency: number,
): Calls {
  const times = reads.shared ? Math.ceil(lines / Math.min(leadsPerRead, concurrency)) : lines
  const following = contacts * (1 + entityNamed('contacts.insert').reads.each)
  return {
    least: lines + reads.each * times + following,
    most: lines * (1 + reads.each) + reads.onDoubt * inDoubt + following,
  }
}
