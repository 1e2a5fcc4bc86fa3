/** What a full sync asks of a lead and of a contact before it takes them. */

import type { Lead, Person } from '../../connectors/crm/spotter/types.ts'
import type { Row } from '../../engine/model.ts'
import type { Field } from '../../records/kind.ts'
import { isTooLong } from '../receive/crm-rows.ts'

/** `value`: what LOG_EXECUTION_CRM says of the field, in the words that people of the ERP know. */
export interface Problem {
  readonly field: string
  readonly value: 'Campo vazio' | 'Campo ausente' | 'Campo longo demais'
}

/** Names as the CRM shows them. Representative, registration and analysis need not be there, only readable. */
export function leadProblems(lead: Lead): Problem[] {
  const { cnpj, street, cep, number, district, city, state } = lead
  return problemsOf({
    lead: lead.lead,
    cnpj,
    'industry.value': lead.industry?.value ?? null,
    'source.value': lead.source?.value ?? null,
    street,
    cep,
    number,
    district,
    city,
    state,
  })
}

export function contactProblems({ name, email, phone1, jobTitle }: Person): Problem[] {
  return problemsOf({ name, email, phone1, jobTitle })
}

/** Fields with more than a value may have, also of those that need not be there. */
export function lengthProblems(fields: readonly Field[], row: Row): Problem[] {
  const nameOf = ({ read, crm, name }: Field) => read ?? (crm && 'custom' in crm ? crm.custom : name)
  return fields
    .filter((field) => isTooLong(field, row[field.name] ?? null))
    .map((field) => ({ field: nameOf(field), value: 'Campo longo demais' }))
}

function problemsOf(values: Readonly<Record<string, string | null>>): Problem[] {
  return Object.entries(values).flatMap(([field, value]): Problem[] => {
    if (value === null) return [{ field, value: 'Campo ausente' }]
    return value.trim() === '' ? [{ field, value: 'Campo vazio' }] : []
  })
}
