/** Text from outside, in a form that every database and every JSON reader of ours takes. */

/** Drops the control characters U+0000 to U+001F but tab and line feed, and lone surrogates: they mean nothing in a name or an address. */
export function cleanText(value: string): string {
  return value.replace(/(?![\t\n\x7f-\x9f])\p{Cc}|\p{Surrogate}/gu, '')
}

/** `value` as JSON whose texts are clean: PostgreSQL keeps neither U+0000 nor half a surrogate pair, also not as an escape. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, one) => (typeof one === 'string' ? cleanText(one) : one))
}
