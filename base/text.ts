/** Text from outside, in a form that every database and every JSON reader of ours takes. */

/** Drops the control characters U+0000 to U+001F but tab and line feed, and lone surrogates: they mean nothing in a name or an address. */
export function cleanText(value: string): string {
  return value.replace(/(?![\t\n\x7f-\x9f])\p{Cc}|\p{Surrogate}/gu, '')
}

/** `value` as JSON whose texts are clean: PostgreSQL keeps neither U+0000 nor half a surrogate pair, also not as an escape. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, one) => (typeof one === 'string' ? cleanText(one) : one))
}

/** A parameter of a statement as PostgreSQL can keep it: it has no text with U+0000 in it. */
export function withoutNul(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '')
  return Array.isArray(value) ? value.map(withoutNul) : value
}
