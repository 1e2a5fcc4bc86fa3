/** Options that name refused letters by what they are, the same for listing and requeueing. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { jobNamed } from '../../jobs/catalogue.ts'
import type { DeadFilter } from '../../operations/find-dead.ts'
import { entities } from '../../records/kinds.ts'

export interface FilterOptions {
  readonly entity?: string
  readonly job?: string
  readonly prefix?: string
  readonly code?: string
  readonly text?: string
  readonly taxId?: string
  readonly lead?: string
  readonly olderThan?: string
}

export function withFilter(command: Command): Command {
  return command
    .option('--entity <name>', `one of ${entities.map(({ name }) => name).join(', ')}`)
    .option('--job <name>', 'letters of this job, by either of its names')
    .option('--prefix <prefix>', 'letters whose name begins so, such as converted_lead')
    .option('--code <code>', 'refused with exactly this code')
    .option('--text <text>', 'refused with a reason that holds this text')
    .option('--tax-id <tax id>', 'about this tax id, in any form')
    .option('--lead <id>', 'about this lead of the CRM')
    .option('--older-than <age>', 'refused longer ago: 30m, 12h, 7d')
}

/** @throws PonteError `usage.wrong`, exit code 2 */
export function filterOf({ entity, job, prefix, code, text, taxId, lead, olderThan }: FilterOptions): DeadFilter {
  if (entity !== undefined && !entities.some(({ name }) => name === entity))
    throw wrong(`--entity does not know "${entity}"`, `it knows ${entities.map(({ name }) => name).join(', ')}`)
  return {
    ...(entity === undefined ? {} : { entity }),
    ...(job === undefined ? {} : { job: jobNamed(job).name }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(code === undefined ? {} : { code }),
    ...(text === undefined ? {} : { text }),
    ...(taxId === undefined ? {} : { taxId }),
    ...(lead === undefined ? {} : { leadId: lead }),
    ...(olderThan === undefined ? {} : { olderThanMs: ageOf(olderThan) }),
  }
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function ageOf(text: string): number {
  const [, number, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (number === undefined || unit === undefined) throw wrong('--older-than is not an age', 'such as 30m, 12h or 7d')
  return Number(number) * units[unit]!
}

const wrong = (message: string, hint: string) => new PonteError('usage.wrong', message, { hint, exitCode: 2 })
