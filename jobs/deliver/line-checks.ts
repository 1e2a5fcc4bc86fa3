/** What a line must have before the CRM is asked anything about it. */
import type { Entity } from '../../records/kinds.ts'
import type { Line } from '../../records/lines.ts'
import type { Dead } from './carry-out.ts'
import { dead } from './refused.ts'

/** @returns why the line goes to falhas without a call; null: it is worth one */
export function incomplete(entity: Entity, { ids, row }: Pick<Line, 'ids' | 'row'>): Dead | null {
  const values: Record<string, string | null> = { ...row, ...ids }
  const unmet = entity.needs.find(({ columns, holds }) => !columns.every((column) => holds(values[column] ?? null)))
  return unmet === undefined ? null : dead(unmet.code, unmet.reason)
}
