import { compileFilter, type Equality, type Filter } from './filter.ts'
import { type Properties, QueryRefused, type Value } from './properties.ts'

export interface Query<Row> {
  readonly filter: Filter<Row> | null
  readonly skip: number
  readonly top: number | null
  readonly orderBy: readonly { readonly name: string; readonly read: (row: Row) => Value; readonly descending: boolean }[]
  readonly select: readonly string[] | null
  readonly count: boolean
}

/** A set of rows as one path of the CRM shows it. */
export interface EntitySet<Row> {
  /** As in `@odata.context`. */
  readonly name: string
  readonly properties: Properties<Row>
  /** All rows in the order that pages follow when the caller names none. */
  readonly all: () => readonly Row[]
  /** Rows that may hold this value, in the order of `all`; null when there is no index for the property. */
  readonly indexed: (property: string, value: Value) => readonly Row[] | null
  /** What `all` is ordered by. */
  readonly order: (row: Row) => number
  readonly show: (row: Row) => Readonly<Record<string, unknown>>
}

export interface Page {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly count: number | null
  /** `$skip` and `$top` of the next page; null when this is the last. */
  readonly next: { readonly skip: number; readonly top: number | null } | null
}

/** The CRM never sends more rows than this at once. */
export const pageSize = 500

/** Reads the `$` parameters (names in any case). Throws QueryRefused for one that is unknown, repeated or unreadable; others are ignored. */
export function parseQuery<Row>(params: URLSearchParams, set: Pick<EntitySet<Row>, 'properties'>): Query<Row> {
  const given = new Map<string, string>()
  for (const [name, value] of params) {
    if (!name.startsWith('$')) continue
    const key = name.toLowerCase()
    if (given.has(key)) throw new QueryRefused(`Query option '${name}' was specified more than once.`)
    if (!known.has(key)) throw new QueryRefused(`The query parameter '${name}' is not supported.`)
    given.set(key, value)
  }
  const filter = given.get('$filter')
  const top = given.get('$top')
  return {
    filter: filter === undefined ? null : compileFilter(filter, set.properties),
    skip: count(given.get('$skip') ?? '0', '$skip'),
    top: top === undefined ? null : count(top, '$top'),
    orderBy: ordering(given.get('$orderby'), set.properties),
    select: given.get('$select')?.split(',').map(trimmed) ?? null,
    count: flag(given.get('$count') ?? 'false'),
  }
}

/** One page of the set. `skipBy` moves the start, as rows do that come and go under a caller that pages. Throws QueryRefused. */
export function runQuery<Row>(query: Query<Row>, set: EntitySet<Row>, skipBy = 0): Page {
  const rows = ordered(matching(query, set), query)
  const start = Math.max(0, query.skip + skipBy)
  const size = Math.min(query.top ?? pageSize, pageSize)
  const shown = rows.slice(start, start + size).map((row) => selected(set.show(row), query.select))
  const skip = query.skip + size
  const wanted = query.top === null ? Number.POSITIVE_INFINITY : query.top - size
  return {
    rows: shown,
    count: query.count ? rows.length : null,
    next: skip < rows.length && wanted > 0 ? { skip, top: query.top === null ? null : wanted } : null,
  }
}

const known: ReadonlySet<string> = new Set(['$filter', '$skip', '$top', '$orderby', '$select', '$count'])

function trimmed(text: string): string {
  return text.trim()
}

function count(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new QueryRefused(`Invalid value '${text.slice(0, 40)}' for ${name} query option found.`)
  return Number(text)
}

function flag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new QueryRefused('Invalid value for $count query option found.')
  return text === 'true'
}

function ordering<Row>(text: string | undefined, properties: Properties<Row>): Query<Row>['orderBy'] {
  if (text === undefined) return []
  return text.split(',').map((part) => {
    const [name = '', direction = 'asc', ...rest] = part.trim().split(/\s+/)
    const property = properties.get(name.toLowerCase())
    if (!property) throw new QueryRefused(`Could not find a property named '${name}'.`)
    if (rest.length > 0 || (direction !== 'asc' && direction !== 'desc'))
      throw new QueryRefused(`Syntax error in $orderby '${part.trim()}'.`)
    return { name: property.name, read: property.read, descending: direction === 'desc' }
  })
}

function matching<Row>(query: Query<Row>, set: EntitySet<Row>): readonly Row[] {
  if (query.filter === null) return set.all()
  for (const equality of query.filter.equalities) {
    const candidates = lookUp(equality, set)
    if (candidates !== null) return candidates.filter(query.filter.matches)
  }
  return set.all().filter(query.filter.matches)
}

/** One look-up per value, in the order in which a walk over all rows would meet what they find. */
function lookUp<Row>({ property, values }: Equality, set: EntitySet<Row>): readonly Row[] | null {
  const found: Row[] = []
  for (const value of new Set(values)) {
    const rows = set.indexed(property, value)
    if (rows === null) return null
    found.push(...rows)
  }
  return values.length === 1 ? found : found.sort((a, b) => set.order(a) - set.order(b))
}

function ordered<Row>(rows: readonly Row[], { orderBy }: Query<Row>): readonly Row[] {
  if (orderBy.length === 0) return rows
  return [...rows].sort((a, b) => {
    for (const { read, descending } of orderBy) {
      const way = compare(read(a), read(b))
      if (way !== 0) return descending ? -way : way
    }
    return 0
  })
}

/** Null first, as OData orders it. */
function compare(a: Value, b: Value): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  return a < b ? -1 : 1
}

function selected(row: Readonly<Record<string, unknown>>, select: readonly string[] | null): Readonly<Record<string, unknown>> {
  if (select === null || select.includes('*')) return row
  const names = new Map(Object.keys(row).map((name) => [name.toLowerCase(), name]))
  return Object.fromEntries(
    select.map((wanted) => {
      const name = names.get(wanted.toLowerCase())
      if (name === undefined) throw new QueryRefused(`Could not find a property named '${wanted}'.`)
      return [name, row[name]]
    }),
  )
}
