/** The jobs by name. Each answers to the README's file name and to the real job id of the old system. */
import { PonteError } from '../base/error.ts'
import type { Job } from './context.ts'
import { budgetLeads } from './deals/orca-leads.ts'
import { sellLeads } from './deals/vende-leads.ts'
import { deliveryJobs } from './deliver/delivery-jobs.ts'
import { executeSpark } from './detect/detect.ts'
import { backupPostgresql } from './keep/backup.ts'
import { purge } from './keep/purge.ts'
import { discardLeads } from './mirror/discard-leads.ts'
import { leadsFullSync } from './mirror/full-sync.ts'
import { validateFull } from './mirror/validate-full.ts'
import { contactsInErp } from './receive/inbound-contacts.ts'
import { convertedLeads, updateLeadsInErp } from './receive/inbound-leads.ts'

/** The way of records from the ERP to the CRM: compare, then deliver. */
export const recordJobs: readonly Job[] = [executeSpark, ...deliveryJobs]

export const jobs: readonly Job[] = [
  ...recordJobs,
  budgetLeads,
  sellLeads,
  updateLeadsInErp,
  convertedLeads,
  contactsInErp,
  discardLeads,
  leadsFullSync,
  validateFull,
  backupPostgresql,
  purge,
]

/** @throws PonteError `job.unknown`, exit code 2 */
export function jobNamed(name: string): Job {
  const job = jobs.find((one) => one.name === name || one.aliases.includes(name))
  if (job) return job
  throw new PonteError('job.unknown', `There is no job called "${name}".`, {
    hint: `Jobs: ${jobs.map((one) => one.name).join(', ')}.`,
    exitCode: 2,
  })
}
