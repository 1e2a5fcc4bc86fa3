/** One record, treated exactly as the engine treats a row: for jobs that must know the hash of a single row. */
import { PonteError } from '../base/error.ts'
import { rowHash } from './hash.ts'
import type { Cell, Column, CompareSpec, Row } from './model.ts'
import { applyRule } from './rules.ts'

/** The row after every column's `rule`; a column that the row lacks is null, names that are no column are dropped. */
export function normaliseRow(columns: readonly Column[], row: Row): Row {
  return Object.fromEntries(columns.map((column) => [column.name, applyRule(column.rule, row[column.name] ?? null)]))
}

/** The values that are hashed, of a row in `rule` form: compared columns only, in order, each in compare form. */
export function compareValues(columns: readonly Column[], normalised: Row): Cell[] {
  return columns.flatMap((column) => {
    if (column.compare === false) return []
    const value = normalised[column.name] ?? null
    return [column.compare === undefined ? value : applyRule(column.compare, value)]
  })
}

/** The key of a row in `rule` form: its parts joined with `-`, or null when one is missing. */
export function keyOf(key: readonly string[], normalised: Row): string | null {
  const parts = key.map((name) => normalised[name] ?? null)
  return parts.includes(null) ? null : parts.join('-')
}

/**
 * Key, hash and normalised values of one raw row, as a compare with this spec would find them. Throws `engine.keyless`
 * when a part of the key is missing.
 */
export function changeOf(spec: Pick<CompareSpec, 'entity' | 'columns' | 'key'>, row: Row): { key: string; hash: string; row: Row } {
  const normalised = normaliseRow(spec.columns, row)
  const key = keyOf(spec.key, normalised)
  if (key === null) {
    throw new PonteError('engine.keyless', `a row of ${spec.entity} lacks a part of its key (${spec.key.join(', ')})`, {
      hint: 'find out why the source gives a row without it; such rows cannot be compared or sent',
    })
  }
  return { key, hash: rowHash(compareValues(spec.columns, normalised)), row: normalised }
}
