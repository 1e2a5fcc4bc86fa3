/** One run of one job: its lease, its history, its balance. Whatever triggers a job (command line, scheduler) calls this. */
import { hostname } from 'node:os'
import { ulid } from 'ulid'
import { PonteError } from '../../base/error.ts'
import { withLogFields } from '../../base/log/log.ts'
import { inSpan } from '../../base/log/trace.ts'
import { signals } from '../../base/signals.ts'
import { acquireLease } from '../../connectors/state/runs/leases.ts'
import { endRun, type RunTrigger, startRun } from '../../connectors/state/runs/runs.ts'
import { isPaused } from '../../connectors/state/runs/schedules.ts'
import { jobNamed } from '../catalogue.ts'
import type { Context, Job, JobOutcome, Progress } from '../context.ts'
import { shadowed } from '../detect/shadow.ts'
import { errorText } from './error-text.ts'
import { checkParameters, parametersOf } from './run-parameters.ts'

export interface RunReport extends JobOutcome {
  readonly run: string
  readonly job: string
  readonly ms: number
  /** Runs of the jobs that this one made work for. */
  readonly triggered?: readonly RunReport[]
}

export interface RunOptions {
  /** A run of this job that a guard stopped, and that an operator lets go on. */
  readonly acceptGuard?: string
  readonly dryRun?: boolean
  /** Default: manual. Only what a person asked for runs while the job is paused. */
  readonly trigger?: RunTrigger
  /** A queued run that this one is. */
  readonly request?: string
  /** The run that made work for this one, or whose retry it is. */
  readonly parent?: string
  readonly attempt?: number
  readonly signal?: AbortSignal
  readonly progress?: (event: Progress) => void
}

/**
 * Never throws for what a job reports.
 * @throws PonteError `run.not_stopped` when `acceptGuard` names no stopped run of this job; `run.no_dry_run` when the job knows no dry
 *   run; what the state database throws
 */
export async function runJob(context: Context, job: Job, options: RunOptions = {}): Promise<RunReport> {
  const report = await runOnce(context, job, options)
  const next = options.signal?.aborted ? [] : (report.triggers ?? [])
  const triggered: RunReport[] = []
  for (const name of next) {
    const following = { trigger: 'job', parent: report.run, ...(options.signal ? { signal: options.signal } : {}) } as const
    triggered.push(await runJob(context, jobNamed(name), following))
  }
  return triggered.length > 0 ? { ...report, triggered } : report
}

async function runOnce(context: Context, job: Job, options: RunOptions): Promise<RunReport> {
  const startedAt = performance.now()
  const id = options.request ?? ulid()
  const trigger = options.trigger ?? 'manual'
  const left = (message: string): RunReport => ({ run: id, job: job.name, ms: 0, status: 'skipped', counts: {}, message })
  await checkParameters(context.state, job, options)
  if (trigger !== 'manual' && (await isPaused(context.state, job.name))) return left(PAUSED)
  const inShadow = shadowed(context.options, job, options.dryRun ?? false)
  if (inShadow !== null) return left(inShadow)
  const worker = `${hostname()}:${process.pid}`
  const lease = await acquireLease(context.state, job.name, worker, context.options.leaseMs)
  if (!lease) return left(BUSY)
  try {
    const { parent, attempt = 1 } = options
    const parameters = parametersOf(options)
    const run = await startRun(context.state, id, job.name, { trigger, parameters, attempt, worker, ...(parent ? { parent } : {}) })
    const outcome = await watched(job, run, trigger, () =>
      attemptJob(context, job, {
        id: run,
        job: job.name,
        at: new Date(),
        lease,
        signal: options.signal ? AbortSignal.any([options.signal, lease.signal]) : lease.signal,
        acceptGuards: options.acceptGuard !== undefined,
        dryRun: options.dryRun ?? false,
        woken: trigger === 'webhook',
        progress: options.progress ?? (() => {}),
      }),
    )
    await endRun(context.state, run, outcome.status, { ...outcome.counts }, outcome.message, codeOf(outcome, options.signal))
    const ms = Math.round(performance.now() - startedAt)
    const { detectors: _, ...counts } = outcome.counts
    context.log.info({ ...logFields(job, run), trigger, status: outcome.status, ms, ...counts }, 'run ended')
    signals.runEnded.emit(() => ({ job: job.name, status: outcome.status, ms }))
    return { run, job: job.name, ms, ...outcome }
  } finally {
    await lease.release()
  }
}

/** A span around the run; and each of its lines in the log says whose it is. */
function watched(job: Job, run: string, trigger: RunTrigger, work: () => Promise<JobOutcome>): Promise<JobOutcome> {
  return withLogFields(logFields(job, run), () =>
    inSpan({ name: `run ${job.name}`, kind: 'internal', attributes: { job: job.name, run, trigger } }, async (span) => {
      const outcome = await work()
      span.set({ status: outcome.status })
      if (outcome.status === 'failed' || outcome.status === 'stopped') span.fail(outcome.code ?? outcome.status)
      return outcome
    }),
  )
}

/** `dag_id`: the job's id in the old system, whose log had it so. */
const logFields = (job: Job, run: string) => ({ dag_id: job.aliases[0] ?? job.name, job: job.name, run })

const BUSY = 'already running elsewhere'
const PAUSED = 'paused'

/** Nothing ran, and no run is on record: another process holds the job. */
export const wasBusy = ({ message }: RunReport): boolean => message === BUSY
/** Nothing ran, and no run is on record: the job runs only for a person. */
export const wasPaused = ({ message }: RunReport): boolean => message === PAUSED

/** A run that was told to stop has not failed of itself: whoever watches for failures can tell by the code. */
function codeOf({ status, code }: JobOutcome, signal: AbortSignal | undefined): string | undefined {
  return status === 'failed' && signal?.aborted ? 'run.interrupted' : code
}

async function attemptJob(context: Context, job: Job, run: Parameters<Job['run']>[1]): Promise<JobOutcome> {
  try {
    return await job.run(context, run)
  } catch (error) {
    context.log.error({ err: error }, 'run failed')
    const known = error instanceof PonteError
    return { status: 'failed', counts: {}, message: errorText(error), ...(known ? { exitCode: error.exitCode, code: error.code } : {}) }
  }
}
