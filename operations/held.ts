/** Keys that stopped alone (three sends without convergence), or that an operator put away: listed, and released. */
import { type Held, listHeld, releaseHeld } from '../connectors/state/changes/operator.ts'
import type { Operator } from './operator.ts'

export type { Held }

export const heldKeys = (state: Operator['state'], only: readonly string[] = []): Promise<Held[]> => listHeld(state, only)

/**
 * The next compare sends what still differs of these keys, up to three times.
 * @param items as listed
 * @returns those that were held
 */
export async function release(operator: Operator, items: readonly Held[]): Promise<Pick<Held, 'entity' | 'key'>[]> {
  const { actor, state, audited, log } = operator
  const released: Pick<Held, 'entity' | 'key'>[] = []
  for (const { entity, key, code, sends } of items) {
    const action = { actor, action: 'held.release', target: `${entity} ${key}`, before: { records: [{ entity, key }], code, sends } }
    released.push(...(await audited(action, () => releaseHeld(state, [{ entity, key }]))))
  }
  if (released.length > 0) log.info({ actor, released }, 'held keys were released')
  return released
}
