/**
 * The one reader of the environment. Parsed once at start; a missing or wrong variable stops the start and is named.
 * Every secret may come from a file instead: `API_TOKEN_FILE=/run/credentials/...`.
 */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { PonteError } from '../base/error.ts'
import { type ApiSettings, apiSecrets, apiSettings, apiVariables } from './env/api.ts'
import { type BackupSettings, backupSecrets, backupSettings, backupVariables } from './env/backup.ts'
import { erpAddress, erpSecrets, erpVariables, postgresUrl } from './env/erp.ts'
import { readCrons, type ScheduleSettings, scheduleSecrets, scheduleVariables } from './env/schedule.ts'
import { readSecretFiles, type Source } from './env/secret-files.ts'
import { oneOf, whole } from './env/values.ts'
import { type WatchSettings, watchSecrets, watchSettings, watchVariables } from './env/watch.ts'

/** Dates are compared as text: the ERP drivers and Node must agree on one zone. */
process.env.TZ = 'UTC'

const secrets = ['STATE_DATABASE_URL', 'API_TOKEN', ...erpSecrets, ...apiSecrets, ...scheduleSecrets, ...watchSecrets] as const

const schema = z.object({
  ...erpVariables,
  STATE_DATABASE_URL: postgresUrl.optional(),
  API_URL: z
    .string()
    .refine(isCrmAddress, 'must be an http or https URL without user, query or fragment, such as https://api.exactspotter.com/v3/')
    .optional(),
  API_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'holds blanks, line breaks or characters that no HTTP header can carry')
    .optional(),
  QUEUE_ROOT: z.string().default('./data/queue'),
  STATE_DIR: z.string().default('./data/state'),
  COUNTRY_NAME: z.string().default('Brasil'),
  CRM_RATE_LIMIT: whole(0).default(30),
  CRM_RATE_WINDOW_MS: whole(1).default(20_000),
  CRM_CONCURRENCY: whole(1, 64).default(8),
  CRM_TIMEOUT_MS: whole(1).default(30_000),
  CRM_SETTLE_MS: whole(0).default(5_000),
  CRM_BACKOFF_MS: whole(1).default(1_000),
  LEADS_PER_RUN: whole(0).default(0),
  KEEP_DAYS: whole(1).default(30),
  SHADOW: oneOf(['true', 'false']).default('false'),
  CHANGED_LIMIT_PERCENT: whole(1, 100).default(30),
  DISCARD_LIMIT_PERCENT: whole(0, 100).default(20),
  FULL_SYNC_MIN_PERCENT: whole(0, 100).default(50),
  ENGINE_MEMORY: z
    .string()
    .regex(/^\d+(\.\d+)?\s*(KB|MB|GB|TB|%)$/i, 'must be a size such as 4GB or 60%')
    .default('4GB'),
  ENGINE_THREADS: whole(1, 256).optional(),
  ENGINE_READERS: whole(1, 64).optional(),
  LOG_FILE: z.string().optional(),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  PRODUCT_ID: whole(1).default(10_001),
  SALES_EMAIL_FALLBACK: z.email('must be an e-mail address').optional(),
  ...apiVariables,
  ...backupVariables,
  ...scheduleVariables,
  ...watchVariables,
})

export interface Settings {
  /** Its scheme is the dialect: postgres://, mysql:// or oracle://. null: the embedded demo ERP. */
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
    /** How long an effect whose answer was lost may still be under way, milliseconds. */
    readonly settleMs: number
    readonly backoffMs: number
  }
  readonly queueRoot: string
  readonly stateDir: string
  readonly countryName: string
  /** 0 = all, the default: a limit only delays what the quota lets through anyway. */
  readonly leadsPerRun: number
  /** Days that delivered letters stay in processados. */
  readonly keepDays: number
  /** Compare and report; queue, deliver and apply nothing (deploy/CUTOVER.md). */
  readonly shadow: boolean
  readonly guards: {
    /** More records than this that begin to differ at once stop the compare. */
    readonly changedLimitPercent: number
    /** More of the mirror than this is never removed by one compare. */
    readonly discardLimitPercent: number
    /** A full sync that found less than this part of the old mirror swaps nothing. */
    readonly fullSyncMinPercent: number
  }
  readonly engine: { readonly memory: string; readonly threads: number | undefined; readonly readers: number | undefined }
  /** null: standard error. */
  readonly logFile: string | null
  readonly logLevel: z.infer<typeof schema>['LOG_LEVEL']
  /** The product that stands for budgets and orders. */
  readonly productId: number
  /** Who a sale is credited to when the ERP names nobody; null: such a sale is not sent. */
  readonly salesEmailFallback: string | null
  readonly api: ApiSettings
  readonly backup: BackupSettings
  readonly schedule: ScheduleSettings
  readonly watch: WatchSettings
}

/**
 * @param source usually process.env
 * @throws PonteError `config.invalid`, exit code 2, naming every variable that is wrong (never its value)
 */
export function readSettings(source: Source = process.env): Settings {
  // An empty variable is an unset one, as compose files and systemd units write them.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const { values, problems } = readSecretFiles(given, [...secrets, ...backupSecrets])
  const parsed = schema.safeParse(values)
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
  const schedules = readCrons(values)
  problems.push(...schedules.problems)
  if (!parsed.success || problems.length > 0) throw invalid(problems)
  const env = parsed.data
  const erp = erpAddress(env)
  if (erp.problems.length > 0) throw invalid(erp.problems)
  return {
    erpUrl: erp.url,
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
    keepDays: env.KEEP_DAYS,
    shadow: env.SHADOW === 'true',
    guards: {
      changedLimitPercent: env.CHANGED_LIMIT_PERCENT,
      discardLimitPercent: env.DISCARD_LIMIT_PERCENT,
      fullSyncMinPercent: env.FULL_SYNC_MIN_PERCENT,
    },
    engine: { memory: env.ENGINE_MEMORY, threads: env.ENGINE_THREADS, readers: env.ENGINE_READERS },
    logFile: env.LOG_FILE === '-' ? null : resolve(env.LOG_FILE ?? join(env.STATE_DIR, 'ponte.log')),
    logLevel: env.LOG_LEVEL,
    productId: env.PRODUCT_ID,
    salesEmailFallback: env.SALES_EMAIL_FALLBACK ?? null,
    api: apiSettings(env),
    backup: backupSettings(env),
    schedule: { redisUrl: env.REDIS_URL ?? null, zone: env.SCHEDULE_ZONE, crons: schedules.crons, retryMs: env.JOB_RETRY_MS },
    watch: watchSettings(env, env.SCHEDULE_ZONE),
  }
}

/** The CRM's address and token, for commands that cannot work without them. */
export function needCrm(settings: Settings): { url: string; token: string } {
  if (settings.crm) return settings.crm
  throw invalid(["API_URL is missing (the CRM's address, such as https://api.exactspotter.com/v3/)", 'API_TOKEN is missing'])
}

type Env = z.infer<typeof schema>

function crm(env: Env): Settings['crm'] {
  if (env.API_URL && env.API_TOKEN) return { url: env.API_URL.endsWith('/') ? env.API_URL : `${env.API_URL}/`, token: env.API_TOKEN }
  if (env.API_URL) throw invalid(['API_TOKEN is missing, but API_URL is set'])
  if (env.API_TOKEN) throw invalid(['API_URL is missing, but API_TOKEN is set'])
  return null
}

/** The same rule as the client's; asked here so that a wrong address is named before anything starts. */
function isCrmAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash
}

/** Sentences, not `NAME: text`: what follows a colon after such names is hidden as a secret in logs and reports. */
function invalid(problems: readonly string[]): PonteError {
  return new PonteError('config.invalid', `The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
    hint: 'Correct the variables named above; deploy/.env.example lists them all.',
    exitCode: 2,
  })
}
