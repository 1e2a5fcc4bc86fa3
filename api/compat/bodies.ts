/**
 * Bodies that go on to the CRM, checked before it is asked: JSON `null`, wrong kinds and unknown names are 400.
 * Numbers where texts belong become text, null and missing are the same: the CRM leaves the value alone.
 */
import { z } from '@hono/zod-openapi'
import { plainDecimal } from '../../base/decimal.ts'
import type { CustomField, LeadBody, PersonBody, Product } from '../../connectors/crm/spotter/types.ts'

/** In a path or a body; never more digits than a number keeps. */
export const id = z
  .union([
    z.int().min(1),
    z
      .string()
      .regex(/^[1-9]\d{0,14}$/)
      .transform(Number),
  ])
  .openapi({ type: 'integer', minimum: 1, example: 123 })
export const pathId = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a whole number')
  .transform(Number)
  .openapi({ type: 'integer', minimum: 1, example: 123 })

const longestText = 4_000
const text = z
  .union([z.string().max(longestText), z.number()])
  .transform(String)
  .openapi({ type: 'string', maxLength: longestText })
const optional = text.nullish()
const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((value) => value === true || value === 'true')
  .openapi({ type: 'boolean' })

const customField = z
  .strictObject({
    id: z.string().min(1).max(60).openapi({ example: '_cod.cliente' }),
    value: optional,
    options: z
      .array(z.strictObject({ value: text }))
      .max(100)
      .nullish(),
  })
  .transform((field): CustomField => present(field))
  .openapi('CustomField', { description: 'A choice takes `options`, any other field `value`.' })

const leadShape = {
  ...{ name: optional, industry: optional, source: optional, subSource: optional, stage: optional, group: optional },
  ...{ phone: optional, ddiPhone: optional, phone2: optional, ddiPhone2: optional, website: optional, mktLink: optional },
  ...{ address: optional, addressNumber: optional, addressComplement: optional, neighborhood: optional, zipcode: optional },
  ...{ city: optional, state: optional, country: optional, cpfcnpj: optional, description: optional, sdrEmail: optional },
  ...{ leadProduct: optional, funnelId: id.nullish(), organizationId: id.nullish() },
  customFields: z.array(customField).max(200).nullish(),
}
/** Names of `lead` that hold a text: what PUT /leads may name. */
export const leadTexts: ReadonlySet<string> = new Set(
  Object.keys(leadShape).filter((name) => !['customFields', 'funnelId', 'organizationId'].includes(name)),
)

/** What the old service forwarded around `lead`. The CRM's check for repeated tax ids is always on, whatever is asked for here. */
const around = { duplicityValidation: flag.optional(), validateEmail: flag.optional() }
const leadBody = z.strictObject(leadShape).transform((lead): LeadBody => present(lead))

export const leadUpdate = z.strictObject({ ...around, lead: leadBody }).openapi('LeadUpdate')
export const leadCreation = z
  .strictObject({
    ...around,
    lead: z.strictObject({ ...leadShape, name: z.string().trim().min(1).max(longestText) }).transform((lead): LeadBody => present(lead)),
  })
  .openapi('LeadCreation')

export const fieldsUpdate = z
  .strictObject({
    Id: id,
    Fields: z
      .array(z.strictObject({ field_name: z.string().min(1).max(60), field_value: text }))
      .min(1)
      .max(200),
  })
  .openapi('FieldsUpdate')

const personShape = {
  ...{ email: optional, ddiPhone1: optional, phone1: optional, jobTitle: optional, mainContact: flag.nullish() },
}
export const personCreation = z
  .strictObject({ ...personShape, leadId: id, name: z.string().trim().min(1).max(longestText) })
  .transform((person): PersonBody & { leadId: number } => present(person))
  .openapi('PersonCreation')
export const personUpdate = z
  .strictObject({ ...personShape, leadId: id.nullish(), name: optional })
  .transform((person): Partial<PersonBody> => present(person))
  .openapi('PersonUpdate')

/** Exact decimal text in its one form: never the exponent that a number prints as, never `.5`. */
const decimal = z
  .union([z.number().min(0).max(1e15).transform(String), z.string()])
  .transform(plainDecimal)
  .pipe(z.string().regex(/^\d{1,15}(\.\d{1,10})?$/, 'must be a decimal number'))
  .openapi({ type: 'string', example: '1234.56' })
const product = z
  .strictObject({
    productId: id,
    quantity: z
      .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
      .pipe(z.int().min(1))
      .openapi({ type: 'integer', minimum: 1 }),
    labelValue: decimal,
  })
  .openapi('Product')
const products = z.array(product).min(1).max(50) satisfies z.ZodType<Product[]>

export const sale = z
  .strictObject({ leadId: id, salesRepEmail: z.string().max(200).default(''), ignoreSalesRep: flag.default(false), products })
  .openapi('Sale')
export const recommendation = z
  .strictObject({ leadId: id, products })
  .refine(({ products: all }) => new Set(all.map(({ productId }) => productId)).size === all.length, 'a product is named twice')
  .openapi('Recommendation')

export const industries = z
  .object({
    value: z
      .array(z.object({ id, value: z.string().trim().min(1).max(200) }))
      .min(1)
      .max(10_000),
  })
  .openapi('Industries')

type Present<T> = { [Name in keyof T]?: NonNullable<T[Name]> } & {
  [Name in keyof T as T[Name] extends NonNullable<T[Name]> ? Name : never]: T[Name]
}

/** Without what is null or missing. */
function present<T extends object>(body: T): Present<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined)) as Present<T>
}
