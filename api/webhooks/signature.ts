/**
 * Standard Webhooks 1.0.0: `webhook-signature` holds HMAC-SHA256 of `id.timestamp.body`, one `v1,<base64>` per secret.
 * Own code on node:crypto, because the official package costs ten times as much; it is the oracle of the tests.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { unauthorized } from '../http/auth.ts'
import { ApiError } from '../http/errors.ts'

const TOLERANCE_SECONDS = 300
/** The text that is signed is divided by dots, so an id has none. */
const idPattern = /^[\x21-\x2d\x2f-\x7e]{1,200}$/

type Header = (name: string) => string | undefined

/** @returns the sender's id of the message, null when it gives none. @throws ApiError INVALID_PAYLOAD for one that cannot be one */
export function webhookId(header: Header): string | null {
  const id = header('webhook-id')
  if (id === undefined) return null
  if (!idPattern.test(id))
    throw new ApiError('INVALID_PAYLOAD', 'webhook-id must be 1 to 200 visible characters without a dot.', {
      hint: 'see the Standard Webhooks specification',
    })
  return id
}

/**
 * @param secrets `whsec_...`, any of which may have signed; none: nothing is checked
 * @param now epoch milliseconds
 * @returns a check that throws ApiError UNAUTHORIZED, without saying what the right signature is
 */
export function createVerifier(secrets: readonly string[], now: () => number = Date.now): (header: Header, body: Buffer) => void {
  const keys = secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
  if (keys.length === 0) return () => {}
  return (header, body) => {
    const id = webhookId(header)
    const timestamp = header('webhook-timestamp')
    const signatures = header('webhook-signature')
    if (id === null || timestamp === undefined || signatures === undefined)
      throw unauthorized('The webhook must be signed: webhook-id, webhook-timestamp and webhook-signature.')
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
      throw unauthorized('webhook-timestamp is more than five minutes away from now.')
    const given = signatures.split(' ').flatMap((entry) => (entry.startsWith('v1,') ? [Buffer.from(entry.slice(3))] : []))
    const expected = keys.map((key) => Buffer.from(createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')))
    if (!expected.some((right) => given.some((one) => one.length === right.length && timingSafeEqual(one, right))))
      throw unauthorized('webhook-signature does not fit the body.')
  }
}
