/** What travels with a request inside the API. */
import type { Scope } from './deps.ts'

/** Who speaks: the name and scope of the token, or of the path secret (`path`, scope webhook). */
export interface Caller {
  readonly name: string
  readonly scope: Scope
}

export interface ApiEnv {
  Variables: {
    /** Sent back as X-Request-Id and part of every log line of the request. */
    requestId: string
    /** null: no credentials, or unknown ones. */
    caller: Caller | null
  }
}
