import { PonteError } from '../base/error.ts'

/**
 * A number from the command line: decimal digits only, 0 or more.
 * @param name the option, such as `--port`
 * @throws PonteError `usage.not_a_number`, exit code 2
 */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new PonteError('usage.not_a_number', `${name} must be a whole number, not "${text}"`, {
    hint: `for example ${name} 100`,
    exitCode: 2,
  })
}
