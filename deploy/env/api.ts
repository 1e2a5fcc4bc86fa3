/** Settings of the HTTP API. Tokens and path secrets leave here as hashes only. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isNetwork, isWebhookSecret, list, oneOf, whole } from './values.ts'

/** Those that may come from a file. */
export const apiSecrets = ['PONTE_TOKENS', 'WEBHOOK_SECRETS', 'WEBHOOK_PATH_SECRETS'] as const

const scopes = ['webhook', 'read', 'operate'] as const

export interface ApiSettings {
  readonly host: string
  readonly port: number
  /** Where the pages are; null: where the API is. */
  readonly uiPort: number | null
  /** How long a login lasts, milliseconds. */
  readonly session: { readonly idleMs: number; readonly maxMs: number }
  readonly tokens: readonly { readonly name: string; readonly scope: (typeof scopes)[number]; readonly sha256: string }[]
  readonly webhookSecrets: readonly string[]
  /** SHA-256, hex. */
  readonly webhookPathSecrets: readonly string[]
  readonly webhookAddresses: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly requestsPerMinute: number
  readonly legacyDuplicateCodes: boolean
  readonly qualification: readonly { readonly questionId: number; readonly answerId: number }[]
  readonly qualificationPauseMs: number
}

const token = /^([A-Za-z0-9][A-Za-z0-9._-]{0,59}):(webhook|read|operate):([\x21-\x2b\x2d-\x7e]{24,})$/

export const apiVariables = {
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an IP address')
    .default('127.0.0.1'),
  PORT: whole(0, 65_535).default(5_000),
  UI_PORT: whole(0, 65_535).optional(),
  SESSION_IDLE_MINUTES: whole(1, 10_080).default(60),
  SESSION_MAX_HOURS: whole(1, 720).default(12),
  PONTE_TOKENS: list(
    (text) => token.test(text),
    'must be name:scope:token, comma separated: scope webhook, read or operate, a token of 24 visible characters or more (openssl rand -base64 32)',
  ).refine((parts) => new Set(parts.map((part) => part.split(':')[0])).size === parts.length, 'gives two tokens the same name'),
  WEBHOOK_SECRETS: list(isWebhookSecret, 'must be whsec_ and 24 to 64 bytes in base64, comma separated (Standard Webhooks)'),
  WEBHOOK_PATH_SECRETS: list(
    (text) => /^[A-Za-z0-9_-]{24,200}$/.test(text),
    'must be 24 letters, digits, - and _ or more each, comma separated (openssl rand -hex 24)',
  ),
  WEBHOOK_ADDRESSES: list(isNetwork, 'must be IP addresses or networks such as 203.0.113.0/24, comma separated'),
  TRUSTED_PROXIES: list(isNetwork, 'must be IP addresses or networks such as 10.0.0.0/8, comma separated'),
  API_REQUESTS_PER_MINUTE: whole(0).default(6_000),
  LEGACY_DUPLICATE_CODES: oneOf(['true', 'false']).default('false'),
  QUALIFICATION: list((text) => /^\d{1,15}:\d{1,15}$/.test(text), 'must be question:answer ids, comma separated'),
  QUALIFICATION_PAUSE_MS: whole(0, 600_000).default(10_000),
}

type ApiEnv = z.infer<z.ZodObject<typeof apiVariables>>

/** Placeholders that the old API answered with and its clients expect. */
const placeholders = ['100001:200001', '100002:200002', '100003:200003']

export function apiSettings(env: ApiEnv): ApiSettings {
  return {
    host: env.HOST,
    port: env.PORT,
    uiPort: env.UI_PORT === undefined || (env.UI_PORT === env.PORT && env.PORT !== 0) ? null : env.UI_PORT,
    session: { idleMs: env.SESSION_IDLE_MINUTES * 60_000, maxMs: env.SESSION_MAX_HOURS * 3_600_000 },
    tokens: env.PONTE_TOKENS.map((text) => {
      const [, name, scope, secret] = token.exec(text)!
      return { name: name!, scope: scope as (typeof scopes)[number], sha256: sha256(secret!) }
    }),
    webhookSecrets: env.WEBHOOK_SECRETS,
    webhookPathSecrets: env.WEBHOOK_PATH_SECRETS.map(sha256),
    webhookAddresses: env.WEBHOOK_ADDRESSES,
    trustedProxies: env.TRUSTED_PROXIES,
    requestsPerMinute: env.API_REQUESTS_PER_MINUTE,
    legacyDuplicateCodes: env.LEGACY_DUPLICATE_CODES === 'true',
    qualification: (env.QUALIFICATION.length > 0 ? env.QUALIFICATION : placeholders).map((pair) => {
      const [questionId, answerId] = pair.split(':').map(Number)
      return { questionId: questionId!, answerId: answerId! }
    }),
    qualificationPauseMs: env.QUALIFICATION_PAUSE_MS,
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
