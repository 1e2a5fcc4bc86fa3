/** What callers send, checked before anything behind the API sees it: text that no database can hold is the caller's fault, and not a database that is away. */
import type { Hook } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { BodyData } from 'hono/utils/body'
import { ApiError, answerError } from './errors.ts'
import type { ApiEnv } from './types.ts'

/** Whether a text anywhere in a value holds a NUL, which no database of ours can store or compare. */
export function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, inner]) => name.includes('\0') || holdsNul(inner))
}

/** Refuses a path or a query that is no UTF-8 when its escapes are read, or that holds a NUL. @throws ApiError INVALID_PAYLOAD */
export function checkAddress() {
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.url.includes('%') && !isText(c.req.url)) throw new ApiError('INVALID_PAYLOAD', 'The address holds what is no text.')
    await next()
  })
}

function isText(escaped: string): boolean {
  try {
    return !holdsNul(decodeURIComponent(escaped))
  } catch {
    return false
  }
}

/** For `new OpenAPIHono({ defaultHook })`: what does not fit its schema is answered with the field's name, never with its value. */
export const onInvalid: Hook<unknown, ApiEnv, string, unknown> = (result, c) => {
  if (!result.success) {
    const issue = result.error.issues[0]
    const field = issue?.path.map(String).join('.').slice(0, 200)
    const where = field ? `${result.target} field ${field}` : `the ${result.target}`
    return answerError(c, new ApiError('INVALID_PAYLOAD', `${where}: ${issue?.message ?? 'does not fit'}`))
  }
  return holdsNul(result.data) ? answerError(c, new ApiError('INVALID_PAYLOAD', `the ${result.target} holds the character NUL`)) : undefined
}

/**
 * The fields of a form. May be asked for again; a body of another type has none.
 * @param all a field that is sent several times is a list
 * @throws ApiError INVALID_PAYLOAD: it cannot be read, or holds a NUL
 */
export async function formOf(c: Context<ApiEnv>, { all = false } = {}): Promise<BodyData<{ all: true }>> {
  const form = await c.req.parseBody({ all }).catch((cause) => {
    throw new ApiError('INVALID_PAYLOAD', 'The form cannot be read.', { cause })
  })
  if (holdsNul(form)) throw new ApiError('INVALID_PAYLOAD', 'The form holds the character NUL.')
  return form
}
