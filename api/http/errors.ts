/**
 * How the API says no: every error body is `{ code, message }`, with `hint` where it helps. Expected refusals
 * are `ApiError`s with a stable code; what nobody expected is logged and answered without details.
 */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Logger } from 'pino'
import { PonteError } from '../../base/error.ts'
import { CrmUnavailable } from '../../connectors/crm/errors.ts'
import type { ApiEnv } from './types.ts'

/** Code -> the status it is answered with, unless a route says otherwise. */
export const errorStatus = {
  INVALID_PAYLOAD: 400,
  PRODUCT_ADD_FAILED: 400,
  CRM_REFUSED: 400,
  DUPLICATE_LEAD: 400,
  LEAD_ALREADY_SOLD: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  DUPLICATE_CLIENT_CODE: 409,
  CONFLICT: 409,
  LENGTH_REQUIRED: 411,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_ERROR: 500,
  CRM_UNAVAILABLE: 503,
  ERP_UNAVAILABLE: 503,
  STATE_UNAVAILABLE: 503,
  QUEUE_UNAVAILABLE: 503,
  BUSY: 503,
} as const satisfies Record<string, ContentfulStatusCode>

export type ErrorCode = keyof typeof errorStatus

/** Body of every refusal, for `createRoute`. */
export const errorSchema = z
  .object({
    code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]).openapi({ description: 'Stable and machine readable.' }),
    message: z.string().openapi({ description: 'What happened, for people. Never holds personal data.' }),
    hint: z.string().optional().openapi({ description: 'What to do next.' }),
  })
  .openapi('Error')

/** @example responses: { 200: ..., ...refusals(400, 401, 403, 503) } */
export function refusals<S extends ContentfulStatusCode>(...statuses: readonly S[]) {
  const content = { 'application/json': { schema: errorSchema } }
  return Object.fromEntries(statuses.map((status) => [status, { description: descriptions[status] ?? 'refused', content }])) as Record<
    S,
    { description: string; content: typeof content }
  >
}

const descriptions: Readonly<Record<number, string>> = {
  400: 'The request is not right; it changed nothing.',
  401: 'No token, or an unknown one.',
  403: 'The token may not do this.',
  404: 'There is no such thing.',
  409: 'It contradicts what is there already.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is not plain JSON.',
  429: 'Too many requests; Retry-After says when to come back.',
  502: 'The CRM answered with something that cannot be used.',
  503: 'Something this needs is away; Retry-After says when to come back.',
}

/** A refusal. Message and hint are shown to the caller: no secret and no personal data in either. */
export class ApiError extends Error {
  readonly code: ErrorCode
  readonly status: ContentfulStatusCode
  readonly hint: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { status?: ContentfulStatusCode; hint?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ApiError'
    this.code = code
    this.status = options.status ?? errorStatus[code]
    this.hint = options.hint
    this.headers = options.headers ?? {}
  }
}

/** @returns the refusal as a response; 429 and 503 carry Retry-After */
export function answerError(c: Context<ApiEnv>, error: ApiError): Response {
  const { code, message, hint, status } = error
  const retry = (status === 429 || status === 503) && error.headers['retry-after'] === undefined ? { 'retry-after': '5' } : {}
  return c.json({ code, message, ...(hint === undefined ? {} : { hint }) }, status, { ...retry, ...error.headers })
}

/** For `app.onError`: whatever was thrown becomes one of our refusals; a surprise is logged, once, here. */
export function onError(log: Logger): (error: Error, c: Context<ApiEnv>) => Response {
  return (error, c) => {
    const known = toApiError(error)
    if (known.status >= 500) log.error({ err: error, requestId: c.get('requestId'), code: known.code }, 'a request failed')
    return answerError(c, known)
  }
}

export function notFound(c: Context<ApiEnv>): Response {
  return answerError(c, new ApiError('NOT_FOUND', 'There is no such path.', { hint: '/docs lists what there is' }))
}

/** Rooms below say which system is away; the API passes that on, without their causes. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException) return fromHono(error)
  if (error instanceof PonteError) return fromRoom(error)
  return new ApiError('INTERNAL_ERROR', 'Something unexpected happened.', {
    hint: 'the log has the details, under the X-Request-Id of this answer',
    cause: error,
  })
}

function fromRoom(error: PonteError): ApiError {
  const { code, message } = error
  const other = notAway[code]
  if (other) return new ApiError(other.code, message, { status: other.status, hint: error.hint, cause: error })
  const hint = error instanceof CrmUnavailable ? crmHint(error) : error.hint
  const retryAfterMs = error instanceof CrmUnavailable ? error.retryAfterMs : undefined
  const headers = retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }
  const room = code.split('.')[0] ?? ''
  if (aboutTheQuestion.has(room)) return new ApiError('INVALID_PAYLOAD', message, { hint: error.hint, cause: error })
  const away = unavailable[room]
  if (away) return new ApiError(away, message, { hint, headers, cause: error })
  return new ApiError('INTERNAL_ERROR', message, { hint, cause: error })
}

/** The room's own hint speaks of work that stays queued; a caller of the API is told what is true for it. */
function crmHint(error: CrmUnavailable): string {
  return error.inDoubt ? 'The CRM may have done it all the same: look before you send it again.' : 'Nothing was done: send it again later.'
}

/** What a room says about the question itself, not about a system that is away. */
const notAway: Readonly<Record<string, { code: ErrorCode; status: ContentfulStatusCode }>> = {
  'crm.read_refused': { code: 'CRM_REFUSED', status: 502 },
  'crm.unexpected_answer': { code: 'CRM_REFUSED', status: 502 },
  'crm.paging_stuck': { code: 'CRM_REFUSED', status: 502 },
  'queue.no_such_letter': { code: 'NOT_FOUND', status: 404 },
  'queue.letter_changed': { code: 'CONFLICT', status: 409 },
  'run.no_dry_run': { code: 'INVALID_PAYLOAD', status: 400 },
  'run.not_stopped': { code: 'CONFLICT', status: 409 },
}

/** Rooms whose errors are about what was asked, and nothing else. */
const aboutTheQuestion = new Set(['falhas', 'why'])

const unavailable: Readonly<Record<string, ErrorCode>> = {
  crm: 'CRM_UNAVAILABLE',
  erp: 'ERP_UNAVAILABLE',
  state: 'STATE_UNAVAILABLE',
  queue: 'QUEUE_UNAVAILABLE',
}

/** Hono throws these for a body that is no JSON and the like. */
function fromHono(error: HTTPException): ApiError {
  const code = (Object.keys(errorStatus) as ErrorCode[]).find((name) => errorStatus[name] === error.status)
  if (error.status >= 500 || code === undefined) return new ApiError('INTERNAL_ERROR', 'Something unexpected happened.', { cause: error })
  return new ApiError(code, error.status === 400 ? 'The body is not valid JSON.' : `HTTP ${error.status}`)
}
