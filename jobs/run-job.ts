/** One run of one job: its lease, its history, its balance. Whatever triggers a job (command line, scheduler) calls this. */
import { hostname } from 'node:os'
import { ulid } from 'ulid'
import { PonteError } from '../base/error.ts'
import { acquireLease } from '../connectors/state/leases.ts'
import { endRun, findRun, startRun } from '../connectors/state/runs.ts'
import { jobNamed } from './catalogue.ts'
import type { Context, Job, JobOutcome, Progress } from './context.ts'
import { errorText } from './error-text.ts'

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
  readonly woken?: boolean
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
  for (const name of next) triggered.push(await runJob(context, jobNamed(name), options.signal ? { signal: options.signal } : {}))
  return triggered.length > 0 ? { ...report, triggered } : report
}

async function runOnce(context: Context, job: Job, options: RunOptions): Promise<RunReport> {
  const startedAt = performance.now()
  const id = ulid()
  if (options.dryRun && !job.canDryRun) throw noDryRun(job)
  if (options.acceptGuard !== undefined) await checkStopped(context, job, options.acceptGuard)
  const lease = await acquireLease(context.state, job.name, `${hostname()}:${process.pid}`, context.options.leaseMs)
  if (!lease) return { run: id, job: job.name, ms: 0, status: 'skipped', counts: {}, message: 'already running elsewhere' }
  try {
    await startRun(context.state, id, job.name)
    const outcome = await attempt(context, job, {
      id,
      job: job.name,
      at: new Date(),
      lease,
      signal: options.signal ? AbortSignal.any([options.signal, lease.signal]) : lease.signal,
      acceptGuards: options.acceptGuard !== undefined,
      dryRun: options.dryRun ?? false,
      woken: options.woken ?? false,
      progress: options.progress ?? (() => {}),
    })
    await endRun(context.state, id, outcome.status, { ...outcome.counts }, outcome.message)
    const ms = Math.round(performance.now() - startedAt)
    const { detectors: _, ...counts } = outcome.counts
    context.log.info({ job: job.name, run: id, status: outcome.status, ms, ...counts }, 'run ended')
    return { run: id, job: job.name, ms, ...outcome }
  } finally {
    await lease.release()
  }
}

function noDryRun(job: Job): PonteError {
  return new PonteError('run.no_dry_run', `${job.name} cannot look without changing anything.`, {
    hint: 'Run it without --dry-run; ponte plan shows what a compare would queue.',
    exitCode: 2,
  })
}

async function checkStopped(context: Context, job: Job, runId: string): Promise<void> {
  const run = await findRun(context.state, runId)
  if (run?.job === job.name && run.status === 'stopped') return
  throw new PonteError('run.not_stopped', `Run ${runId} is not a run of ${job.name} that a guard stopped.`, {
    hint: 'Use the run id that the stopped run printed.',
    exitCode: 2,
  })
}

async function attempt(context: Context, job: Job, run: Parameters<Job['run']>[1]): Promise<JobOutcome> {
  try {
    return await job.run(context, run)
  } catch (error) {
    context.log.error({ err: error, job: job.name, run: run.id }, 'run failed')
    return { status: 'failed', counts: {}, message: errorText(error), exitCode: error instanceof PonteError ? error.exitCode : 1 }
  }
}
