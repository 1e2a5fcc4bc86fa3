/** Settings of the schedules: cron expressions and their time zone, each checked at start. */
import { Cron } from 'croner'
import { z } from 'zod'
import type { Source } from './secret-files.ts'
import { whole } from './values.ts'

/** May come from a file: it can hold a password. */
export const scheduleSecrets = ['REDIS_URL'] as const

export interface ScheduleSettings {
  /** null: the queue of ticks lives in the state database. */
  readonly redisUrl: string | null
  /** IANA name. */
  readonly zone: string
  /** By job name as written in the variable, lower case: a cron expression, or null for `off`. Jobs that are not here keep their default. */
  readonly crons: Readonly<Record<string, string | null>>
  /** Pause before the first retry of a failed run, milliseconds; doubled each time. */
  readonly retryMs: number
}

const PREFIX = 'SCHEDULE_'
const ZONE = 'SCHEDULE_ZONE'

export const scheduleVariables = {
  REDIS_URL: z
    .string()
    .refine(
      (text) => URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol),
      'must be a URL such as redis://user:password@host:6379/0, or rediss:// for TLS',
    )
    .optional(),
  [ZONE]: z.string().refine(isZone, 'must be a time zone such as America/Sao_Paulo').default('America/Sao_Paulo'),
  JOB_RETRY_MS: whole(10).default(10_000),
}

/** The variable that sets a job's schedule. */
export const cronVariable = (job: string): string => PREFIX + job.toUpperCase()

/** Why a cron expression cannot be used; null when it can. */
export function cronProblem(cron: string): string | null {
  const wrong = 'must be a cron expression such as */15 * * * * (with six parts the first are seconds), or off'
  // croner takes a date as well: that is no schedule.
  if (/^\d{4}-/.test(cron.trim())) return wrong
  try {
    const next = new Cron(cron, { mode: '5-or-6-parts', timezone: 'Etc/UTC' }).nextRun()
    return next === null ? 'is a cron expression that never comes' : null
  } catch {
    return wrong
  }
}

/** The variables `SCHEDULE_<JOB>`; which jobs there are is asked by who knows them (jobs/run/schedule.ts). */
export function readCrons(given: Source): { crons: ScheduleSettings['crons']; problems: string[] } {
  const crons: Record<string, string | null> = {}
  const problems: string[] = []
  for (const [variable, value = ''] of Object.entries(given)) {
    if (!variable.startsWith(PREFIX) || variable === ZONE) continue
    const problem = value === 'off' ? null : cronProblem(value)
    if (problem !== null) problems.push(`${variable} ${problem}`)
    crons[variable.slice(PREFIX.length).toLowerCase()] = value === 'off' ? null : value
  }
  return { crons, problems }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
