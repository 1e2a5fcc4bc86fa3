/** Reasons to stop a compare before anything is published. Values, for the operator to judge. */
import type { Guard } from './model.ts'
import type { SnapshotMeta } from './snapshot.ts'

/**
 * A source that suddenly gave nothing, or less than half of the last compare's rows, is more likely broken than true.
 * Returns the guard that holds, or null. Without a last compare there is nothing to judge by.
 */
export function sourceGuard(entity: string, desired: number, last: SnapshotMeta | null): Guard | null {
  const before = last?.rows.desired ?? 0
  if (before === 0 || desired * 2 >= before) return null
  const guard = desired === 0 ? 'empty-source' : 'shrunken-source'
  return { guard, message: `${entity}: the ERP gave ${desired} rows, ${before} last time`, keys: [] }
}

/** `keys`: the first 20 of `count` keys that came more than once on either side. */
export function duplicateGuard(entity: string, count: number, keys: readonly string[]): Guard | null {
  return count === 0 ? null : { guard: 'duplicate-keys', message: `${entity}: ${count} keys came more than once`, keys }
}

/** Shares of fewer rows than this say little. */
const fewRows = 100

/**
 * How many rows began to differ since the last compare, when they are more than `limitPercent` of those known then; else null. Rows that joined
 * the known side since may all differ, as in a first load; so may those that already did, which wait in the queue.
 */
export function massChange(now: { changed: number; known: number }, last: SnapshotMeta | null, limitPercent: number): number | null {
  const before = last?.rows.known ?? 0
  const moved = now.changed - (last?.changed ?? 0) - Math.max(0, now.known - before)
  return before > fewRows && moved * 100 > before * limitPercent ? moved : null
}

/** `columns`: in how many of the changed rows each one differs, and in how many of those it is empty now. */
export function massChangeGuard(
  entity: string,
  { moved, known }: { moved: number; known: number },
  columns: readonly { name: string; moved: number; emptied: number }[],
  keys: readonly string[],
): Guard {
  const named = columns
    .filter((column) => column.moved > 0)
    .toSorted((a, b) => b.moved - a.moved)
    .slice(0, 5)
    .map((column) => `${column.name} in ${column.moved}${column.emptied > 0 ? ` (emptied in ${column.emptied})` : ''}`)
  const message = `${entity}: ${moved} of ${known} rows differ that did not at the last compare; ${named.join(', ')}`
  return { guard: 'mass-change', message, keys }
}
