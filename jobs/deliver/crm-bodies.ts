/** Rows to CRM bodies, by the field table. Pure functions. */

import type { CustomField, LeadBody, PersonBody } from '../../connectors/crm/spotter/types.ts'
import type { Row } from '../../engine/model.ts'
import { contactFields, noPhone } from '../../records/contact.ts'
import type { Field } from '../../records/kind.ts'
import { leadFields } from '../../records/lead.ts'
import { exempt, unknownRep } from '../../records/rules.ts'

/** What an empty value becomes on its way out; fields not listed are left out on creation and emptied on update. */
const outgoing: Record<string, (value: string | null) => string | null> = {
  ADDRESS_NUMBER: (value) => (value === null || value === '0' ? 'SN' : value),
  TAX_REGISTRATION: (value) => (value === null || value === exempt ? '99' : value),
  FINANCIAL_ANALYSIS: (value) => value ?? 'Vazio.',
}

/**
 * @param kind create: null fields are left out; update: they are sent empty, so that a value erased in the ERP is erased in the CRM
 * @param reps the CRM's options of `_cod.gestores`; a rep that is not among them is sent as 99
 */
export function leadBody(
  fields: readonly Field[],
  row: Row,
  options: { kind: 'create' | 'update'; reps: ReadonlySet<string>; country: string },
): LeadBody {
  const lead: Record<string, string> = { country: options.country }
  const customFields: CustomField[] = []
  for (const field of fields) {
    if (!field.crm) continue
    const raw = row[field.name] ?? null
    const known = field.name === 'SALES_REP' ? knownRep(raw, options.reps) : raw
    const value = outgoing[field.name]?.(known) ?? known
    if ('custom' in field.crm) {
      if (value === null && options.kind === 'create') continue
      customFields.push(
        field.crm.choice ? { id: field.crm.custom, options: [{ value: value ?? '' }] } : { id: field.crm.custom, value: value ?? '' },
      )
    } else if (value !== null || options.kind === 'update') lead[field.crm.property] = value ?? ''
  }
  return { ...lead, customFields }
}

/** An update with these fields only, and the name, which every body carries. What the CRM's users changed meanwhile in other fields stays. */
export function leadUpdateBody(fields: readonly string[], row: Row, options: { reps: ReadonlySet<string>; country: string }): LeadBody {
  const sent = leadFields.filter((field) => field.name === 'NAME' || fields.includes(field.name))
  return leadBody(sent, row, { kind: 'update', ...options })
}

const knownRep = (rep: string | null, reps: ReadonlySet<string>): string => (rep !== null && reps.has(rep) ? rep : unknownRep)

/** The same for a person. */
export function personUpdateBody(fields: readonly string[], row: Row): PersonBody {
  const whole = personBody(row, 'update')
  const sent = contactFields.flatMap((field) =>
    field.crm && 'property' in field.crm && (field.name === 'NAME' || fields.includes(field.name)) ? [field.crm.property] : [],
  )
  return Object.fromEntries(Object.entries(whole).filter(([property]) => sent.includes(property))) as unknown as PersonBody
}

/** @param row canonical contact columns; a missing phone is sent as the old system's placeholder on update */
export function personBody(row: Row, kind: 'create' | 'update'): PersonBody {
  const phone = row.PHONE ?? (kind === 'update' ? noPhone : null)
  const jobTitle = row.JOB_TITLE ?? (kind === 'update' ? '' : null)
  return {
    name: row.NAME ?? '',
    email: row.EMAIL ?? '',
    mainContact: row.IS_PRIMARY === 'S',
    ...(phone === null ? {} : { phone1: phone }),
    ...(jobTitle === null ? {} : { jobTitle }),
  }
}
