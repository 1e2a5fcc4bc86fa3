import type { Value } from './database.ts'

/**
 * A statement with `?` in the notation of a driver that numbers its values, lists taken apart.
 * @param mark writes the place of the n-th value, from 1, e.g. `$1` or `:1`
 */
export function numbered(
  sql: string,
  values: readonly (Value | readonly Value[])[],
  mark: (place: number) => string,
): { readonly sql: string; readonly values: Value[] } {
  const flat: Value[] = []
  let next = 0
  const text = sql.replaceAll('?', () => {
    const value = values[next++] ?? null
    const list = Array.isArray(value) ? listed(value) : [value as Value]
    return list.map((one) => mark(flat.push(one))).join(', ')
  })
  return { sql: text, values: flat }
}

/** `in ()` is no SQL, and nothing equals null. */
export const listed = (values: readonly Value[]): readonly Value[] => (values.length === 0 ? [null] : values)
