import { QueryRefused } from '../odata/properties.ts'
import { type EntitySet, type Page, parseQuery, runQuery } from '../odata/query.ts'
import type { Crm } from '../state/crm.ts'
import type { Call, Handler } from './call.ts'
import { type Reply, refuse } from './reply.ts'

/** GET of an entity set: filter, order, page of 500, `@odata.nextLink` while there is more. */
export function list<Row>(setOf: (crm: Crm) => EntitySet<Row>): Handler {
  return (call) => answer(call, setOf(call.crm))
}

/** GET of the rows that belong to the lead in the path, `Persons/12`; the query options apply on top. */
export function listOfLead<Row>(setOf: (crm: Crm) => EntitySet<Row>): Handler {
  return (call) => {
    const set = setOf(call.crm)
    const rows = set.indexed('leadid', call.id) ?? []
    return answer(call, { ...set, all: () => rows, indexed: () => null })
  }
}

function answer<Row>(call: Call, set: EntitySet<Row>): Reply {
  const { bend } = call
  try {
    const query = parseQuery(call.params, set)
    // A caller that pages without naming an order gets rows twice or not at all when the set moves.
    const drifts = query.skip > 0 && (query.orderBy.length === 0 || bend.drift.evenOrdered)
    const page = runQuery(bend.ignoreFilter ? { ...query, filter: null } : query, set, drifts ? bend.drift.rows : 0)
    return { status: 200, body: document(call, set.name, page) }
  } catch (error) {
    if (error instanceof QueryRefused) return refuse(`The query specified in the URI is not valid. ${error.message}`)
    throw error
  }
}

function document(call: Call, name: string, page: Page): Record<string, unknown> {
  return {
    '@odata.context': `${call.root}/$metadata#${name}`,
    ...(page.count === null ? {} : { '@odata.count': page.count }),
    value: page.rows,
    ...(page.next === null ? {} : { '@odata.nextLink': nextLink(call, page.next) }),
  }
}

function nextLink(call: Call, next: { skip: number; top: number | null }): string {
  const kept = [...call.params].filter(([name]) => !['$skip', '$top'].includes(name.toLowerCase()))
  const params = [...kept, ['$skip', String(next.skip)] as const, ...(next.top === null ? [] : [['$top', String(next.top)] as const])]
  return `${call.address}?${params.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}
