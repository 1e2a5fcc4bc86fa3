/** Oracle's text into what MariaDB runs in Oracle mode: binds, q-quotes, flashback, names in lower case. The rest goes as it came. */
import type { BindValue } from '../backend.ts'
import { OracleError } from '../oracle-error.ts'
import { pieces, type Statement } from '../statement.ts'
import type { Bind, TypeName, Value } from '../wire/types.ts'

/**
 * `kept`: whoever asks for the SCN may read as of it; `refused`: ORA-01031, as for a user without the privilege; names: the privilege is on
 * these alone.
 */
export type Flashback = 'kept' | 'refused' | ReadonlySet<string>

/** What a query wants of flashback: a new SCN, and to be run as of one. */
export interface Wanted {
  readonly scn: boolean
  readonly asOf: string | null
}
const NUMBERS: ReadonlySet<TypeName> = new Set(['NUMBER', 'BINARY_INTEGER', 'BINARY_DOUBLE', 'BOOLEAN'])
const DATES: ReadonlySet<TypeName> = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP_TZ', 'TIMESTAMP_LTZ'])

/** A value as a literal. Backslashes mean nothing (NO_BACKSLASH_ESCAPES); the empty string is null. */
export function literal(bind: Bind | undefined, value: Value): string {
  // Who only wants to know the columns sends no binds at all.
  if (bind === undefined || value === null || value.length === 0) return 'NULL'
  if (Buffer.isBuffer(value)) return `x'${value.toString('hex')}'`
  if (NUMBERS.has(bind.type)) return /^-?[\d.]+(e[-+]?\d+)?$/i.test(value) ? value : 'NULL'
  if (DATES.has(bind.type)) return `TIMESTAMP'${value}'`
  return `'${value.replaceAll("'", "''")}'`
}

/** The text of a query or a change, with one row of values. Throws OracleError 1031 for refused flashback. */
export function withValues(
  statement: Statement,
  binds: readonly Bind[],
  row: readonly BindValue[],
  flashback: Flashback,
  scn = 'NULL',
): string {
  return rewrite(statement, literals(statement, binds, row), flashback, scn)
}

const literals = ({ placeholders }: Statement, binds: readonly Bind[], row: readonly BindValue[]): string[] =>
  placeholders.map((_, index) => literal(binds[index], (row[index] ?? null) as Value))

/** Of several AS OF SCN in one query the first counts. */
export function wantedOf(statement: Statement, binds: readonly Bind[], row: readonly BindValue[]): Wanted {
  const { sql, placeholders } = statement
  const all = pieces(sql)
  const words = all.map(({ text }) => text.toUpperCase())
  const scn = words.includes('V$DATABASE') || words.includes('DBMS_FLASHBACK')
  const at = words.findIndex((_, index) => words.slice(index, index + 3).join(' ') === 'AS OF SCN')
  if (at < 0) return { scn, asOf: null }
  const after = all[at + 2]!.start + 3
  const number = /^\s*\(?\s*(\d+)/.exec(sql.slice(after))?.[1]
  const bound = placeholders.findIndex(({ start }) => start >= after)
  return { scn, asOf: number ?? literals(statement, binds, row)[bound] ?? null }
}

/** The text of a block, its binds being user variables; `@b0` is the first bind. */
export function withVariables(statement: Statement, flashback: Flashback): string {
  const { sql, placeholders, binds } = statement
  const place = (name: string) => binds.findIndex((bind) => bind.name === name)
  const variables = placeholders.map(({ name, end }) => {
    const variable = `@b${place(name)}`
    // MariaDB assigns to a variable of the session by SET only.
    return /^\s*:=/.test(sql.slice(end)) ? `SET ${variable}` : variable
  })
  return rewrite(statement, variables, flashback)
}

function rewrite({ sql, placeholders }: Statement, replacements: readonly string[], flashback: Flashback, scn = 'NULL'): string {
  const at = new Map(placeholders.map(({ start, returned }, index) => [start, returned ? '' : replacements[index]!]))
  const all = pieces(sql)
  let text = ''
  let done = 0
  all.forEach((piece, index) => {
    if (piece.start < done) return
    text += sql.slice(done, piece.start)
    done = piece.start + piece.text.length
    const words = [piece, all[index + 1], all[index + 2]].map((one) => one?.text.toUpperCase())
    if (words.join(' ') === 'AS OF SCN') {
      refuse(flashback, all[index - 1]?.text)
      const after = all[index + 2]!.start + 3
      done = after + /^\s*(:\w+|\d+|\([^)]*\))?/.exec(sql.slice(after))![0].length
    } else if (words[0] === 'DBMS_FLASHBACK' && words[1] === 'GET_SYSTEM_CHANGE_NUMBER') {
      refuse(flashback)
      text += scn
      done = all[index + 1]!.start + all[index + 1]!.text.length
    } else text += at.get(piece.start) ?? plain(piece.text, flashback, scn)
  })
  return text + sql.slice(done)
}

function plain(text: string, flashback: Flashback, scn: string): string {
  const word = text.toUpperCase()
  if (word === 'V$DATABASE') {
    refuse(flashback)
    return `(select ${scn} as current_scn) v$database`
  }
  if (word === 'SYSTIMESTAMP') return 'current_timestamp(6)'
  // Names of tables are case-sensitive on many a MariaDB, and in no Oracle: what is not quoted goes in lower case.
  if (/^\p{L}/u.test(text) && !/^q'/i.test(text)) return text.toLowerCase()
  if (/^q'/i.test(text)) return `'${text.slice(3, -2).replaceAll("'", "''")}'`
  return text
}

function refuse(flashback: Flashback, name?: string): void {
  const granted = typeof flashback === 'string' ? flashback === 'kept' : name === undefined || flashback.has(name.toLowerCase())
  if (!granted) throw new OracleError(1031, 'insufficient privileges')
}

/** The text of a statement that has no binds: DDL and the like. */
export function withoutBinds(statement: Statement, flashback: Flashback): string {
  return rewrite(statement, [], flashback)
}

/** Whether an insert gives several lists of values: MariaDB takes that, Oracle does not before 23ai. */
export function hasSeveralLists(sql: string): boolean {
  if (!/^\s*insert\s+into\b/i.test(sql)) return false
  let bare = sql.replace(/'(?:[^']|'')*'|"[^"]*"/g, 'x')
  for (let before = ''; before !== bare; ) {
    before = bare
    bare = bare.replace(/\([^()]*\)/g, '#')
  }
  return /\bvalues\s*#\s*,\s*#/i.test(bare)
}

/** `insert into t (...) values ` and its one list, when the text is just that: then many rows can go as one statement. */
export function splitInsert({
  sql,
  kind,
  placeholders,
}: Pick<Statement, 'sql' | 'kind' | 'placeholders'>): { head: string; offset: number } | null {
  const parts = /^(\s*insert\s+into\s+[^()'":]+(?:\([^()'":]*\)\s*)?values\s*)\(/i.exec(sql)
  if (kind !== 'dml' || !parts || placeholders.some(({ returned }) => returned) || !/\)\s*$/.test(sql)) return null
  return { head: parts[1]!, offset: parts[1]!.length }
}
