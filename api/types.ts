/** What travels with a request inside the API. */
import type { HttpBindings } from '@hono/node-server'
import type { Scope } from './deps.ts'

/** Who speaks: the name and scope of a token, or of the path secret (`path secret`, scope webhook). */
export interface Caller {
  readonly name: string
  readonly scope: Scope
}

export interface ApiEnv {
  /** Absent when a test calls `app.request()`. */
  Bindings: Partial<HttpBindings>
  Variables: {
    /** Sent back as X-Request-Id and part of every log line of the request. */
    requestId: string
    /** null: no credentials, or unknown ones. */
    caller: Caller | null
  }
}
