import { QueryRefused } from './properties.ts'

export type Token =
  | { readonly type: 'word' | 'symbol'; readonly text: string; readonly at: number }
  | { readonly type: 'number'; readonly value: number; readonly at: number }
  | { readonly type: 'text'; readonly value: string; readonly at: number }
  | { readonly type: 'date'; readonly value: string; readonly at: number }
  | { readonly type: 'end'; readonly at: number }

const patterns = {
  space: /\s+/y,
  text: /'(?:[^']|'')*'/y,
  date: /\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d))?(?![\w:.])/y,
  number: /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)/y,
  word: /[A-Za-z_][\w.]*(?:\/[A-Za-z_]\w*)*/y,
  symbol: /[(),]/y,
}

/** Cuts an OData v4 expression into tokens; the last one is `end`. Throws QueryRefused at the first character that starts none. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0] ?? null
  }
  while (at < text.length) {
    let found = take(patterns.space)
    if (found === null) {
      const token = oneToken(take, at)
      if (token === null) throw new QueryRefused(`Syntax error at position ${at} in the filter.`)
      found = token.found
      tokens.push(token.token)
    }
    at += found.length
  }
  tokens.push({ type: 'end', at })
  return tokens
}

function oneToken(take: (pattern: RegExp) => string | null, at: number): { found: string; token: Token } | null {
  let found = take(patterns.text)
  if (found !== null) return { found, token: { type: 'text', value: found.slice(1, -1).replaceAll("''", "'"), at } }
  found = take(patterns.date)
  if (found !== null) return { found, token: { type: 'date', value: canonicalDate(found), at } }
  found = take(patterns.number)
  if (found !== null) return { found, token: { type: 'number', value: Number(found), at } }
  found = take(patterns.word)
  if (found !== null) return { found, token: { type: 'word', text: found, at } }
  found = take(patterns.symbol)
  return found === null ? null : { found, token: { type: 'symbol', text: found, at } }
}

/** Any OData date as UTC with six decimals, so that dates compare as text; what lies below a microsecond is cut off. */
function canonicalDate(text: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(Z|[+-]\d\d:\d\d))?$/.exec(text)!
  const [, day, minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = parts
  const whole = Date.parse(`${day}T${minutes}${seconds}${zone}`)
  // Date.parse moves 30 February to March; a date that does not come back as it went in does not exist.
  if (Number.isNaN(whole) || Number.isNaN(Date.parse(`${day}T00:00:00Z`)) || !new Date(`${day}T00:00:00Z`).toISOString().startsWith(day!)) {
    throw new QueryRefused(`'${text}' is not a date.`)
  }
  return `${new Date(whole).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}
