import { properties } from '../odata/properties.ts'
import type { EntitySet } from '../odata/query.ts'
import type { Crm } from '../state/crm.ts'
import type { LeadRow, PersonRow, ProductRow, SaleRow } from '../state/model.ts'
import { type CustomFieldRow, customFields } from './custom-fields.ts'

/** GET Persons and Persons/{leadId}. `mainContact` is a text. */
export function personSet({ state }: Crm): EntitySet<PersonRow> {
  return {
    name: 'Persons',
    properties: properties<PersonRow>({
      id: ['number', (row) => row.id],
      leadId: ['number', (row) => row.leadId],
      name: ['text', (row) => row.name],
      email: ['text', (row) => row.email],
      phone1: ['text', (row) => row.phone1],
      jobTitle: ['text', (row) => row.jobTitle],
      mainContact: ['text', (row) => String(row.mainContact)],
    }),
    all: () => state.persons(),
    order: ({ id }) => id,
    indexed(property, value) {
      if (property === 'id') return some(state.person(Number(value)))
      return property === 'leadid' ? state.personsOf(Number(value)) : null
    },
    show: (row) => ({ ...row, mainContact: String(row.mainContact) }),
  }
}

/** GET LeadsSold. `finalValue` is a number: quantity times label value, to the cent. */
export function saleSet({ state, catalogue }: Crm): EntitySet<SaleRow> {
  return {
    name: 'LeadsSold',
    properties: properties<SaleRow>({ leadId: ['number', (row) => row.leadId], saleDate: ['date', (row) => row.saleDate] }),
    all: () => state.sales(),
    order: ({ leadId }) => leadId,
    indexed: byLead((leadId) => some(state.sale(leadId))),
    show: (row) => ({
      leadId: row.leadId,
      saleDate: row.saleDate,
      salesRep: row.salesRepEmail === null ? null : { email: row.salesRepEmail },
      products: row.products.map(({ productId, quantity, labelValue }) => ({
        id: productId,
        name: catalogue.products.find(({ id }) => id === productId)?.name ?? '',
        quantity,
        finalValue: Number((Number(labelValue) * quantity).toFixed(2)),
      })),
    }),
  }
}

export type RecommendedRow = ProductRow & { readonly leadId: number }

/** GET recommendedProducts and recommendedProducts/{leadId}. */
export function productSet({ state, catalogue }: Crm): EntitySet<RecommendedRow> {
  const of = (leadId: number) => state.products(leadId).map((product) => ({ ...product, leadId }))
  return {
    name: 'recommendedProducts',
    properties: properties<RecommendedRow>({ leadId: ['number', (row) => row.leadId], productId: ['number', (row) => row.productId] }),
    all: () => state.listed('recommended', () => state.leads().flatMap(({ id }) => of(id))),
    order: ({ leadId }) => leadId,
    indexed: byLead(of),
    show: (row) => ({
      ...row,
      name: catalogue.products.find(({ id }) => id === row.productId)?.name ?? '',
      labelValue: Number(row.labelValue),
    }),
  }
}

export interface LeadValueRow {
  readonly id: string
  readonly leadId: number
  readonly value: string | null
  readonly options: readonly string[]
}

/** GET LeadsCustomFields: one row per lead and field that was ever set. */
export function leadValueSet({ state }: Crm): EntitySet<LeadValueRow> {
  const of = (lead: LeadRow | undefined): LeadValueRow[] =>
    Object.entries(lead?.customFields ?? {}).map(([id, held]) => ({
      id,
      leadId: lead!.id,
      value: typeof held === 'string' ? held : null,
      options: typeof held === 'string' ? [] : held,
    }))
  return {
    name: 'LeadsCustomFields',
    properties: properties<LeadValueRow>({
      id: ['text', (row) => row.id],
      leadId: ['number', (row) => row.leadId],
      value: ['text', (row) => row.value],
    }),
    all: () => state.listed('leadValues', () => state.leads().flatMap(of)),
    order: ({ leadId }) => leadId,
    indexed: byLead((leadId) => of(state.lead(leadId))),
    show: (row) => ({ ...row }),
  }
}

/** GET CustomFields: the fields and, for a choice, its options. */
export function customFieldSet({ catalogue }: Crm): EntitySet<CustomFieldRow> {
  return {
    name: 'CustomFields',
    properties: properties<CustomFieldRow>({
      id: ['number', (row) => row.id],
      key: ['text', (row) => row.key],
      name: ['text', (row) => row.name],
      type: ['text', (row) => row.type],
    }),
    all: () => customFields,
    order: ({ id }) => id,
    indexed: () => null,
    show: (row) => ({
      ...row,
      options: row.type === 'choice' ? catalogue.representatives.map((value, index) => ({ id: index + 1, value })) : [],
    }),
  }
}

interface NamedRow {
  readonly id: number
  readonly value: string
}

/** GET industries. */
export function industrySet({ state }: Crm): EntitySet<NamedRow> {
  return {
    name: 'industries',
    properties: properties<NamedRow>({ id: ['number', (row) => row.id], value: ['text', (row) => row.value] }),
    all: () => [...state.industries].map(([value, id]) => ({ id, value })),
    order: ({ id }) => id,
    indexed: () => null,
    show: (row) => ({ ...row }),
  }
}

function some<Row>(row: Row | undefined): readonly Row[] {
  return row === undefined ? [] : [row]
}

function byLead<Row>(find: (leadId: number) => readonly Row[]): EntitySet<Row>['indexed'] {
  return (property, value) => (property === 'leadid' ? find(Number(value)) : null)
}
