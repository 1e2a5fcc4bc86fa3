/** One webhook from its bytes to its durable letter. What is refused before the letter writes nothing. */

import { hash as digest } from 'node:crypto'
import type { Context } from 'hono'
import { kindOf } from '../../records/kinds.ts'
import type { ApiDeps } from '../deps.ts'
import { createBodyReader } from '../http/body.ts'
import { ApiError } from '../http/errors.ts'
import { quickJson } from '../http/observe.ts'
import type { ApiEnv } from '../http/types.ts'
import type { WebhookEvent } from './events.ts'
import { readPayload } from './payload.ts'
import { createRepeats } from './repeats.ts'
import { createVerifier, webhookId } from './signature.ts'

/** Events that are being written at one time; beyond, the sender is asked to come back. */
const ROOM = 1_000

/** @returns the handler's work for one event; its caller is known already */
export function createIntake(deps: ApiDeps): (c: Context<ApiEnv>, event: WebhookEvent) => Promise<Response> {
  const readBody = createBodyReader()
  const verify = createVerifier(deps.settings.webhookSecrets)
  const repeats = createRepeats(deps.state, deps.log)
  let inside = 0

  return async (c, event) => {
    const header = (name: string) => c.req.header(name)
    const id = webhookId(header)
    const body = await readBody(c)
    verify(header, body)
    const { lane, job } = kindOf(event.prefix)!
    const { text, lead } = readPayload(event, body, header('content-type'))
    if (inside >= ROOM) throw new ApiError('BUSY', 'Too many events at this moment.', { hint: 'send it again later: it was not accepted' })
    inside += 1
    try {
      const hash = digest('sha256', body)
      // An event that names no lead is its own subject: only the very same body repeats it.
      const subject = lead === null ? hash : String(lead.id)
      await repeats.once({ type: event.prefix, id, subject, hash }, async (wanted) => {
        const letter = await deps.lanes[lane].enqueueIf(wanted, event.prefix, lead?.company ?? 'timeline', text)
        if (letter !== null && job !== null) deps.wake(job)
        return letter
      })
    } finally {
      inside -= 1
    }
    return quickJson(c, JSON.stringify(event.answer))
  }
}
