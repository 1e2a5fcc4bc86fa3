/** A statement as the driver sees it: its kind and the names of its binds, which the driver does not send. */
export type Kind = 'query' | 'dml' | 'plsql' | 'ddl' | 'commit' | 'rollback' | 'other'

export interface Placeholder {
  readonly name: string
  /** From here to `end` in the text, colon included. */
  readonly start: number
  readonly end: number
  /** Behind RETURNING ... INTO. */
  readonly returned: boolean
}

export interface Statement {
  readonly sql: string
  readonly kind: Kind
  /** Every occurrence in the text. None in DDL, where `:NEW` is no bind. */
  readonly placeholders: readonly Placeholder[]
  /** One per value on the wire: PL/SQL names each once, SQL one per occurrence. */
  readonly binds: readonly { readonly name: string; readonly returned: boolean }[]
}

const KINDS: Readonly<Record<string, Kind>> = {
  SELECT: 'query',
  WITH: 'query',
  INSERT: 'dml',
  UPDATE: 'dml',
  DELETE: 'dml',
  MERGE: 'dml',
  BEGIN: 'plsql',
  DECLARE: 'plsql',
  CALL: 'plsql',
  COMMIT: 'commit',
  ROLLBACK: 'rollback',
  CREATE: 'ddl',
  ALTER: 'ddl',
  DROP: 'ddl',
  COMMENT: 'ddl',
  GRANT: 'ddl',
  REVOKE: 'ddl',
  TRUNCATE: 'ddl',
  ANALYZE: 'ddl',
  AUDIT: 'ddl',
}

/**
 * One piece of SQL text, in order of trial: comments, q-quoted, quoted, names in quotes, binds, words. The colon of `:=`
 * and one after a string (JSON) are no binds; the driver decides alike.
 */
const PIECE =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[qQ]'(?:\[[\s\S]*?\]|\{[\s\S]*?\}|\([\s\S]*?\)|<[\s\S]*?>|([^\s[{(<])[\s\S]*?\1)'|'(?:[^']|'')*'|"[^"]*"|:(?:"[^"]*"|[\p{L}\p{N}][\p{L}\p{N}$_#]*)|[\p{L}_][\p{L}\p{N}_$#]*/gu

export interface Piece {
  readonly text: string
  readonly start: number
}

/** The pieces of a text that mean something to a translator; what stands between them is punctuation and numbers. */
export function pieces(sql: string): Piece[] {
  return Array.from(sql.matchAll(PIECE), (match) => ({ text: match[0], start: match.index })).filter(
    ({ text }) => !text.startsWith('--') && !text.startsWith('/*'),
  )
}

export function parseStatement(sql: string): Statement {
  const all = pieces(sql)
  const kind = KINDS[all.find(({ text }) => /^\p{L}/u.test(text))?.text.toUpperCase() ?? ''] ?? 'other'
  const placeholders = kind === 'ddl' ? [] : placeholdersOf(sql, all, kind)
  const seen = new Set<string>()
  const binds = placeholders.filter(({ name }) => kind !== 'plsql' || (!seen.has(name) && seen.add(name)))
  return { sql, kind, placeholders, binds: binds.map(({ name, returned }) => ({ name, returned })) }
}

function placeholdersOf(sql: string, all: readonly Piece[], kind: Kind): Placeholder[] {
  const found: Placeholder[] = []
  let returning = false
  let into = false
  all.forEach(({ text, start }, index) => {
    const word = text.toUpperCase()
    if (kind === 'dml' && (word === 'RETURNING' || word === 'RETURN')) returning = true
    if (returning && word === 'INTO') into = true
    if (!text.startsWith(':')) return
    const before = all[index - 1]
    const afterString = before?.text.startsWith("'") && sql.slice(before.start + before.text.length, start).trim() === ''
    if (afterString) return
    const name = text.startsWith(':"') ? text.slice(2, -1) : text.slice(1).toUpperCase()
    found.push({ name, start, end: start + text.length, returned: into })
  })
  return found
}
