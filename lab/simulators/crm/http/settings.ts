import { z } from 'zod'

/** How the CRM answers where its real manner is not public, or where a test wants it otherwise. */
export const policiesSchema = z.strictObject({
  /** A create or update whose tax id another lead has, with duplicityValidation on: refused with 400, or let through as a second lead. */
  duplicatePolicy: z.enum(['refuse', 'accept']).default('refuse'),
  /** `_cod.cliente` may be on one lead only. */
  uniqueClientCode: z.boolean().default(true),
  /** A product already recommended: refused, or listed a second time. */
  repeatedProduct: z.enum(['refuse', 'accept']).default('refuse'),
  /** An industry that no lead and no catalogue has: created, or refused. */
  unknownIndustry: z.enum(['create', 'refuse']).default('create'),
  /** Custom fields in LeadsAdd: kept, dropped without a word, or refused. Clients of the real CRM report all three. */
  customFieldsOnCreate: z.enum(['accept', 'ignore', 'refuse']).default('accept'),
})
export type Policies = z.output<typeof policiesSchema>

/** What a tenant has set up in its CRM. Names and ids are the demonstration's, not a real tenant's. */
export const catalogueSchema = z.strictObject({
  stages: z
    .array(z.string().min(1))
    .min(1)
    .default([
      'Descartado',
      'Novos leads',
      'Pesquisa (filtro 1)',
      'Prospecção (filtro 2)',
      'Passagem de bastão',
      'Desenvolvimento/Orçamento',
      'Ativação',
      'Retenção/Expansão',
    ]),
  firstStage: z.string().default('Novos leads'),
  /** Reached when `questionsToQualify` different questions are answered. */
  qualifiedStage: z.string().default('Passagem de bastão'),
  questionsToQualify: z.int().min(1).default(3),
  wonStage: z.string().default('Ativação'),
  industries: z.array(z.string()).default(['Varejo', 'Atacado', 'Indústria', 'Serviços']),
  sources: z.array(z.string()).default(['Site', 'Indicação', 'ERP']),
  sdrs: z
    .array(z.strictObject({ name: z.string(), email: z.string() }))
    .min(1)
    .default([
      { name: 'Ana', email: 'ana@example.com' },
      { name: 'Bruno', email: 'bruno@example.com' },
    ]),
  /** E-mails that leadsWon takes; null takes any. */
  sellers: z.array(z.string()).nullable().default(null),
  /** Options of the choice field `_cod.gestores`: the sales representatives. 99 is "unknown". */
  representatives: z.array(z.string()).default([...Array.from({ length: 20 }, (_, index) => String(index + 1)), '99']),
  products: z.array(z.strictObject({ id: z.int(), name: z.string() })).default([{ id: 10001, name: 'Orçamento' }]),
})
export type Catalogue = z.output<typeof catalogueSchema>

export const quotaSchema = z.strictObject({
  /** Requests let through in any window of `windowMs`. */
  limit: z.int().min(1).default(30),
  windowMs: z.int().min(1).default(20_000),
  /** How a refusal says when to come back. */
  retryAfter: z.enum(['seconds', 'date', 'none']).default('seconds'),
  /** A refused request uses up quota as well: a client that keeps hammering never gets in. */
  countRefused: z.boolean().default(false),
  /** `ok-with-error`: the refusal comes as HTTP 200 with an error in the body, as some CRMs do. */
  answer: z.enum(['429', 'ok-with-error']).default('429'),
})
export type QuotaSettings = z.output<typeof quotaSchema>

export const optionsSchema = z.strictObject({
  policies: policiesSchema.prefault({}),
  catalogue: catalogueSchema.prefault({}),
})
export type CrmOptions = z.input<typeof optionsSchema>
