import { z } from 'zod'
import type { WebhookType } from './event.ts'
import { webhookFaultsSchema } from './faults.ts'
import { secretKey } from './signature.ts'

const address = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address', abort: true })
  .refine(isPlain, 'no query, fragment or password')
const header = z.string().regex(/^[\x21-\x7e]+$/)
const path = z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/)
const secret = z
  .string()
  .regex(/^(whsec_)?[A-Za-z0-9+/]+={0,2}$/, 'must be base64, with or without whsec_ before it')
  .refine((text) => secretKey(text).length >= 24 && secretKey(text).length <= 64, 'must hold 24 to 64 bytes (Standard Webhooks)')

/** Where webhooks go and how. Read anew for every attempt, except what makes up the body. */
export const webhookSettingsSchema = z
  .strictObject({
    /** Of the receiver: the paths are put behind it. */
    baseUrl: address,
    /** Sent as `authorization: Bearer <token>`. */
    token: header.optional(),
    /** Sign as Standard Webhooks 1.0.0 does, once per secret; without one there are no `webhook-` headers. */
    secret: secret.optional(),
    secrets: z.array(secret).default([]),
    /** For receivers that know a caller by its address: `<baseUrl>/in/<pathSecret>/<path>`. */
    pathSecret: z
      .string()
      .regex(/^[\w-]+$/)
      .optional(),
    /** By type. */
    paths: z
      .strictObject({
        updated: path.default('atualizalead'),
        converted: path.default('convertedlead'),
        discarded: path.default('leaddescartada'),
      })
      .prefault({}),
    /** What a lead has no value for: left out, or sent as null. */
    nulls: z.enum(['omit', 'send']).default('omit'),
    /** POSTs per copy, then it is given up. */
    attempts: z.int().min(1).max(100).default(6),
    /** First pause between attempts; each further one is twice as long, up to `maxMs`. `Retry-After` may only lengthen it. */
    baseMs: z.int().min(0).max(60_000).default(250),
    maxMs: z.int().min(0).max(3_600_000).default(30_000),
    timeoutMs: z.int().min(1).max(600_000).default(15_000),
    /** Attempts at a time, over all leads. */
    concurrency: z.int().min(1).max(256).default(8),
    discardedStage: z.string().default('Descartado'),
    integratedFrom: z.string().default('Desenvolvimento/Orçamento'),
    faults: webhookFaultsSchema.prefault({}),
  })
  .transform(({ secret: single, secrets, ...rest }) => ({ ...rest, secrets: single === undefined ? secrets : [single, ...secrets] }))
  .refine(({ secrets, faults }) => secrets.length > 0 || !(faults.wrongSecret || faults.clockSkewS), {
    path: ['faults'],
    error: 'wrongSecret and clockSkewS need a secret to sign with',
  })
export type WebhookSettings = z.output<typeof webhookSettingsSchema>
export type WebhooksInput = Omit<z.input<typeof webhookSettingsSchema>, 'faults'> & {
  readonly faults?: {
    readonly [Name in keyof WebhookSettings['faults']]?: number | (Partial<NonNullable<WebhookSettings['faults'][Name]>> & object)
  }
}

/** Where webhooks of this type are posted. */
export function webhookUrl({ baseUrl, pathSecret, paths }: WebhookSettings, type: WebhookType): string {
  const prefix = pathSecret === undefined ? '' : `/in/${pathSecret}`
  return `${baseUrl.replace(/\/+$/, '')}${prefix}/${paths[type]}`
}

function isPlain(address: string): boolean {
  const { search, hash, username, password } = new URL(address)
  return `${search}${hash}${username}${password}` === ''
}
