/** What the CRM says, as rows of canonical columns, by the field table. Pure functions; every value is normalised. */

import type { Lead, LeadCustomField, Person } from '../../connectors/crm/spotter/types.ts'
import type { Cell, Row } from '../../engine/model.ts'
import { applyRule } from '../../engine/rules.ts'
import { contactFields } from '../../records/contact.ts'
import type { Field } from '../../records/kind.ts'
import { leadInboundFields } from '../../records/lead.ts'

/** A lead as read over REST: every inbound field is there, null when the CRM has none. */
export function leadRow(lead: Lead, customFields: readonly LeadCustomField[]): Row {
  return rowOf(leadInboundFields, (field) => {
    if (!field.crm || !('custom' in field.crm)) return field.read === null ? null : at(lead, field.read)
    const { custom, choice } = field.crm
    const found = customFields.find((one) => one.id === custom)
    // A choice shows its options, of which the last counts; some answers carry it as a plain value.
    return choice ? (found?.options.at(-1) ?? found?.value ?? null) : (found?.value ?? null)
  })
}

export function personRow(person: Person): Row {
  return rowOf(contactFields, (field) => (field.read === null ? null : at(person, field.read)))
}

/**
 * What a webhook's `Lead` says: only the fields that it carries. Names in it begin with capitals and custom fields carry `value`.
 */
export function webhookLeadRow(lead: Readonly<Record<string, unknown>>): Row {
  const custom = Array.isArray(lead.CustomFields) ? (lead.CustomFields as unknown[]) : null
  return Object.fromEntries(
    leadInboundFields.flatMap((field): [string, Cell][] => {
      if (field.crm && 'custom' in field.crm) {
        const id = field.crm.custom
        const entry = custom?.find((one) => at(one, 'id') === id)
        return entry === undefined ? [] : [[field.name, cellOf(field, at(entry, 'value'))]]
      }
      const value = field.webhook === null ? undefined : at(lead, field.webhook)
      return value === undefined ? [] : [[field.name, cellOf(field, value)]]
    }),
  )
}

/** A webhook's contact: Id, Name, Email, Phone, Position. It does not say who the main contact is. */
export function webhookContactRow(contact: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    contactFields.flatMap((field): [string, Cell][] => {
      const value = field.webhook === null ? undefined : at(contact, field.webhook)
      return value === undefined ? [] : [[field.name, cellOf(field, value)]]
    }),
  )
}

function rowOf(fields: readonly Field[], value: (field: Field) => unknown): Row {
  return Object.fromEntries(fields.map((field) => [field.name, cellOf(field, value(field))]))
}

/** What the mirror can hold of a value: see `longest` of fields. */
function cellOf({ rule, longest = Number.POSITIVE_INFINITY }: Field, value: unknown): Cell {
  const cell = applyRule(rule, textOf(value))
  return cell !== null && cell.length > longest ? applyRule([{ op: 'truncate', length: longest + 1 }], cell) : cell
}

/** Of a row of the CRM: there was more than a value may have. */
export const isTooLong = ({ longest = Number.POSITIVE_INFINITY }: Field, value: Cell): boolean => (value?.length ?? 0) > longest

/** The value at a dotted path of plain objects; undefined when a step is missing. Own properties only: names come from outside. */
function at(value: unknown, path: string): unknown {
  let current = value
  for (const name of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined
    current = (current as Record<string, unknown>)[name]
  }
  return current
}

/** A number where a text belongs is that number's text. Anything else that is not text says nothing. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return null
}
