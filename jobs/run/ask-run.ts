/** A person asks the workers for a run: checked at once, begun by the next free worker. */
import type pg from 'pg'
import { requestRun } from '../../connectors/state/runs/run-requests.ts'
import type { RunParameters } from '../../connectors/state/runs/runs.ts'
import { jobNamed } from '../catalogue.ts'
import { checkParameters } from './run-parameters.ts'

export interface Asked {
  readonly run: string
  readonly job: string
}

/**
 * Durable when it resolves: the request is a row of the state database, so it outlives Redis and workers.
 * @param name a job, by either of its names
 * @param by who asks
 * @throws PonteError `job.unknown`, `run.no_dry_run`, `run.not_stopped` (exit code 2)
 */
export async function askRun(state: pg.Pool, name: string, parameters: RunParameters, by: string): Promise<Asked> {
  const job = jobNamed(name)
  await checkParameters(state, job, parameters)
  const run = await requestRun(state, { job: job.name, trigger: 'manual', parameters, by })
  return { run: run!, job: job.name }
}
