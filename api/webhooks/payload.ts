/** A webhook's body: bytes that are refused, or a JSON object whose necessary parts are there. The policy is in the README. */
import { httpText } from '../../base/charset.ts'
import { ApiError } from '../http/errors.ts'
import { leadEvent, type WebhookEvent } from './events.ts'

export interface Payload {
  /** The body as it came, in UTF-8. */
  readonly text: string
  /** null for events that name no lead. */
  readonly lead: { readonly id: number; readonly company: string } | null
}

const MAX_DEPTH = 64

/**
 * @param contentType the charset that it declares counts for a body that is not UTF-8
 * @throws ApiError INVALID_PAYLOAD, naming the field and never its value
 */
export function readPayload(event: WebhookEvent, body: Buffer, contentType?: string): Payload {
  if (body.length === 0) throw invalid('The body is empty.')
  if (depthOf(body) > MAX_DEPTH) throw invalid(`The body is nested deeper than ${MAX_DEPTH}.`)
  const text = httpText(body, contentType)
  if (text === null) throw invalid('The body is not UTF-8, nor of the charset that its Content-Type declares.')
  const value = parse(text)
  // Both can only be there behind one of these; most bodies have neither and are spared the walk.
  if (text.includes('\\u') || text.includes('__proto__')) checkTexts(value)
  const parsed = event.schema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue!.path.join('.')
    throw invalid(field === '' ? 'The body is not a JSON object.' : `Field ${field} is missing or not what it must be (${issue!.message}).`)
  }
  if (event.schema !== leadEvent) return { text, lead: null }
  const { Lead } = parsed.data as { Lead: { Id: number; Company: string } }
  return { text, lead: { id: Lead.Id, company: Lead.Company } }
}

const invalid = (message: string) => new ApiError('INVALID_PAYLOAD', message)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body.
    throw invalid('The body is not valid JSON.')
  }
}

const [QUOTE, BACKSLASH, OPEN, OPEN_ARRAY, CLOSE, CLOSE_ARRAY] = [...'"\\{[}]'].map((char) => char.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
]

/** Before the parser sees it: a mebibyte of brackets costs it much memory. Counted on bytes; broken JSON gives any answer. */
function depthOf(body: Buffer): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < body.length; i += 1) {
    const byte = body[i]
    if (quoted) {
      if (byte === BACKSLASH) i += 1
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === OPEN || byte === OPEN_ARRAY) deepest = Math.max(deepest, ++depth)
    else if (byte === CLOSE || byte === CLOSE_ARRAY) depth -= 1
  }
  return deepest
}

/** No database that Ponte speaks to can hold a NUL; a key `__proto__` has no honest use. */
function checkTexts(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw invalid('The body holds the character NUL.')
  } else if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      if (key === '__proto__') throw invalid('The body holds a key __proto__.')
      if (key.includes('\0')) throw invalid('The body holds the character NUL.')
      checkTexts((value as Record<string, unknown>)[key])
    }
  }
}
