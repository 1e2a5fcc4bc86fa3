import type { z } from 'zod'
import { PonteError } from '../../../base/error.ts'
import { cached } from '../cache.ts'
import type { Call } from '../call.ts'
import { unexpectedAnswer } from '../errors.ts'
import {
  customFieldSchema,
  industrySchema,
  leadCustomFieldSchema,
  leadSchema,
  personSchema,
  readPage,
  recommendedProductSchema,
  soldLeadSchema,
} from './answers.ts'
import { type AnyOf, bulkReads } from './bulk-reads.ts'
import { increments } from './increments.ts'
import { idLiteral, pageSize, type Query, queryString, textLiteral, timeLiteral } from './odata.ts'
import { type Page, type Paging, pages } from './paging.ts'
import { printable, saysNotFound } from './refusals.ts'
import type { Lead, LeadCustomField, Person, Spotter } from './types.ts'
import type { Answer } from './verdict.ts'

export interface ReadOptions {
  readonly send: (call: Call) => Promise<Answer>
  readonly token: string
  /** Milliseconds per attempt. */
  readonly timeouts: { readonly single: number; readonly list: number }
  readonly salesRepsTtlMs: number
  readonly monotonic: () => number
}

type Reads = Pick<
  Spotter,
  | 'leads'
  | 'leadsUpdatedSince'
  | 'leadById'
  | 'leadsByTaxId'
  | 'leadsByIds'
  | 'customFieldsOf'
  | 'personsOf'
  | 'persons'
  | 'soldLead'
  | 'recommendedProducts'
  | 'salesReps'
  | 'leadCustomFields'
  | 'industries'
>

const salesRepField = '_cod.gestores'

/** The reading half of the client. Some sets of the CRM ignore `$filter`, so what comes back is checked. */
export function reads(options: ReadOptions): Reads {
  /** One GET; null for "not found". */
  async function get<T>(schema: z.ZodType<T>, set: string, path: string, timeoutMs: number, signal?: AbortSignal): Promise<Page<T> | null> {
    const what = `GET ${set}`
    const answer = await options.send({ what, method: 'GET', path, timeoutMs, signal })
    if (answer.kind === 'done') return readPage(schema, answer.json, what)
    // A filtered set without rows is an empty list: a bare 404 for one would mean a wrong address, not "there is none".
    if (answer.status === 404 && (!path.includes('filter=') || saysNotFound(answer.message))) return null
    throw new PonteError('crm.read_refused', `${what}: HTTP ${answer.status}: ${printable(answer.message, options.token)}`, {
      hint: 'the CRM does not accept this question; nothing was written, report the call named here',
    })
  }
  const rows = async <T>(schema: z.ZodType<T>, set: string, path: string) =>
    (await get(schema, set, path, options.timeouts.single))?.rows ?? []
  const find = <T>(schema: z.ZodType<T>, set: string, filter: string) => rows(schema, set, set + queryString({ filter }))

  async function page<T>(schema: z.ZodType<T>, set: string, query: string, signal?: AbortSignal): Promise<Page<T>> {
    const found = await get(schema, set, set + query, options.timeouts.list, signal)
    if (found === null) throw unexpectedAnswer(`GET ${set}`, 'the list does not exist (HTTP 404)')
    return found
  }
  function wholeList<T>(schema: z.ZodType<T>, set: string, orderby: string, signal?: AbortSignal): Paging<T> {
    const fetch = (at: { skip: number } | { link: string }) =>
      page(schema, set, 'link' in at ? at.link : queryString({ orderby, top: pageSize, skip: at.skip } satisfies Query), signal)
    return { fetch, pageSize, what: `GET ${set}` }
  }
  const leads = (signal?: AbortSignal) => pages(wholeList(leadSchema, 'Leads', 'id', signal))
  const anyOf: AnyOf = async (schema, set, property, ids) => {
    const filter = ids.map((id) => `${property} eq ${idLiteral(id)}`).join(' or ')
    return (await get(schema, set, set + queryString({ filter, top: pageSize }), options.timeouts.list)) ?? { rows: [], next: null }
  }
  const leadById = async (id: number): Promise<Lead | null> => {
    const found = await find(leadSchema, 'Leads', `id eq ${idLiteral(id)}`)
    return matching('GET Leads by id', found, (lead) => lead.id === id)[0] ?? null
  }
  const persons = (leadId: number): Promise<readonly Person[]> => rows(personSchema, 'Persons', `Persons/${idLiteral(leadId)}`)
  const leadCustomFields = async (leadId: number): Promise<readonly LeadCustomField[]> => {
    const found = await find(leadCustomFieldSchema, 'LeadsCustomFields', `leadId eq ${idLiteral(leadId)}`)
    return matching('GET LeadsCustomFields', found, (field) => field.leadId === leadId)
  }

  return {
    leads,
    leadsUpdatedSince: (since, signal) =>
      increments<Lead>(since, {
        fetch: (from, skip) =>
          page(
            leadSchema,
            'Leads',
            queryString({ filter: `updateDate ge ${timeLiteral(from)}`, orderby: 'updateDate,id', top: pageSize, skip }),
            signal,
          ),
        everything: () => leads(signal),
        pageSize,
        what: 'GET Leads by updateDate',
      }),
    leadById,
    ...bulkReads({ anyOf, leadById, persons, leadCustomFields }),
    async leadsByTaxId(taxId) {
      const found = await find(leadSchema, 'Leads', `cnpj eq ${textLiteral(taxId)}`)
      return matching('GET Leads by cnpj', found, (lead) => bare(lead.cnpj) === bare(taxId))
    },
    persons,
    async soldLead(leadId) {
      const found = await find(soldLeadSchema, 'LeadsSold', `leadId eq ${idLiteral(leadId)}`)
      return matching('GET LeadsSold', found, (sold) => sold.leadId === leadId)[0] ?? null
    },
    recommendedProducts: (leadId) => rows(recommendedProductSchema, 'recommendedProducts', `recommendedProducts/${idLiteral(leadId)}`),
    salesReps: cached(options.salesRepsTtlMs, options.monotonic, async () => {
      const found = await find(customFieldSchema, 'CustomFields', `key eq ${textLiteral(salesRepField)}`)
      const [field] = matching('GET CustomFields', found, (entry) => (entry.key ?? entry.id) === salesRepField)
      // An empty list would turn every sales rep into 99.
      if (field === undefined || field.options.length === 0) throw unexpectedAnswer('GET CustomFields', `${salesRepField} has no options`)
      return new Set(field.options)
    }),
    leadCustomFields,
    async industries() {
      const all: { id: number; value: string }[] = []
      for await (const batch of pages(wholeList(industrySchema, 'industries', 'id'))) all.push(...batch)
      return all
    },
  }
}

/** Rows of someone else, and none of ours, do not mean "there is none" but "the filter was ignored". */
function matching<T>(what: string, found: readonly T[], isOurs: (row: T) => boolean): readonly T[] {
  const ours = found.filter(isOurs)
  if (ours.length === 0 && found.length > 0) throw unexpectedAnswer(what, 'the CRM ignored the filter')
  return ours
}

/** Tax ids are equal whatever their punctuation. */
function bare(taxId: string | null): string {
  return (taxId ?? '').replace(/[^\p{L}\p{N}]/gu, '').toUpperCase()
}
