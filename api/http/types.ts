/** What travels with a request inside the API. */
import type { HttpBindings } from '@hono/node-server'
import type { Role } from '../../connectors/state/people/users.ts'
import type { Scope } from '../deps.ts'

/** Who speaks: the name and scope of a token, or of the path secret (`path secret`, scope webhook). */
export interface Caller {
  readonly name: string
  readonly scope: Scope
}

/** Who is logged in to the pages. */
export interface Person {
  readonly name: string
  readonly role: Role
  /** SHA-256 of the session's cookie, hex. */
  readonly session: string
  /** What every form of this session sends back. */
  readonly csrf: string
}

export interface ApiEnv {
  /** Absent when a test calls `app.request()`. */
  Bindings: Partial<HttpBindings>
  Variables: {
    /** Sent back as X-Request-Id and part of every log line of the request. */
    requestId: string
    /** null: no credentials, or unknown ones. */
    caller: Caller | null
    /** The answer has the headers of all answers already. */
    headed?: boolean
    /** Set by the pages' guard. A session opens no route of the API: no foreign page can make a browser use it there. */
    person?: Person
  }
}
