import { z } from 'zod'
import { plainDecimal } from '../../../base/decimal.ts'
import { unexpectedAnswer } from '../errors.ts'
import type { Page } from './paging.ts'
import type { Lead, LeadCustomField, Person, RecommendedProduct, SoldLead } from './types.ts'

/**
 * The CRM's answers as we rely on them. Ids must be there; any other field may be missing or null, and numbers where texts
 * belong become text. Other fields of the CRM are dropped.
 */
const id = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])
const text = z
  .union([z.string(), z.number().transform(String), z.boolean().transform(String)])
  .nullish()
  .transform((value) => value ?? null)
const textOrEmpty = text.transform((value) => value ?? '')
const choice = z
  .object({ value: textOrEmpty })
  .nullish()
  .transform((value) => value ?? null)
const amount = z.union([
  z.number(),
  z
    .string()
    .transform(plainDecimal)
    .pipe(z.string().regex(/^-?\d+(\.\d+)?$/))
    .transform(Number),
])

export const leadSchema: z.ZodType<Lead> = z.object({
  id,
  lead: textOrEmpty,
  cnpj: text,
  stage: textOrEmpty,
  industry: choice,
  source: choice,
  phone1: text,
  street: text,
  cep: text,
  number: text,
  complement: text,
  district: text,
  city: text,
  state: text,
  registerDate: textOrEmpty,
  updateDate: textOrEmpty,
})

export const personSchema: z.ZodType<Person> = z.object({
  id,
  leadId: id,
  name: textOrEmpty,
  email: text,
  phone1: text,
  jobTitle: text,
  mainContact: textOrEmpty.transform((value) => value.toLowerCase()),
})

export const soldLeadSchema: z.ZodType<SoldLead> = z.object({
  leadId: id,
  saleDate: textOrEmpty,
  products: z
    .array(z.object({ id, finalValue: amount }))
    .nullish()
    .transform((value) => value ?? []),
})

/** Plain values, as the CRM shows them on a lead, or `{value}` as in a field's definition. */
const options = z
  .array(z.union([z.string(), z.number().transform(String), z.object({ value: textOrEmpty }).transform((option) => option.value)]))
  .nullish()
  .transform((value) => value ?? [])

export const leadCustomFieldSchema: z.ZodType<LeadCustomField> = z.object({ id: z.string(), leadId: id, value: text, options })

export const customFieldSchema = z.object({ key: z.string().optional(), id: z.union([z.string(), z.number()]).optional(), options })
export const recommendedProductSchema: z.ZodType<RecommendedProduct> = z.object({
  productId: id,
  quantity: amount.nullish().transform((value) => value ?? null),
  labelValue: text.transform((value) => value && plainDecimal(value)),
})
export const industrySchema = z.object({ id, value: textOrEmpty })
export const createdSchema = z.object({ value: id })

/**
 * @param what fit for messages
 * @throws PonteError `crm.unexpected_answer`, naming fields and never values
 */
export function readPage<T>(schema: z.ZodType<T>, json: unknown, what: string): Page<T> {
  const page = z.object({ value: z.array(schema), '@odata.nextLink': z.string().nullish() }).safeParse(json)
  if (!page.success) {
    const issue = page.error.issues[0]
    throw unexpectedAnswer(what, `the answer does not have the promised form at ${issue?.path.join('.') || 'its top'} (${issue?.code})`)
  }
  return { rows: page.data.value, next: queryOf(page.data['@odata.nextLink'] ?? null) }
}

/** Only the query of a link is used, on our own address: a link to elsewhere must not carry the token there. */
function queryOf(link: string | null): string | null {
  if (link === null || link === '') return null
  const start = link.indexOf('?')
  return start === -1
    ? ''
    : link
        .slice(start)
        .replace(/[^\x21-\x7e]/g, encodeURIComponent)
        .replace(/#.*$/, '')
}
