import type { Reply } from '../calls/reply.ts'

/** An answer as it goes on the wire. */
export interface Wire {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** The CRM's ordinary JSON answer; no content for 204. */
export function jsonWire(reply: Reply, headers: Wire['headers'] = {}): Wire {
  if (reply.body === undefined) return { status: reply.status, headers, text: '' }
  return {
    status: reply.status,
    headers: { 'content-type': 'application/json; odata.metadata=minimal', ...headers },
    text: JSON.stringify(reply.body),
  }
}

/** A gateway's page instead of JSON ("HTML 502 body"). */
export function htmlWire(status: number, title: string): Wire {
  const text = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><center><h1>${status} ${title}</h1></center></body>\r\n</html>\r\n`
  return { status, headers: { 'content-type': 'text/html' }, text }
}

/** What goes out while the simulated server fails with `status` (500, 502, 503 or 504). */
export function failureWire(status: number): Wire {
  if (status === 502) return htmlWire(502, 'Bad Gateway')
  if (status === 504) return htmlWire(504, 'Gateway Time-out')
  if (status === 503) return { status, headers: { 'content-type': 'text/plain' }, text: 'Service Unavailable' }
  return jsonWire({ status, body: { error: { code: '', message: 'An error has occurred.' } } })
}

export type RetryAfterForm = 'seconds' | 'date' | 'none'

/**
 * "Too many requests". The time to wait is rounded up to whole seconds, in either form, so that a client that honours it
 * is never early (RFC 9110 10.2.3). `as` `ok-with-error`: the same message with status 200.
 */
export function tooManyWire(waitMs: number, form: RetryAfterForm, as: '429' | 'ok-with-error', now: number): Wire {
  const headers: Record<string, string> = {}
  if (form === 'seconds') headers['retry-after'] = String(Math.max(1, Math.ceil(waitMs / 1000)))
  if (form === 'date') headers['retry-after'] = new Date(Math.ceil((now + waitMs) / 1000) * 1000).toUTCString()
  const body = { error: { code: '429', message: 'Too many requests' } }
  return jsonWire({ status: as === '429' ? 429 : 200, body }, headers)
}
