/** One line of an inbound letter: an event of a lead. Only its id counts for certain; the rest is a hint. */
import { createHash } from 'node:crypto'
import { PonteError } from '../../base/error.ts'
import type { InboundEvent } from './end-event.ts'

export interface LeadEvent extends InboundEvent {
  /** As it came; empty when the event was found by polling. */
  readonly lead: Readonly<Record<string, unknown>>
  readonly stage: string | null
}

/** @throws PonteError `line.invalid_json` | `line.without_lead` */
export function readLeadEvent(id: string, text: string): LeadEvent {
  const lead = (parse(text) as { Lead?: unknown } | null)?.Lead
  if (typeof lead !== 'object' || lead === null || Array.isArray(lead)) throw withoutLead('an object `Lead`')
  const { Id, Stage } = lead as Record<string, unknown>
  const leadId = crmId(Id)
  if (leadId === null) throw withoutLead('a whole number `Lead.Id` above 0')
  return {
    id: inboxId(id),
    letter: id.slice(0, id.lastIndexOf(':')),
    leadId,
    lead: lead as Record<string, unknown>,
    stage: typeof Stage === 'string' ? Stage : null,
  }
}

/** An id of the CRM, a number or its text; null: it is none. */
export function crmId(value: unknown): number | null {
  const id = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : null
}

/** Short enough for any inbox, and without the company that stands in a letter's name. */
export const inboxId = (lineId: string): string => createHash('md5').update(lineId).digest('hex')

export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PonteError('line.invalid_json', 'The line is not valid JSON.', { hint: 'Correct the line in falhas and requeue it.' })
  }
}

const withoutLead = (what: string) =>
  new PonteError('line.without_lead', `The event names no lead: it needs ${what}.`, { hint: 'Correct the line in falhas and requeue it.' })
