/** Errors as people read them: what happened, what it came from, what to do. */
import { PonteError } from '../../base/error.ts'
import { maskText } from '../../base/log/mask.ts'

/**
 * What happened and what it came from, as a sentence. Causes of Ponte's own errors hold no values of rows; secrets and
 * personal data that slipped into either are masked.
 */
export function whatHappened(error: unknown): string {
  if (!(error instanceof Error)) return sentence(maskText(String(error)))
  const cause = error.cause instanceof Error ? ` (${nameOf(error.cause)})` : ''
  return sentence(maskText(`${nameOf(error)}${cause}`))
}

/** The same, with the hint: all that the history of runs keeps of an error. */
export function errorText(error: unknown): string {
  const text = whatHappened(error)
  if (!(error instanceof PonteError)) return text
  return `${text}${text.includes('\n') ? '\n' : ' '}${sentence(maskText(error.hint))}`
}

/** Ponte's own messages may have several lines, of others the first one counts; some system errors have a code and no message. */
function nameOf(error: Error): string {
  if (error instanceof PonteError) return error.message
  return error.message.split('\n')[0] || (error as NodeJS.ErrnoException).code || error.name
}

/** Begins with a capital letter, unless the first word is an identifier or a command, and ends with a full stop, unless it is a list. */
export function sentence(text: string): string {
  const capital = /^(?!(?:ponte|npm)\s)[a-z]+[\s,]/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text
  return !capital.includes('\n') && /[\p{L}\p{N})\]"'>]$/u.test(capital) ? `${capital}.` : capital
}
