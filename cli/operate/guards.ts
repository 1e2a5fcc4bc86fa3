/** A guard's stop, explained: which records, what it means, what to do. */
import type { Guard } from '../../engine/model.ts'

const meaning: Record<Guard['guard'], string> = {
  'duplicate-keys': 'Sending either of two rows would be a guess. Correct the ERP, or go on without these records.',
  'empty-source': 'A view that was full and is empty is more likely broken than true: look at it in the ERP first.',
  'mass-change':
    'More rows begin to differ at once than CHANGED_LIMIT_PERCENT allows. Look at these columns in the ERP first: emptied by mistake, they would be emptied in the CRM.',
  'shrunken-source': 'A view that lost more than half of its rows is more likely broken than true: look at it in the ERP first.',
}

/** The engine names no more keys than this. */
const keysNamed = 20

/** Lines for people: the guard's message, its keys (ERP keys and CRM ids), the advice. */
export function explainGuard({ guard, message, keys }: Guard): string[] {
  const named = keys.length === 0 ? '' : `: ${keys.join(', ')}${keys.length === keysNamed ? ' (the first ones)' : ''}`
  return [`${message}${named}`, meaning[guard]]
}
