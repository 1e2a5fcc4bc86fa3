/** The four jobs that carry letters to the CRM (mission C.4-C.7). */
import { setTimeout as sleep } from 'node:timers/promises'
import { PonteError } from '../base/error.ts'
import type { Context, Job, JobOutcome, JobRun } from './context.ts'
import { deliver, type Sink, type Tally } from './deliver.ts'
import { type EntityName, entityNamed } from './entities.ts'
import { errorText } from './error-text.ts'
import { recoverLanes } from './recover.ts'
import { insertContactSink } from './sink-insert-contacts.ts'
import { insertLeadSink } from './sink-insert-leads.ts'
import { updateContactSink } from './sink-update-contacts.ts'
import { updateLeadSink } from './sink-update-leads.ts'

/** A line left open by a passing fault of the other side gets this many further passes within the run. */
const passes = 3

function deliveryJob(name: string, alias: string, entityName: EntityName, summary: string, sinkOf: (context: Context) => Sink): Job {
  const entity = entityNamed(entityName)
  return {
    name,
    aliases: [alias],
    summary,
    async run(context, run) {
      await recoverLanes(context)
      const lane = context.lanes[entity.lane]
      const lines = entity.lane === 'leads' ? context.options.leadsPerRun : 0
      let total: Tally = { delivered: 0, dead: 0, superseded: 0, already: 0, open: 0, letters: 0 }
      for (let pass = 1; ; pass++) {
        const { stoppedBy, lastFailure, ...tally } = await deliver(context, run, entity, lane, sinkOf(context), { lines })
        total = add(total, tally)
        if (stoppedBy) return stopped(total, stoppedBy)
        if (tally.open === 0 || run.signal.aborted || (lines > 0 && !lastFailure)) return outcome(total, run)
        if (pass === passes) return stopped(total, lastFailure)
        await sleep(200 * pass)
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

/** Open lines are those of the last pass; everything else adds up. */
const add = (a: Tally, b: Tally): Tally => ({
  delivered: a.delivered + b.delivered,
  dead: a.dead + b.dead,
  superseded: a.superseded + b.superseded,
  already: a.already + b.already,
  open: b.open,
  letters: Math.max(a.letters, b.letters),
})

function outcome(tally: Tally, run: JobRun): JobOutcome {
  const counts = { ...tally }
  if (run.signal.aborted) return { status: 'failed', counts, message: 'stopped before the end; the rest stays queued' }
  if (tally.letters === 0) return { status: 'skipped', counts, message: 'no letters waiting' }
  return { status: 'success', counts, ...(tally.dead > 0 ? { message: `${tally.dead} lines went to falhas` } : {}) }
}

function stopped(tally: Tally, cause: unknown): JobOutcome {
  const exitCode = cause instanceof PonteError ? cause.exitCode : 1
  return { status: 'failed', counts: { ...tally }, message: `${errorText(cause)} What was not delivered stays queued.`, exitCode }
}
