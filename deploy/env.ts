/**
 * The one reader of the environment. Parsed once at start; a missing or wrong variable stops the start and is named.
 * Names are architecture 10. Every secret may come from a file instead: `API_TOKEN_FILE=/run/credentials/...`.
 */
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { PonteError } from '../base/error.ts'

/** Dates are compared as text: the ERP drivers and Node must agree on one zone (architecture 8). */
process.env.TZ = 'UTC'

const secrets = ['DB_PASSWD', 'DATABASE_URL', 'STATE_DATABASE_URL', 'API_TOKEN'] as const

const port = z.coerce.number().int().min(1).max(65_535)
const positive = z.coerce.number().int().positive()
const duration = z.coerce.number().int().nonnegative()

const schema = z.object({
  ERP_DIALECT: z.enum(['postgres', 'mysql', 'oracle']).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DB_USER: z.string().optional(),
  DB_PASSWD: z.string().optional(),
  DB_HOST: z.string().optional(),
  DB_PORT: port.optional(),
  DB_SERVICE_NAME: z.string().optional(),
  STATE_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  API_URL: z.url({ protocol: /^https?$/ }).optional(),
  API_TOKEN: z.string().min(1).optional(),
  QUEUE_ROOT: z.string().default('./data/queue'),
  STATE_DIR: z.string().default('./data/state'),
  COUNTRY_NAME: z.string().default('Brasil'),
  CRM_RATE_LIMIT: z.coerce.number().int().nonnegative().default(30),
  CRM_RATE_WINDOW_MS: positive.default(20_000),
  CRM_CONCURRENCY: positive.max(64).default(8),
  CRM_TIMEOUT_MS: positive.default(30_000),
  CRM_SETTLE_MS: duration.default(5_000),
  CRM_BACKOFF_MS: positive.default(1_000),
  LEADS_PER_RUN: duration.default(0),
  ENGINE_MEMORY: z
    .string()
    .regex(/^\d+(\.\d+)?\s*(KB|MB|GB|TB|%)$/i, 'a size such as 4GB or 60%')
    .default('4GB'),
  ENGINE_THREADS: positive.max(256).optional(),
  ENGINE_READERS: positive.max(64).optional(),
  LOG_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export interface Settings {
  /** null: the embedded demo ERP. */
  readonly erpUrl: string | null
  /** null: the embedded database. */
  readonly stateUrl: string | null
  readonly crm: { readonly url: string; readonly token: string } | null
  readonly crmLimits: {
    /** Requests per window; 0 = no limit of our own. */
    readonly limit: number
    readonly windowMs: number
    readonly concurrency: number
    readonly timeoutMs: number
    /** How long an effect whose answer was lost may still be under way, milliseconds (architecture 6). */
    readonly settleMs: number
    readonly backoffMs: number
  }
  readonly queueRoot: string
  readonly stateDir: string
  readonly countryName: string
  /** 0 = all (architecture 6: off by default). */
  readonly leadsPerRun: number
  readonly engine: { readonly memory: string; readonly threads: number | undefined; readonly readers: number | undefined }
  /** null: standard error. */
  readonly logFile: string | null
  readonly logLevel: z.infer<typeof schema>['LOG_LEVEL']
}

/**
 * @param source usually process.env
 * @throws PonteError `config.invalid`, exit code 2, naming every variable that is wrong (never its value)
 */
export function readSettings(source: Readonly<Record<string, string | undefined>> = process.env): Settings {
  const parsed = schema.safeParse(withSecretFiles(source))
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw invalid(wrong)
  }
  const env = parsed.data
  return {
    erpUrl: erpUrl(env),
    stateUrl: env.STATE_DATABASE_URL ?? null,
    crm: crm(env),
    crmLimits: {
      limit: env.CRM_RATE_LIMIT,
      windowMs: env.CRM_RATE_WINDOW_MS,
      concurrency: env.CRM_CONCURRENCY,
      timeoutMs: env.CRM_TIMEOUT_MS,
      settleMs: env.CRM_SETTLE_MS,
      backoffMs: env.CRM_BACKOFF_MS,
    },
    queueRoot: resolve(env.QUEUE_ROOT),
    stateDir: resolve(env.STATE_DIR),
    countryName: env.COUNTRY_NAME,
    leadsPerRun: env.LEADS_PER_RUN,
    engine: { memory: env.ENGINE_MEMORY, threads: env.ENGINE_THREADS, readers: env.ENGINE_READERS },
    logFile: env.LOG_FILE === '-' ? null : resolve(env.LOG_FILE ?? join(env.STATE_DIR, 'ponte.log')),
    logLevel: env.LOG_LEVEL,
  }
}

/** The CRM's address and token, for commands that cannot work without them. */
export function needCrm(settings: Settings): { url: string; token: string } {
  if (settings.crm) return settings.crm
  throw invalid(["API_URL: missing (the CRM's address, such as https://api.exactspotter.com/v3/)", 'API_TOKEN: missing'])
}

type Env = z.infer<typeof schema>

function crm(env: Env): Settings['crm'] {
  if (env.API_URL && env.API_TOKEN) return { url: env.API_URL.endsWith('/') ? env.API_URL : `${env.API_URL}/`, token: env.API_TOKEN }
  if (env.API_URL) throw invalid(['API_TOKEN: missing, but API_URL is set'])
  if (env.API_TOKEN) throw invalid(['API_URL: missing, but API_TOKEN is set'])
  return null
}

function erpUrl(env: Env): string | null {
  if (env.ERP_DIALECT === 'mysql' || env.ERP_DIALECT === 'oracle')
    throw invalid([`ERP_DIALECT: ${env.ERP_DIALECT} is not supported by this version, only postgres (unset: the embedded demo ERP)`])
  if (env.DATABASE_URL) return env.DATABASE_URL
  const given = (['DB_USER', 'DB_PASSWD', 'DB_HOST', 'DB_SERVICE_NAME'] as const).filter((name) => env[name] !== undefined)
  if (!env.ERP_DIALECT && given.length === 0) return null
  const missing = (['DB_USER', 'DB_PASSWD', 'DB_HOST', 'DB_SERVICE_NAME'] as const).filter((name) => env[name] === undefined)
  if (missing.length > 0)
    throw invalid(missing.map((name) => `${name}: missing (the ERP's ${name === 'DB_SERVICE_NAME' ? 'database name' : 'connection'})`))
  const url = new URL('postgres://host')
  url.hostname = env.DB_HOST!
  url.port = String(env.DB_PORT ?? 5432)
  url.username = encodeURIComponent(env.DB_USER!)
  url.password = encodeURIComponent(env.DB_PASSWD!)
  url.pathname = `/${encodeURIComponent(env.DB_SERVICE_NAME!)}`
  return url.href
}

/** Replaces `X_FILE` by the content of the file it names. A file that others can read is refused (mission D-54). */
function withSecretFiles(source: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  // An empty variable is an unset one, as compose files and systemd units write them.
  const env: Record<string, string | undefined> = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  for (const name of secrets) {
    const file = env[`${name}_FILE`]
    if (!file) continue
    if (env[name] !== undefined) throw invalid([`${name}: set twice, also as ${name}_FILE`])
    let mode: number
    try {
      env[name] = readFileSync(file, 'utf8').trim()
      mode = statSync(file).mode
    } catch (cause) {
      throw invalid([`${name}_FILE: cannot be read (${(cause as NodeJS.ErrnoException).code})`])
    }
    if (mode & 0o007) throw invalid([`${name}_FILE: readable by others; run chmod 600 on it`])
  }
  return env
}

function invalid(problems: readonly string[]): PonteError {
  return new PonteError('config.invalid', `The configuration is wrong:\n  ${problems.join('\n  ')}`, {
    hint: 'Correct the variables named above; deploy/.env.example lists them all.',
    exitCode: 2,
  })
}
