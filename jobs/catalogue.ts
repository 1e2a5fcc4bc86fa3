/** The jobs by name. Each answers to the README's file name and to the real job id of the old system (mission C.1). */
import { PonteError } from '../base/error.ts'
import { backupPostgresql } from './backup.ts'
import type { Job } from './context.ts'
import { insertContacts, insertLeads, updateContacts, updateLeads } from './delivery-jobs.ts'
import { executeSpark } from './detect.ts'
import { discardLeads } from './discard-leads.ts'
import { leadsFullSync } from './full-sync.ts'
import { contactsInErp } from './inbound-contacts.ts'
import { convertedLeads, updateLeadsInErp } from './inbound-leads.ts'
import { budgetLeads } from './orca-leads.ts'
import { purge } from './purge.ts'
import { validateFull } from './validate-full.ts'
import { sellLeads } from './vende-leads.ts'

/** The way of records from the ERP to the CRM: compare, then deliver. */
export const recordJobs: readonly Job[] = [executeSpark, insertLeads, updateLeads, insertContacts, updateContacts]

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
