/** An error as a run reports it: what happened, what it came from, what to do. Causes of Ponte's own errors hold no values of rows. */

import { PonteError } from '../base/error.ts'
import { maskText } from '../base/mask.ts'

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return maskText(String(error))
  const cause = error.cause instanceof Error ? ` (${error.cause.message.split('\n')[0]})` : ''
  return maskText(`${error.message}${cause}${error instanceof PonteError ? `. ${error.hint}` : ''}`)
}
