/** What can be said of Oracle's SQL without an Oracle: whether a grammar of PL/SQL reads it, and whether names are free. */
import { grammarErrors } from '../../testing/grammar.ts'

/** Settings of SQL*Plus, which are no SQL. */
const SQLPLUS = /^(set|whenever|@@).*$/gm

/** Errors that the grammar of PL/SQL finds. It knows no names: an unknown table or column is none. */
export const syntaxErrors = (script: string): number => grammarErrors(script.replace(SQLPLUS, ''), 'PLSQL')

/** V$RESERVED_WORDS of 19c where RESERVED = 'Y', without the signs: none may be the name of anything. */
export const RESERVED: ReadonlySet<string> = new Set(
  `access add all alter and any as asc audit between by char check cluster column column_value comment compress connect create current
  date decimal default delete desc distinct drop else exclusive exists file float for from grant group having identified immediate in
  increment index initial insert integer intersect into is level like lock long maxextents minus mlslabel mode modify nested_table_id
  noaudit nocompress not nowait null number of offline on online option or order pctfree prior public raw rename resource revoke row
  rowid rownum rows select session set share size smallint start successful synonym sysdate table then to trigger uid union unique
  update user validate values varchar varchar2 view whenever where with`.split(/\s+/),
)

/** Oracle's identifiers hold 128 bytes since 12.2, but tools and links of older ones 30. */
const LONGEST = 30
const TEXT = /'(?:[^']|'')*'|--.*$/gm
const CREATED =
  /(?<!grant )\bcreate\s+(?:or\s+replace\s+)?(?:table|view|index|sequence|procedure|function|trigger|package(?:\s+body)?)\s+(\w+)/gi
const CONSTRAINT = /\bconstraint\s+(\w+)/gi
const TABLE = /\bcreate\s+table\s+\w+\s*\(([\s\S]*?)^\)/gim
const ALIAS = /\bas\s+(\w+)\s*(?=,|\n|$)/gi
const VARIABLE = /^\s*(?:\(|)(\w+)\s+(?:varchar2|number|date|\w+\.\w+%type)\b/gim
const QUALIFIED = /\b\w+\.(\w+)\b/g

/** Names that a script gives or uses as columns and that Oracle would refuse, or that are too long. */
export function refusedNames(script: string): string[] {
  const code = script.replace(SQLPLUS, '').replace(TEXT, (match) => (match.startsWith("'") ? "''" : ''))
  const columns = [...code.matchAll(TABLE)].flatMap(([, body]) => [...body!.matchAll(/^ {2}(\w+)\s/gm)].map(([, name]) => name!))
  const named = [CREATED, CONSTRAINT, ALIAS, VARIABLE, QUALIFIED].flatMap((pattern) => [...code.matchAll(pattern)].map(([, name]) => name!))
  const keywords = new Set(['primary', 'foreign', 'constraint', 'check', 'unique'])
  const names = [...columns.filter((name) => !keywords.has(name.toLowerCase())), ...named]
  return [...new Set(names.filter((name) => RESERVED.has(name.toLowerCase()) || name.length > LONGEST))]
}
