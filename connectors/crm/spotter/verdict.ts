import type { Exchange } from '../http.ts'

/** The CRM answered, readably: 2xx with its JSON (undefined for an empty body), or a 4xx about this very request. */
export type Answer =
  | { readonly kind: 'done'; readonly status: number; readonly json: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

/**
 * One exchange, judged without knowing whether it may be repeated.
 *
 * token:     the CRM does not accept our token
 * elsewhere: a web server answered that is not the CRM's API
 * failed:    systemic. `nothingDone`: the CRM certainly had no effect. `tooMany`: it has a limit and we are over it.
 */
export type Verdict =
  | Answer
  | { readonly kind: 'token'; readonly status: number }
  | { readonly kind: 'elsewhere'; readonly status: number }
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly nothingDone: boolean
      readonly tooMany: boolean
      readonly retryAfter: string | null
      readonly cause?: Error
    }

/** @returns what the exchange means; `stale` exchanges must not come here */
export function judge(exchange: Exchange): Verdict {
  if (exchange.kind === 'stale') return failed({ reason: 'the request was not sent', nothingDone: true })
  if (exchange.kind === 'broken') return failed({ reason: exchange.reason, nothingDone: !exchange.written, cause: exchange.cause })

  const { status, retryAfter } = exchange
  if (status === 401 || status === 403) return { kind: 'token', status }
  if (status === 429) return failed({ reason: 'HTTP 429, too many requests', nothingDone: true, tooMany: true, retryAfter })
  // 408 and 425 speak of the connection, not of the request's content; a redirect of an API call is a proxy's mistake.
  if (status < 200 || (status >= 300 && status < 400) || status === 408 || status === 425 || status >= 500) {
    return failed({ reason: `HTTP ${status}`, retryAfter })
  }
  const json = parseJson(exchange.body)
  if (status >= 400) return refusal(status, exchange.body, json)
  if (!json.ok) return failed({ reason: unreadable(status, exchange.body) })
  const complaint = errorMessage(json.value)
  if (complaint === null) return { kind: 'done', status, json: json.value }
  // Some CRMs report errors, even their limit, with HTTP 200.
  if (/rate.?limit|too many requests|throttl/i.test(complaint)) {
    return failed({ reason: `HTTP ${status} with an error: too many requests`, nothingDone: true, tooMany: true, retryAfter })
  }
  return { kind: 'refused', status, message: complaint }
}

const unreadable = (status: number, body: string | null): string =>
  `HTTP ${status} with ${body === null ? 'a body that is neither UTF-8 nor of the charset and compression it declares' : 'an unreadable body'}`

function refusal(status: number, body: string | null, json: ReturnType<typeof parseJson>): Verdict {
  const message = json.ok ? errorMessage(json.value) : null
  // HTML from a web server, or ASP.NET's words for a path that it does not route.
  const isUnrouted = (!json.ok && /^\s*</.test(body ?? '')) || /^No HTTP resource was found/.test(message ?? '')
  if (isUnrouted && (status === 404 || status === 405)) return { kind: 'elsewhere', status }
  return { kind: 'refused', status, message: message ?? `HTTP ${status} without a readable reason` }
}

function failed(what: { reason: string; nothingDone?: boolean; tooMany?: boolean; retryAfter?: string | null; cause?: Error }): Verdict {
  return {
    kind: 'failed',
    reason: what.reason,
    nothingDone: what.nothingDone ?? false,
    tooMany: what.tooMany ?? false,
    retryAfter: what.retryAfter ?? null,
    ...(what.cause === undefined ? {} : { cause: what.cause }),
  }
}

/** An empty body is readable: it says nothing (204, and some 201). */
function parseJson(body: string | null): { ok: true; value: unknown } | { ok: false } {
  if (body === null) return { ok: false }
  const text = body.replace(/^\uFEFF/, '').trim()
  if (text === '') return { ok: true, value: undefined }
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return { ok: false }
  }
}

/** `{ error: { message } }`, or the flat `{ message }` and `{ error: "..." }` of gateways; inner details appended. */
function errorMessage(json: unknown): string | null {
  if (!isRecord(json)) return null
  const error = json.error ?? json['odata.error']
  if (typeof error === 'string') return error
  if (isRecord(error)) {
    const parts = [error.message, isRecord(error.innererror) ? error.innererror.message : null].filter((part) => typeof part === 'string')
    return parts.length > 0 ? parts.join(' ') : 'an error without a message'
  }
  return typeof json.message === 'string' && !('value' in json) ? json.message : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
