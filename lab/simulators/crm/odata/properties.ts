/** What a filter may compare. `date`: text of the form `2026-01-31T12:00:00.000000Z`. */
export type Kind = 'number' | 'text' | 'date' | 'bool'
export type Value = number | string | boolean | null

export interface Property<Row> {
  /** As the CRM writes it; `industry/value` reaches into a nested object. */
  readonly name: string
  readonly kind: Kind
  readonly read: (row: Row) => Value
}

/** Properties by lower-case name: the CRM takes `Id` for `id`. */
export type Properties<Row> = ReadonlyMap<string, Property<Row>>

/** Builds the map from a plain record of name to kind and reader. */
export function properties<Row>(of: Record<string, readonly [Kind, (row: Row) => Value]>): Properties<Row> {
  return new Map(Object.entries(of).map(([name, [kind, read]]) => [name.toLowerCase(), { name, kind, read }]))
}

/** The caller's query is wrong: becomes a 400 with this message. */
export class QueryRefused extends Error {}
