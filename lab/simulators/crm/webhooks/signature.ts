import { createHmac, randomBytes } from 'node:crypto'

/** What a signature covers (Standard Webhooks 1.0.0). */
export interface Signed {
  /** The same over all attempts: the receiver's idempotency key. */
  readonly id: string
  /** Unix seconds of the attempt. */
  readonly timestamp: number
  readonly body: string
}

/** The three headers of Standard Webhooks 1.0.0, with one `v1` signature per secret, so that secrets can be rotated. */
export function signatureHeaders({ id, timestamp, body }: Signed, secrets: readonly string[]): Record<string, string> {
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', secretKey(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  )
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}

/** The bytes of a secret: base64, with or without `whsec_` before it. */
export function secretKey(secret: string): Buffer {
  return Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
}

/** A secret that no receiver knows. */
export function strangersSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}
