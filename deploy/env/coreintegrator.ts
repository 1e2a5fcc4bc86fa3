/** CoreIntegrator's own settings. Read once at start; what is wrong is named, never its value. */
import { Cron } from 'croner'
import { z } from 'zod'
import { PonteError } from '../../base/error.ts'
import { readSecretFiles, type Source } from './secret-files.ts'
import { oneOf, whole } from './values.ts'

const schema = z.object({
  DB_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an IP address, without port')
    .optional(),
  DB_PORT: whole(1, 65_535).default(3_306),
  DB_USER: z.string().default('integration'),
  DB_PASSWORD: z.string().default(''),
  DB_NAME: z
    .string()
    .regex(/^\w{1,64}$/, 'must be letters, digits and _, 64 at most')
    .default('erp_db'),
  DB_WAIT_SECONDS: whole(0, 86_400).default(300),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an IP address')
    .default('127.0.0.1'),
  PORT: whole(0, 65_535).default(3_000),
  CRM_URL: z
    .string()
    .refine(isHttp, 'must be an http or https URL without user or fragment, such as http://127.0.0.1:3001/customers')
    .optional(),
  CRM_TIMEOUT_MS: whole(1, 600_000).default(5_000),
  BATCH_SIZE: whole(1, 50).default(2),
  MAX_ATTEMPTS: whole(1, 10).default(3),
  RETRY_BASE_MS: whole(0, 60_000).default(500),
  MAX_CYCLES: whole(1).default(10),
  SYNC_LOCK_WAIT_MS: whole(0, 600_000).default(30_000),
  SYNC_CRON: z.string().refine(isCron, 'must be a cron pattern such as * * * * *').default('* * * * *'),
  FAILURE_RATE: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be from 0 to 1')
    .transform(Number)
    .default(0.2),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export interface CoreIntegratorSettings {
  /** null: DB_HOST is not set. `npm run coreintegrator` then starts a server of its own. */
  readonly database: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
    readonly name: string
  } | null
  readonly databaseWaitMs: number
  readonly host: string
  readonly port: number
  /** Where customers are posted to; null: CRM_URL is not set. */
  readonly crmUrl: string | null
  readonly crmTimeoutMs: number
  readonly batchSize: number
  readonly attempts: number
  readonly retryBaseMs: number
  readonly maxCycles: number
  readonly lockWaitMs: number
  readonly cron: string
  /** Of the simulated CRM (0.2 in the demonstration). */
  readonly failureRate: number
  readonly logLevel: z.infer<typeof schema>['LOG_LEVEL']
  /** Always standard error: containers and units keep it. */
  readonly logFile: null
}

/** @throws PonteError `config.invalid`, exit code 2, naming every variable that is wrong */
export function readCoreIntegratorSettings(source: Source = process.env): CoreIntegratorSettings {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const { values, problems } = readSecretFiles(given, ['DB_PASSWORD'])
  const parsed = schema.safeParse(values)
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
  if (!parsed.success || problems.length > 0) throw invalid(problems)
  const env = parsed.data
  return {
    database:
      env.DB_HOST === undefined
        ? null
        : { host: env.DB_HOST, port: env.DB_PORT, user: env.DB_USER, password: env.DB_PASSWORD, name: env.DB_NAME },
    databaseWaitMs: env.DB_WAIT_SECONDS * 1_000,
    host: env.HOST,
    port: env.PORT,
    crmUrl: env.CRM_URL ?? null,
    crmTimeoutMs: env.CRM_TIMEOUT_MS,
    batchSize: env.BATCH_SIZE,
    attempts: env.MAX_ATTEMPTS,
    retryBaseMs: env.RETRY_BASE_MS,
    maxCycles: env.MAX_CYCLES,
    lockWaitMs: env.SYNC_LOCK_WAIT_MS,
    cron: env.SYNC_CRON,
    failureRate: env.FAILURE_RATE,
    logLevel: env.LOG_LEVEL,
    logFile: null,
  }
}

/** For the service, which cannot do without either. @throws PonteError `config.invalid` */
export function needAddresses(settings: CoreIntegratorSettings): {
  database: NonNullable<CoreIntegratorSettings['database']>
  crmUrl: string
} {
  const { database, crmUrl } = settings
  if (database !== null && crmUrl !== null) return { database, crmUrl }
  throw invalid([
    ...(database === null ? ['DB_HOST is missing (the MySQL server)'] : []),
    ...(crmUrl === null ? ['CRM_URL is missing (where customers are posted to)'] : []),
  ])
}

function isCron(text: string): boolean {
  try {
    new Cron(text, { paused: true }).stop()
    return true
  } catch {
    return false
  }
}

function isHttp(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.hash
}

function invalid(problems: readonly string[]): PonteError {
  return new PonteError('config.invalid', `The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
    hint: 'Correct the variables named above; deploy/coreintegrator/README.md lists them all.',
    exitCode: 2,
  })
}
