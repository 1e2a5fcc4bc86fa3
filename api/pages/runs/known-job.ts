/** A job named in an address, by either of its names. */
import { jobs } from '../../../jobs/catalogue.ts'
import type { Job } from '../../../jobs/context.ts'
import { ApiError } from '../../http/errors.ts'

/** @throws ApiError NOT_FOUND */
export function knownJob(name: string): Job {
  const job = jobs.find((one) => one.name === name || one.aliases.includes(name))
  if (!job) throw new ApiError('NOT_FOUND', 'There is no such job.', { hint: 'The page of jobs lists them.' })
  return job
}
