import type { z } from 'zod'
import { PonteError } from '../../../base/error.ts'
import { leadCustomFieldSchema, leadSchema, personSchema } from './answers.ts'
import { pageSize } from './odata.ts'
import type { Page } from './paging.ts'
import type { Lead, LeadCustomField, Person, Spotter } from './types.ts'

/** One answer of `set` to the filter that `property` is any of `ids`, at most a page. */
export type AnyOf = <T>(schema: z.ZodType<T>, set: string, property: string, ids: readonly number[]) => Promise<Page<T>>

interface Single {
  readonly anyOf: AnyOf
  readonly leadById: (id: number) => Promise<Lead | null>
  readonly persons: (leadId: number) => Promise<readonly Person[]>
  readonly leadCustomFields: (leadId: number) => Promise<readonly LeadCustomField[]>
}

/** Reads about many leads, 15 to a request; the single reads are the way out for a CRM that does not take such filters. */
export function bulkReads(single: Single): Pick<Spotter, 'leadsByIds' | 'customFieldsOf' | 'personsOf'> {
  const { anyOf, leadById } = single
  return {
    async leadsByIds(ids) {
      const rows = await rowsOfLeads(ids, {
        fetch: (some) => anyOf(leadSchema, 'Leads', 'id', some),
        alone: async (id) => [await leadById(id)].filter((lead) => lead !== null),
        leadOf: (lead: Lead) => lead.id,
      })
      const found = new Map<number, Lead>()
      for (const [id, [lead]] of rows) {
        // Callers remove what is not there: a filter of which only a part was understood must not say so.
        const certain = lead ?? (await leadById(id))
        if (certain) found.set(id, certain)
      }
      return found
    },
    customFieldsOf: (ids) =>
      rowsOfLeads(ids, {
        fetch: (some) => anyOf(leadCustomFieldSchema, 'LeadsCustomFields', 'leadId', some),
        alone: single.leadCustomFields,
        leadOf: (field: LeadCustomField) => field.leadId,
      }),
    personsOf: (ids) =>
      rowsOfLeads(ids, {
        fetch: (some) => anyOf(personSchema, 'Persons', 'leadId', some),
        alone: single.persons,
        leadOf: (person: Person) => person.leadId,
      }),
  }
}

/** ASP.NET's OData refuses a filter of more than 100 nodes, which is less than twenty conditions (MaxNodeCount; OData/RESTier#579). */
const idsPerRequest = 15

/** One set of the CRM, read for many leads at once. */
interface BulkSet<T> {
  /** One answer to the filter "any of these leads", at most a page. */
  readonly fetch: (ids: readonly number[]) => Promise<Page<T>>
  /** The same for one lead, by the call that is known to work. */
  readonly alone: (id: number) => Promise<readonly T[]>
  readonly leadOf: (row: T) => number
}

/**
 * The rows of each of these leads, in few requests. A full answer may have been cut, so it is asked for again in halves, each whole
 * in itself: nothing is counted through with `$skip` while others write. Rows of other leads mean that the filter was ignored, a
 * refusal that it is not understood: then one request per lead.
 *
 * @returns an entry for every id, empty when the CRM has no rows for it
 */
async function rowsOfLeads<T>(ids: readonly number[], set: BulkSet<T>): Promise<Map<number, T[]>> {
  const wanted = [...new Set(ids)]
  const found = new Map<number, T[]>(wanted.map((id) => [id, []]))
  const chunks = Array.from({ length: Math.ceil(wanted.length / idsPerRequest) }, (_, n) =>
    wanted.slice(n * idsPerRequest, (n + 1) * idsPerRequest),
  )
  for (const rows of await Promise.all(chunks.map((chunk) => rowsOf(chunk, set)))) {
    for (const row of rows) found.get(set.leadOf(row))?.push(row)
  }
  return found
}

async function rowsOf<T>(ids: readonly number[], set: BulkSet<T>): Promise<readonly T[]> {
  const page = await set.fetch(ids).catch((error: unknown) => {
    if (error instanceof PonteError && error.code === 'crm.read_refused') return null
    throw error
  })
  const asked = new Set(ids)
  if (page === null || page.rows.some((row) => !asked.has(set.leadOf(row)))) {
    return (await Promise.all(ids.map(set.alone))).flat()
  }
  const isWhole = page.next === null && page.rows.length < pageSize
  if (isWhole || ids.length === 1) return isWhole ? page.rows : set.alone(ids[0]!)
  const middle = Math.ceil(ids.length / 2)
  return (await Promise.all([rowsOf(ids.slice(0, middle), set), rowsOf(ids.slice(middle), set)])).flat()
}
