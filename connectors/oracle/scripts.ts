/** The scripts of `sql/oracle`, in the order of `install.sql`, as statements for one connection. */
import { readFile } from 'node:fs/promises'
import { splitStatements } from './statements.ts'

export interface OracleScript {
  /** File name, e.g. `table_leads.sql`. */
  readonly name: string
  /** false: structure and first rows, run once; true: made anew (`create or replace`) whenever a file of this kind changed. */
  readonly repeatable: boolean
  readonly statements: readonly string[]
}

const FOLDER = new URL('../../sql/oracle/', import.meta.url)
/** The comment in install.sql that stands before what may be run again. */
const AGAIN = /^-- Again/

/** What `install.sql` names with `@@`: the one list of what belongs to the schema and in which order. */
export async function oracleScripts(folder: URL = FOLDER): Promise<readonly OracleScript[]> {
  const lines = (await readFile(new URL('install.sql', folder), 'utf8')).split(/\r?\n/)
  const again = lines.findIndex((line) => AGAIN.test(line))
  const named = lines.flatMap((line, index) => (line.startsWith('@@') ? [{ name: line.slice(2).trim(), repeatable: index > again }] : []))
  return Promise.all(
    named.map(async ({ name, repeatable }) => ({
      name,
      repeatable,
      statements: splitStatements(await readFile(new URL(name, folder), 'utf8')),
    })),
  )
}
