/** What a person may ask a run for, checked before anything begins. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { findRun } from '../../connectors/state/runs/run-history.ts'
import type { RunParameters } from '../../connectors/state/runs/runs.ts'
import type { Job } from '../context.ts'

/**
 * @throws PonteError, exit code 2: `run.no_dry_run` when the job knows no dry run; `run.not_stopped` when `acceptGuard` names no run of
 *   this job that a guard stopped
 */
export async function checkParameters(state: pg.Pool, job: Job, { dryRun, acceptGuard }: RunParameters): Promise<void> {
  if (dryRun && !job.canDryRun)
    throw new PonteError('run.no_dry_run', `${job.name} cannot look without changing anything.`, {
      hint: 'Run it without --dry-run; ponte plan shows what a compare would queue.',
      exitCode: 2,
    })
  if (acceptGuard === undefined) return
  const run = await findRun(state, acceptGuard)
  if (run?.job === job.name && run.status === 'stopped') return
  throw new PonteError('run.not_stopped', `Run ${acceptGuard} is not a run of ${job.name} that a guard stopped.`, {
    hint: 'Use the run id that the stopped run printed.',
    exitCode: 2,
  })
}

/** Only what was asked for, as it is kept with the run. */
export const parametersOf = ({ dryRun, acceptGuard }: RunParameters): RunParameters => ({
  ...(dryRun ? { dryRun } : {}),
  ...(acceptGuard === undefined ? {} : { acceptGuard }),
})
