/**
 * When each job runs by itself. The defaults stand here; settings change them one by one. Pure: what makes them tick is
 * worker.ts.
 */
import { Cron } from 'croner'
import { PonteError } from '../../base/error.ts'
import { cronVariable, type ScheduleSettings } from '../../deploy/env/schedule.ts'
import { entities } from '../../records/kinds.ts'
import { jobs } from '../catalogue.ts'
import type { Job } from '../context.ts'
import { executeSpark } from '../detect/detect.ts'

export interface Schedule {
  readonly job: string
  /** Five parts, or six with seconds. */
  readonly cron: string
  /** IANA name. */
  readonly zone: string
}

interface Default {
  readonly cron: string
  /** Runs where no CRM is configured, too. */
  readonly withoutCrm?: true
}

/** Nightly jobs stand apart, and away from the hours at which clocks are set. */
const defaults: Readonly<Record<string, Default>> = {
  job_execute_spark: { cron: '*/15 * * * *', withoutCrm: true },
  ...Object.fromEntries(entities.map(({ job }) => [job.name, { cron: job.cron }])),
  job_update_leads_in_erp: { cron: '*/3 * * * *' },
  job_update_converted_lead_in_erp: { cron: '*/10 * * * *' },
  job_update_contact_in_erp: { cron: '*/10 * * * *' },
  job_descarta_lead: { cron: '*/30 * * * *' },
  job_orca_lead_in_spotter: { cron: '* * * * *' },
  job_vende_lead_in_spotter: { cron: '* * * * *' },
  job_validade_full: { cron: '30 4 * * *' },
  backup_postgresql: { cron: '30 3 * * *', withoutCrm: true },
  purge: { cron: '30 5 * * *', withoutCrm: true },
}

/**
 * The schedules that shall stand.
 * @param options.crm whether a CRM is configured: without one, only jobs that need none are scheduled
 * @throws PonteError `config.invalid`, exit code 2, naming a variable that names no job, or one that runs by hand only
 */
export function schedulesFrom(settings: ScheduleSettings, options: { readonly crm: boolean }): Schedule[] {
  const crons = cronsByJob(settings)
  return jobs.flatMap((job) => {
    const standard = defaults[job.name]
    const cron = crons.has(job.name) ? crons.get(job.name)! : standard?.cron
    if (!cron || (!options.crm && !standard?.withoutCrm)) return []
    return [{ job: job.name, cron, zone: settings.zone }]
  })
}

function cronsByJob({ crons }: ScheduleSettings): Map<string, string | null> {
  const found = new Map<string, string | null>()
  const problems: string[] = []
  for (const [name, cron] of Object.entries(crons)) {
    const job = jobs.find((one) => [one.name, ...one.aliases].some((known) => known.toLowerCase() === name))
    const problem = problemOf(job, found)
    if (problem !== null) problems.push(`  ${cronVariable(name)} ${problem}`)
    else found.set(job!.name, cron)
  }
  if (problems.length > 0)
    throw new PonteError('config.invalid', `The configuration is wrong:\n${problems.join('\n')}`, {
      hint: 'Correct the variables named above; deploy/.env.example lists them all.',
      exitCode: 2,
    })
  return found
}

function problemOf(job: Job | undefined, found: ReadonlyMap<string, unknown>): string | null {
  if (!job) return 'names no job; ponte run --help lists them'
  if (job.manual) return `would run ${job.name}, which runs only when a person asks for it`
  return found.has(job.name) ? `sets ${job.name} a second time, by its other name` : null
}

/** Five retries for the compare, as the original had; three for the others, which had none. */
export const retriesOf = (job: string): number => (job === executeSpark.name ? 5 : 3)

/**
 * The first tick after a moment; null when there is none. When clocks go forward, a time of day that does not exist ticks once, at the
 * change; when they go back, one that comes twice ticks the first time. A job that runs at intervals keeps its intervals.
 */
export function nextTick({ cron, zone }: Pick<Schedule, 'cron' | 'zone'>, after: Date): Date | null {
  return new Cron(cron, { timezone: zone, mode: '5-or-6-parts' }).nextRun(after)
}

/** The latest tick at or before a moment. */
export function lastTick({ cron, zone }: Pick<Schedule, 'cron' | 'zone'>, before: Date): Date | null {
  return new Cron(cron, { timezone: zone, mode: '5-or-6-parts' }).previousRuns(1, before)[0] ?? null
}
