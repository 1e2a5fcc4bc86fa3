/** What routes about jobs share. */
import { z } from '@hono/zod-openapi'
import { jobs } from '../../jobs/catalogue.ts'
import type { Job } from '../../jobs/context.ts'
import { ApiError } from '../http/errors.ts'

/** @param name either of its names @throws ApiError 404 */
export function knownJob(name: string): Job {
  const job = jobs.find((one) => one.name === name || one.aliases.includes(name))
  if (job) return job
  throw new ApiError('NOT_FOUND', 'There is no such job.', { hint: 'GET /jobs lists them' })
}

/** A query parameter `limit`, from 1 to 999. */
export const limitOf = (standard: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 999')
    .transform(Number)
    .default(standard)
    .openapi({ type: 'integer', minimum: 1, maximum: 999, description: `Default ${standard}.` })
