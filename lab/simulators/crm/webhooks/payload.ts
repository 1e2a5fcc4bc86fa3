import type { LeadRow, PersonRow } from '../state/model.ts'
import type { WebhookEvent } from './event.ts'

/** The body that the old system's code read, of every type. `omit` leaves out what is null, and the objects that are empty then; lists are always there. */
export function payload({ lead, persons }: WebhookEvent, nulls: 'omit' | 'send'): string {
  const body = { Lead: { ...leadPart(lead, nulls), Contact: persons.map(contact) } }
  return JSON.stringify(nulls === 'send' ? body : withoutNulls(body))
}

function leadPart(lead: LeadRow, nulls: 'omit' | 'send'): Record<string, unknown> {
  return {
    Id: lead.id,
    Company: lead.lead,
    Stage: lead.stage,
    CpfCnpj: lead.cnpj,
    Phone: lead.phone1,
    Industry: { value: lead.industry },
    Origin: { value: lead.source },
    Address: {
      Address_Maps: addressLine(lead),
      ZipCode: lead.cep,
      AddAddressInformation: lead.complement,
      City: lead.city,
      State: lead.state,
      PublicPlaceName: lead.street,
    },
    CustomFields: customValues(lead).filter(({ value }) => nulls === 'send' || value !== null),
  }
}

/** Text fields as they are, a choice as its option's text: the last one, as its reader takes it. */
export function customValues({ customFields }: LeadRow): { id: string; value: string | null }[] {
  return Object.entries(customFields).map(([id, held]) => ({ id, value: typeof held === 'string' ? held : (held.at(-1) ?? null) }))
}

/** `street, number - district`; null when there is none of them. */
function addressLine({ street, number, district }: LeadRow): string | null {
  return joined(' - ', joined(', ', street, number), district)
}

function joined(separator: string, ...parts: (string | null)[]): string | null {
  return parts.filter((part) => part !== null && part !== '').join(separator) || null
}

function contact(person: PersonRow): Record<string, unknown> {
  return {
    Id: person.id,
    LeadId: person.leadId,
    Name: person.name,
    Email: person.email,
    Phone: person.phone1,
    Position: person.jobTitle,
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .map(([name, held]) => [name, withoutNulls(held)] as const)
    .filter(([, held]) => held !== null && !isEmpty(held))
  return Object.fromEntries(kept)
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
