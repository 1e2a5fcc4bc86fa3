import { z } from 'zod'

/** The typed bodies that the CRM reads. Anything else (unknown names included) is `dto : An error has occurred`. */
const text = z.string().nullish()
const integer = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number),
])
const decimal = z.union([z.number().min(0).max(1e12).transform(String), z.string().regex(/^\d{1,15}([.]\d{1,10})?$/)])
const bool = z.union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'insensitive' })])

export const customFieldDto = z.strictObject({
  id: z.string(),
  value: text,
  options: z.array(z.strictObject({ value: z.string() })).nullish(),
})
export type CustomFieldDto = z.output<typeof customFieldDto>

const leadDto = z.strictObject({
  name: text,
  industry: text,
  source: text,
  subSource: text,
  funnelId: integer.nullish(),
  organizationId: integer.nullish(),
  stage: text,
  sdrEmail: text,
  group: text,
  mktLink: text,
  ddiPhone: text,
  phone: text,
  ddiPhone2: text,
  phone2: text,
  website: text,
  leadProduct: text,
  address: text,
  addressNumber: text,
  addressComplement: text,
  neighborhood: text,
  zipcode: text,
  city: text,
  state: text,
  country: text,
  cpfcnpj: text,
  description: text,
  customFields: z.array(customFieldDto).nullish(),
})
export type LeadDto = z.output<typeof leadDto>

export const leadBody = z.strictObject({
  key: integer.nullish(),
  /** The original client sends the text `"true"`. */
  duplicityValidation: bool.nullish(),
  validateEmail: bool.nullish(),
  lead: leadDto,
})

export const personBody = z.strictObject({
  leadId: integer.nullish(),
  name: text,
  email: text,
  jobTitle: text,
  ddiPhone1: text,
  phone1: text,
  mainContact: bool.nullish(),
})
export type PersonDto = z.output<typeof personBody>

const productDto = z.strictObject({ productId: integer, quantity: integer, labelValue: decimal })
export type ProductDto = z.output<typeof productDto>

export const saleBody = z.strictObject({
  leadId: integer,
  salesRepEmail: text,
  ignoreSalesRep: bool.nullish(),
  products: z.array(productDto),
})

export const productsBody = z.strictObject({ leadId: integer, products: z.array(productDto).min(1) })

export const answersBody = z.strictObject({
  leadId: integer,
  answersList: z.array(z.strictObject({ questionId: integer, questionType: text, answersIds: z.array(integer) })).min(1),
})
