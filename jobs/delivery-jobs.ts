/** The four jobs that carry letters to the CRM (mission C.4-C.7). */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../base/error.ts'
import type { Context, Job, JobOutcome, JobRun } from './context.ts'
import { deliver } from './deliver.ts'
import type { Sink } from './deliver-line.ts'
import { type EntityName, entityNamed } from './entities.ts'
import { errorText } from './error-text.ts'
import { recoverLanes } from './recover.ts'
import { insertContactSink } from './sink-insert-contacts.ts'
import { insertLeadSink } from './sink-insert-leads.ts'
import { updateContactSink } from './sink-update-contacts.ts'
import { updateLeadSink } from './sink-update-leads.ts'
import { newTally, type Tally } from './tally.ts'

/** A line left open by a passing fault of the other side gets this many passes within the run. */
const passes = 3

function deliveryJob(name: string, alias: string, entityName: EntityName, summary: string, sinkOf: (context: Context) => Sink): Job {
  const entity = entityNamed(entityName)
  return {
    name,
    aliases: [alias],
    summary,
    async run(context, run) {
      await recoverLanes(context)
      const perRun = (entity.lane === 'leads' && context.options.leadsPerRun) || Number.POSITIVE_INFINITY
      const tally = newTally()
      for (let pass = 1; ; pass++) {
        const lines = perRun - tally.settled
        const { stoppedBy, lastFailure } = await deliver(context, run, entity, sinkOf(context), tally, { lines })
        const failure = stoppedBy ?? (pass === passes ? lastFailure : null)
        const finished = lastFailure === null || tally.counts.open === 0 || tally.settled >= perRun
        if (failure === null && !finished && !run.signal.aborted) await sleep(200 * pass)
        else return outcome(tally, run, finished ? stoppedBy : failure)
      }
    },
  }
}

export const insertLeads = deliveryJob(
  'job_insert_leads_in_spotter',
  'job_insert_leads_in_crm',
  'leads.insert',
  'create leads in the CRM',
  insertLeadSink,
)
export const updateLeads = deliveryJob(
  'job_update_leads_in_spotter',
  'job_update_leads_in_crm',
  'leads.update',
  'update leads in the CRM',
  updateLeadSink,
)
export const insertContacts = deliveryJob(
  'job_insert_contacts_in_spotter',
  'job_insert_contacts_in_crm',
  'contacts.insert',
  'create contacts in the CRM',
  insertContactSink,
)
export const updateContacts = deliveryJob(
  'job_update_contacts_in_spotter',
  'job_update_contacts_in_crm',
  'contacts.update',
  'update contacts in the CRM',
  updateContactSink,
)

function outcome(tally: Tally, run: JobRun, failure: unknown): JobOutcome {
  const counts = { ...tally.counts }
  const exitCode = failure instanceof PonteError ? failure.exitCode : 1
  if (failure !== null) return { status: 'failed', counts, message: `${errorText(failure)} What was not delivered stays queued.`, exitCode }
  if (!tally.balanced())
    return { status: 'failed', counts, message: 'The lines of this run do not add up: a defect, keep the log and report it.' }
  if (run.signal.aborted) return { status: 'failed', counts, message: 'stopped before the end; the rest stays queued' }
  if (counts.letters === 0) return { status: 'skipped', counts, message: 'no letters waiting' }
  const dead = [
    ...(counts.dead > 0 ? [`${counts.dead} lines`] : []),
    ...(counts.rejected > 0 ? [`${counts.rejected} unreadable letters`] : []),
  ]
  return { status: 'success', counts, ...(dead.length > 0 ? { message: `${dead.join(' and ')} went to falhas` } : {}) }
}
