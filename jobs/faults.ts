/** Whose fault an error is: the line's own (to falhas), or that of a system that is away (the line stays queued). */
import { PonteError } from '../base/error.ts'

/** The ERP refuses this line's values, a lead lacks what a client is made of, or the line drives a connector into a corner. */
const lineFaults = new Set([
  'lead.without_tax_id',
  'erp.write_refused',
  'erp.value_refused',
  'erp.unknown_column',
  'state.value_refused',
  'erp.no_id',
  'crm.bad_argument',
])

/** Every connector speaks in PonteErrors; a socket's or a timer's error says its code; anything else is a defect that this line triggers. */
export function isSystemic(error: unknown): boolean {
  if (error instanceof PonteError) return !lineFaults.has(error.code)
  return typeof (error as { code?: unknown })?.code === 'string' || (error as Error)?.name === 'AbortError'
}

/** No use in trying further lines: the person on call must act first, or another worker has taken over, or nothing can be written down. */
export const isFinal = (error: unknown): boolean =>
  error instanceof PonteError && isSystemic(error) && (error.exitCode === 2 || /^(lease|state|queue)\./.test(error.code))
