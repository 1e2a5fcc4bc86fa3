/** Exact Spotter's REST API as Ponte uses it. Names are the CRM's own. */

export interface CustomField {
  readonly id: string
  readonly value?: string
  readonly options?: readonly { readonly value: string }[]
}

/** `lead` of LeadsAdd and LeadsUpdate. Missing keys are left alone by the CRM. The last ones come only from callers of the HTTP API. */
export interface LeadBody {
  readonly name?: string
  readonly industry?: string
  readonly source?: string
  readonly phone?: string
  readonly address?: string
  readonly addressNumber?: string
  readonly addressComplement?: string
  readonly neighborhood?: string
  readonly zipcode?: string
  readonly city?: string
  readonly state?: string
  readonly country?: string
  readonly cpfcnpj?: string
  readonly description?: string
  readonly sdrEmail?: string
  readonly customFields?: readonly CustomField[]
  readonly subSource?: string
  readonly stage?: string
  readonly group?: string
  readonly mktLink?: string
  readonly website?: string
  readonly leadProduct?: string
  readonly ddiPhone?: string
  readonly phone2?: string
  readonly ddiPhone2?: string
  readonly funnelId?: number
  readonly organizationId?: number
}

/** A lead as `GET Leads` shows it. */
export interface Lead {
  readonly id: number
  readonly lead: string
  readonly cnpj: string | null
  readonly stage: string
  readonly industry: { readonly value: string } | null
  readonly source: { readonly value: string } | null
  readonly phone1: string | null
  readonly street: string | null
  readonly cep: string | null
  readonly number: string | null
  readonly complement: string | null
  readonly district: string | null
  readonly city: string | null
  readonly state: string | null
  readonly registerDate: string
  readonly updateDate: string
}

export interface PersonBody {
  readonly leadId?: number
  readonly name: string
  readonly email?: string
  readonly ddiPhone1?: string
  readonly phone1?: string
  readonly jobTitle?: string
  readonly mainContact?: boolean
}

export interface Person {
  readonly id: number
  readonly leadId: number
  readonly name: string
  readonly email: string | null
  readonly phone1: string | null
  readonly jobTitle: string | null
  /** The CRM answers the text `true` or `false`. */
  readonly mainContact: string
}

export interface Product {
  readonly productId: number
  readonly quantity: number
  readonly labelValue: string
}
/** A product as a lead shows it; null where the CRM does not say. */
export interface RecommendedProduct {
  readonly productId: number
  readonly quantity: number | null
  /** Price of one unit, decimal text. */
  readonly labelValue: string | null
}
export interface SoldLead {
  readonly leadId: number
  readonly saleDate: string
  readonly products: readonly { readonly id: number; readonly finalValue: number }[]
}
/** One entry of LeadsCustomFields: `options` for choice fields, `value` otherwise. */
export interface LeadCustomField {
  readonly id: string
  readonly leadId: number
  readonly value: string | null
  readonly options: readonly string[]
}

/** Why the CRM refused a request: the line's own fault, decided by type and never by text outside the client. */
export type Refusal =
  | { readonly kind: 'duplicate-lead' }
  | { readonly kind: 'duplicate-client-code' }
  | { readonly kind: 'already-sold' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'rejected' }

export type CrmResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal['kind']; readonly status: number; readonly message: string }

export interface WriteGuard {
  /**
   * Asked at the last instant before the first byte of every attempt, after all waiting: false means that the right to write was
   * lost meanwhile (a lease ran out). Then nothing is sent and `crm.unavailable` with `inDoubt` false is thrown.
   */
  readonly mayStart?: () => boolean
}

/**
 * The client. Reads are retried (3 attempts, back-off with jitter); writes are repeated only when the CRM certainly did
 * nothing (429, connection refused). Anything else throws PonteError `crm.unavailable` (see `CrmUnavailable`): systemic,
 * with `inDoubt` true when a write may have happened. The token never reaches a log or an error.
 */
export interface Spotter {
  leads(signal?: AbortSignal): AsyncIterable<readonly Lead[]>
  /** Leads changed at or after `since` (ISO), ordered by updateDate, id. */
  leadsUpdatedSince(since: string, signal?: AbortSignal): AsyncIterable<readonly Lead[]>
  leadById(id: number): Promise<Lead | null>
  leadsByTaxId(taxId: string): Promise<readonly Lead[]>
  /** Those of these leads that the CRM has; who is missing was asked for alone too. 15 leads per request. */
  leadsByIds(ids: readonly number[]): Promise<Map<number, Lead>>
  /** The custom fields of each of these leads, 15 leads per request. */
  customFieldsOf(leadIds: readonly number[]): Promise<Map<number, LeadCustomField[]>>
  /** The persons of each of these leads, 15 leads per request. */
  personsOf(leadIds: readonly number[]): Promise<Map<number, Person[]>>
  addLead(lead: LeadBody, guard?: WriteGuard): Promise<CrmResult<number>>
  updateLead(id: number, lead: LeadBody, guard?: WriteGuard): Promise<CrmResult<void>>
  persons(leadId: number): Promise<readonly Person[]>
  addPerson(person: PersonBody & { leadId: number }, guard?: WriteGuard): Promise<CrmResult<number>>
  updatePerson(id: number, person: Partial<PersonBody>, guard?: WriteGuard): Promise<CrmResult<void>>
  winLead(
    sale: { leadId: number; salesRepEmail: string; ignoreSalesRep: boolean; products: readonly Product[] },
    guard?: WriteGuard,
  ): Promise<CrmResult<void>>
  soldLead(leadId: number): Promise<SoldLead | null>
  qualify(
    leadId: number,
    answers: readonly { questionId: number; questionType: string; answersIds: readonly number[] }[],
    guard?: WriteGuard,
  ): Promise<CrmResult<void>>
  recommendedProducts(leadId: number): Promise<readonly RecommendedProduct[]>
  removeRecommendedProduct(leadId: number, productId: number, guard?: WriteGuard): Promise<CrmResult<void>>
  addRecommendedProducts(leadId: number, products: readonly Product[], guard?: WriteGuard): Promise<CrmResult<void>>
  /** Values of the choice field `_cod.gestores`; single-flight, cached 5 minutes. */
  salesReps(): Promise<ReadonlySet<string>>
  /** All three custom fields of a lead in one call. */
  leadCustomFields(leadId: number): Promise<readonly LeadCustomField[]>
  industries(): Promise<readonly { id: number; value: string }[]>
  close(): Promise<void>
}
