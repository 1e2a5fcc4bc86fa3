/** Secrets that come from files: `API_TOKEN_FILE=/run/credentials/ponte/token` instead of `API_TOKEN`. */
import { readFileSync, statSync } from 'node:fs'

export type Source = Readonly<Record<string, string | undefined>>

/**
 * @param names the variables that may come from a file
 * @returns `values`: the source with each `X` filled from the file that `X_FILE` names; `problems`: one text per `X_FILE`
 *   that cannot be used, which names the variable and never quotes the file
 */
export function readSecretFiles(source: Source, names: readonly string[]): { values: Source; problems: string[] } {
  const values: Record<string, string | undefined> = { ...source }
  const problems: string[] = []
  for (const name of names) {
    const file = source[`${name}_FILE`]
    if (file === undefined) continue
    const secret = source[name] === undefined ? readSecret(file) : { problem: `is set together with ${name}; keep one of the two` }
    if ('problem' in secret) problems.push(`${name}_FILE ${secret.problem}`)
    else values[name] = secret.text
  }
  return { values, problems }
}

function readSecret(file: string): { text: string } | { problem: string } {
  try {
    if (statSync(file).mode & 0o007) return { problem: 'names a file that is open to everybody on this machine; run chmod 600 on it' }
    // Editors end a file with a newline; any other blank may belong to the secret.
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { problem: 'names an empty file' } : { text }
  } catch (error) {
    return { problem: `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
}
