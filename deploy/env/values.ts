/** Kinds of values that settings share. Messages never repeat what was written: it may be a misplaced secret. */
import { isIP } from 'node:net'
import { z } from 'zod'

/** A decimal whole number, both ends included. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`
  const message = `must be a whole number, ${range}`
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, `must be one of ${values.join(', ')}`)
}

/** Comma separated, blanks around ignored; each part must match. */
export function list(part: (text: string) => boolean, message: string) {
  return z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((piece) => piece.trim())
        .filter((piece) => piece !== ''),
    )
    .refine((parts) => parts.every(part), message)
    .refine((parts) => new Set(parts).size === parts.length, 'names the same twice')
}

/** `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks). */
export function isWebhookSecret(text: string): boolean {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  if (base64 === undefined) return false
  const bytes = Buffer.from(base64, 'base64').length
  return bytes >= 24 && bytes <= 64
}

/** An address, or a network such as 10.0.0.0/8. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const kind = isIP(address)
  if (kind === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128))
}
