/**
 * What is compared: one entry per detector (mission C.3, D-33). A new entity is an entry here, its views in SQL and its sink.
 * The order is the order of detection: updates before inserts, leads before contacts.
 */
import type { ErpView } from '../connectors/erp/erp.ts'
import type { Column } from '../engine/model.ts'
import type { LaneName } from '../queue-dirs/lane.types.ts'
import { contactFields, type Field, leadCreationFields, leadFields } from './fields.ts'

export type EntityName = 'leads.update' | 'leads.insert' | 'contacts.update' | 'contacts.insert'

export interface Entity {
  readonly name: EntityName
  readonly lane: LaneName
  /** File prefix of mission C.2. */
  readonly prefix: string
  readonly desired: ErpView
  readonly known: ErpView | null
  readonly key: readonly string[]
  readonly fields: readonly Field[]
  readonly columns: readonly Column[]
}

const id: Column = { name: 'ID', rule: [{ op: 'trim' }] }
const leadId: Column = { name: 'LEAD_ID', rule: [{ op: 'trim' }] }
const column = (field: Field): Column => ({ name: field.name, rule: field.rule, compare: field.compare })

/** The insert view keeps its published names (mission B.4): the first alias where there is one. */
const insertView = new Set(['ADDRESS_STREET', 'ADDRESS_ZIPCODE', 'ADDRESS_COMPLEMENT', 'ADDRESS_DISTRICT'])
const insertColumn = (field: Field): Column => ({ ...column(field), name: insertView.has(field.name) ? field.aliases[0]! : field.name })
const insertLeadFields = [...leadFields.filter((field) => field.name !== 'FINANCIAL_ANALYSIS'), ...leadCreationFields]

export const entities: readonly Entity[] = [
  {
    name: 'leads.update',
    lane: 'leads',
    prefix: 'update_leads_in_crm',
    desired: 'desired_leads',
    known: 'known_leads',
    key: ['ID'],
    fields: leadFields,
    columns: [id, ...leadFields.map(column)],
  },
  {
    name: 'leads.insert',
    lane: 'leads',
    prefix: 'insert_leads_in_crm',
    desired: 'insert_leads',
    known: null,
    key: ['ID'],
    fields: insertLeadFields,
    columns: [id, ...insertLeadFields.map(insertColumn)],
  },
  {
    name: 'contacts.update',
    lane: 'contacts',
    prefix: 'update_contacts_in_crm',
    desired: 'desired_contacts',
    known: 'known_contacts',
    key: ['ID', 'LEAD_ID'],
    fields: contactFields,
    columns: [id, leadId, ...contactFields.map(column)],
  },
  {
    name: 'contacts.insert',
    lane: 'contacts',
    prefix: 'insert_contact_crm',
    desired: 'insert_contacts',
    known: null,
    key: ['CODE'],
    fields: contactFields,
    columns: [{ name: 'CODE', rule: [{ op: 'trim' }] }, leadId, ...contactFields.map(column)],
  },
]

export function entityNamed(name: EntityName): Entity {
  return entities.find((entity) => entity.name === name)!
}
