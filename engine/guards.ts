/** Reasons to stop a compare before anything is published (architecture 4). Values, for the operator to judge. */
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
