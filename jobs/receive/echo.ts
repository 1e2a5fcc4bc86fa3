/**
 * Is this webhook an echo: does it say what the mirror holds already? Most webhooks are answers to our own writes, so
 * telling them without a call of the CRM is what keeps the quota for work. A payload that leaves anything open is no echo: it is read.
 */

import type { Row } from '../../engine/model.ts'
import { contactFields } from '../../records/contact.ts'
import { leadInboundFields } from '../../records/lead.ts'
import { webhookContactRow, webhookLeadRow } from './crm-rows.ts'
import { crmId } from './lead-event.ts'
import { isKnown, noReps, type Reps } from './reconcile.ts'

/** Not on their own in a webhook: they are parts of `Address_Maps`. */
const inMaps = new Set(['ADDRESS_STREET', 'ADDRESS_NUMBER', 'ADDRESS_DISTRICT'])

export interface Mirrored {
  readonly lead: Row | null
  readonly persons: readonly Row[]
}

/** @param lead the webhook's `Lead` */
export function isEcho(lead: Readonly<Record<string, unknown>>, mirror: Mirrored, reps: Reps): boolean {
  const known = mirror.lead
  if (known === null || !Array.isArray(lead.Contact) || !Array.isArray(lead.CustomFields)) return false
  const said = webhookLeadRow(lead)
  // What the payload leaves out may be empty or merely not sent.
  const fieldsKnown = leadInboundFields.every((field) => inMaps.has(field.name) || isKnown(field, known, said, reps))
  return fieldsKnown && isAddress(lead.Address, known) && arePersons(lead.Contact, mirror.persons, crmId(lead.Id))
}

/** `street, number - district`; the separators are not certain, so only letters and digits count. */
function isAddress(address: unknown, known: Row): boolean {
  const maps = (address as { Address_Maps?: unknown } | null | undefined)?.Address_Maps ?? ''
  if (typeof maps !== 'string') return false
  const number = known.ADDRESS_NUMBER ?? null
  const numbers = number === null || number === '0' ? ['', 'SN', '0'] : [number]
  return numbers.some((text) => plain(maps) === plain(`${known.ADDRESS_STREET ?? ''}${text}${known.ADDRESS_DISTRICT ?? ''}`))
}

const plain = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toUpperCase()

/** The same persons with the same values; who is the main contact is not in a webhook, the poll finds that. */
function arePersons(contacts: readonly unknown[], known: readonly Row[], leadId: number | null): boolean {
  const said = contacts.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null && !Array.isArray(one))
  if (said.length !== contacts.length || said.length !== known.length) return false
  const left = new Map(known.map((row) => [row.ID, row]))
  return said.every((contact) => {
    const id = String(crmId(contact.Id))
    const row = left.get(id)
    // One that is named twice does not stand for another.
    if (!left.delete(id) || row === undefined || (contact.LeadId !== undefined && crmId(contact.LeadId) !== leadId)) return false
    const values = webhookContactRow(contact)
    return contactFields.every((field) => field.webhook === null || isKnown(field, row, values, noReps))
  })
}
