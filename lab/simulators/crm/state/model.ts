/**
 * lead, person, sale, product line: the rows that the simulated CRM holds
 * effect:   one thing that happened to them, written to the log before anybody is told
 * body:     what the caller sent · after: the rows as they stand once the effect is in
 */

/** Values of a lead's custom fields by key: text fields hold a text, choice fields the chosen options. */
export type CustomValues = Readonly<Record<string, string | readonly string[]>>

export interface LeadRow {
  readonly id: number
  readonly lead: string
  readonly cnpj: string | null
  readonly stage: string
  readonly funnelId: number
  /** UTC with microseconds, `2026-01-31T12:00:00.000001Z`: sorts as text. */
  readonly registerDate: string
  readonly updateDate: string
  readonly phone1: string | null
  readonly phone2: string | null
  readonly website: string | null
  readonly industry: string | null
  readonly source: string | null
  readonly subSource: string | null
  readonly sdrEmail: string
  readonly salesRepEmail: string | null
  readonly street: string | null
  readonly cep: string | null
  readonly number: string | null
  readonly complement: string | null
  readonly district: string | null
  readonly city: string | null
  readonly state: string | null
  readonly country: string | null
  readonly description: string | null
  readonly customFields: CustomValues
  /** Ids of the qualification questions answered so far. */
  readonly answered: readonly number[]
}

export interface PersonRow {
  readonly id: number
  readonly leadId: number
  readonly name: string
  readonly email: string | null
  readonly phone1: string | null
  readonly jobTitle: string | null
  readonly mainContact: boolean
}

export interface ProductRow {
  readonly productId: number
  readonly quantity: number
  /** Price of one unit as the caller wrote it: decimal text, so no cent is lost on the way in. */
  readonly labelValue: string
}

export interface ProductsRow {
  readonly leadId: number
  readonly products: readonly ProductRow[]
}

export interface SaleRow extends ProductsRow {
  readonly saleDate: string
  readonly salesRepEmail: string | null
}

export const effectKinds = [
  'leadAdded',
  'leadUpdated',
  'leadDeleted',
  'qualified',
  'personAdded',
  'personUpdated',
  'personDeleted',
  'productAdded',
  'productRemoved',
  'won',
  'loaded',
  'reset',
] as const
export type EffectKind = (typeof effectKinds)[number]

/** The whole state change of one effect. Replaying `after` in order of `seq` rebuilds the state without any rule. */
export interface After {
  readonly lead?: LeadRow
  readonly person?: PersonRow
  /** The lead's whole list of recommended products. */
  readonly products?: ProductsRow
  readonly sale?: SaleRow
  readonly deletedLead?: number
  readonly deletedPerson?: number
  /** Everything is emptied before the rest applies. */
  readonly cleared?: true
  /** Names of base files in the data folder, loaded in this order. */
  readonly files?: readonly string[]
}

export interface Effect {
  /** 1, 2, 3... without gaps. */
  readonly seq: number
  /** Same clock as `updateDate`: strictly rising. */
  readonly time: string
  readonly kind: EffectKind
  /** `api`: through the CRM's API; `user`: through the control API, as somebody at the CRM's own screen would. */
  readonly by: 'api' | 'user'
  /** Of the lead or the person; 0 for `loaded` and `reset`. */
  readonly id: number
  /** Tax id for a lead (`lead:<id>` when it has none), `<leadId>:<e-mail>` for a person. Two creates with one key are a doubled record. */
  readonly key: string
  /** First 32 hex characters of the SHA-256 of kind and body (keys sorted): equal digests are the same request done twice. */
  readonly digest: string
  readonly body: unknown
  readonly after: After
}

export type EffectDraft = Omit<Effect, 'seq' | 'digest'>
