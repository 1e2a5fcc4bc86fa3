/**
 * job_update_leads_in_erp and job_update_converted_lead_in_erp: events of leads into mirror and ERP.
 *
 *   claim → [stage, echo: no call] → read lead and persons → ERP, one transaction → letters of contacts → ledger and event → progress
 *
 * An event says only that something happened to a lead; what is applied is what the CRM holds now. So events may come twice, late, in any
 * order or with old values. Killed after any arrow, the line is taken again and finds its own work done.
 */
import { type Ledger, readAgreed } from '../../connectors/state/changes/agreed.ts'
import { type Stages, stagesOf } from '../../records/stages.ts'
import type { Stream } from '../consume.ts'
import type { Context, Job, JobOutcome, JobRun } from '../context.ts'
import { recoverLanes } from '../recover.ts'
import { runLane } from '../run-lane.ts'
import { absorbLead } from './absorb-lead.ts'
import { certainlyGone, contactsToApply, hasEmail, isTold, queueContact } from './contact-letters.ts'
import { type CrmReader, crmReader } from './crm-reader.ts'
import { isEcho } from './echo.ts'
import { type Ending, endEvent, type InboundWork, mustHold, refusal } from './end-event.ts'
import { newCounts } from './inbound-counts.ts'
import { type LeadEvent, readLeadEvent } from './lead-event.ts'
import { pollLeads } from './poll-leads.ts'

export const contactJob = 'job_update_contact_in_erp'

function inboundLeads(name: string, alias: readonly string[], prefix: string, summary: string, poll: boolean): Job {
  return {
    name,
    aliases: alias,
    summary,
    async run(context, run) {
      await recoverLanes(context)
      const stages = stagesOf(await context.erp.stages())
      const counts = newCounts()
      const work: Work = { context, run, stages, counts, reader: crmReader(context.inboundCrm) }
      const lane = (perRun: number) => runLane(context, run, streamOf(work, prefix), { perRun, counts: () => counts.values })
      const { leadsPerRun } = context.options
      const waiting = await lane(leadsPerRun)
      // After what came by itself, or the poll would find the same changes again. A run that a webhook woke leaves it to the schedule.
      const polled = poll && !run.woken && waiting.status !== 'failed' ? await pollLeads(context, run, stages, prefix) : null
      const left = leadsPerRun - Number(waiting.counts.delivered) - Number(waiting.counts.dead)
      const missed = polled !== null && polled.found > 0 && (leadsPerRun === 0 || left > 0) ? await lane(leadsPerRun && left) : null
      return {
        ...(missed === null ? waiting : bothOf(waiting, missed)),
        ...(polled?.error === undefined
          ? {}
          : { status: 'failed' as const, message: `${polled.error} Events that were waiting are done.` }),
        ...(counts.values.contacts > 0 ? { triggers: [contactJob] } : {}),
        ...(polled === null
          ? {}
          : {
              counts: {
                ...(missed === null ? waiting.counts : sum(waiting.counts, missed.counts)),
                ...counts.values,
                polled: polled.found,
              },
            }),
      }
    },
  }
}

/** Two passes over the lane are one run. */
function bothOf(first: JobOutcome, second: JobOutcome): JobOutcome {
  const messages = [first, second].flatMap(({ status, message }) => (status !== 'skipped' && message ? [message] : []))
  return { ...second, counts: sum(first.counts, second.counts), ...(messages.length > 0 ? { message: messages.join('\n') } : {}) }
}

const sum = (a: JobOutcome['counts'], b: JobOutcome['counts']): JobOutcome['counts'] =>
  Object.fromEntries(Object.keys(a).map((name) => [name, Number(a[name]) + Number(b[name] ?? 0)]))

export const updateLeadsInErp = inboundLeads(
  'job_update_leads_in_erp',
  [],
  'update_leads_in_erp',
  'apply changes of CRM leads to the ERP, and look for missed ones',
  true,
)
export const convertedLeads = inboundLeads(
  'job_update_converted_lead_in_erp',
  ['job_update_leads_convertidas'],
  'converted_lead',
  'leads that reached the budget stage become ERP clients',
  false,
)

export interface Work extends InboundWork {
  readonly stages: Stages
  readonly reader: CrmReader
}

function streamOf(work: Work, prefix: string): Stream<LeadEvent> {
  return {
    lane: 'leads',
    prefix,
    read: readLeadEvent,
    recordOf: (event) => String(event.leadId),
    keyOf: (event) => String(event.leadId),
    end: (claim, index, event) => endEvent(work, claim, index, event, () => applyEvent(work, event)),
  }
}

export async function applyEvent({ context, run, stages, counts, reader }: Work, event: LeadEvent): Promise<Ending> {
  const { erp, state, inboundCrm } = context
  const leadId = String(event.leadId)
  if (event.stage !== null && !stages.isIntegrated(event.stage)) return otherStage(context, stages, event, event.stage)
  const mirror = await erp.mirrorOf(leadId)
  if (event.stage !== null && isEcho(event.lead, mirror, await inboundCrm.salesReps())) return { outcome: 'echo' }

  const seen = await reader.lead(event.leadId)
  if (seen === null) {
    mustHold(run)
    const removed = await erp.removeLead({ leadId, job: run.job, reason: 'the CRM no longer has this lead' })
    return { outcome: removed ? 'removed' : 'ignored', code: 'NOT_FOUND' }
  }
  if (!stages.isIntegrated(seen.lead.stage)) return otherStage(context, stages, event, seen.lead.stage)
  // Found by polling, and looked at meanwhile.
  if (event.stage === null && (await readAgreed(state, 'leads', leadId))?.crmTime === seen.lead.updateDate) return { outcome: 'unchanged' }
  const persons = await reader.persons(event.leadId)
  mustHold(run)
  // The poll must know that this state of the lead was looked at, also when the ERP refuses it.
  let ledger: Ledger = { entity: 'leads', key: leadId, fields: {}, crmTime: seen.lead.updateDate || null, conflicts: [] }
  try {
    const absorbed = await absorbLead(context, run, event.id, seen)
    if (absorbed.kind === 'ambiguous') return { ...(await ambiguous(context, run, leadId, absorbed.branches)), ledger }
    ledger = absorbed.ledger
    await handOnContacts({ context, run, counts }, leadId, contactsToApply(persons, mirror.persons), absorbed.crm.TAXID ?? null)
    return { outcome: absorbed.changed ? 'applied' : 'unchanged', ledger }
  } catch (error) {
    return { ...refusal(context, event, error), ledger }
  }
}

/** A lower stage is the discard job's business; an unknown one is a warning for this lead only. */
function otherStage({ log }: Context, stages: Stages, event: LeadEvent, stage: string): Ending {
  if (stages.find(stage) !== null) return { outcome: 'ignored' }
  log.warn({ key: event.leadId, event: event.id }, 'a stage that no spelling in CRM_STAGES names: add it there')
  return { outcome: 'ignored', code: 'UNKNOWN_STAGE' }
}

/** Reported here and in the ERP's own log; what to do is the owner's decision. */
export async function ambiguous({ erp }: Context, run: JobRun, leadId: string, branches: readonly string[]): Promise<Ending> {
  const named = branches.join(', ')
  await erp.logExecution({ job: run.job, leadId, leadName: '', field: 'TAXID', value: `several branches carry its tax id: ${named}` })
  return {
    outcome: 'refused',
    code: 'AMBIGUOUS_TAX_ID',
    reason: `Branches ${named} carry the tax id of lead ${leadId}, and none has a lead. Write ID_CRM into the one that is meant, or set ambiguous_taxid in PONTE_SETTINGS; then requeue.`,
  }
}

/** Letters for persons that moved; persons that are gone leave the mirror, and the ERP when its setting says so. */
async function handOnContacts(
  { context, run, counts }: InboundWork,
  leadId: string,
  { changed, gone }: ReturnType<typeof contactsToApply>,
  taxId: string | null,
): Promise<void> {
  for (const person of changed) {
    if (!hasEmail(person) && (await isTold(context, person))) continue
    await queueContact(context, person, taxId)
    counts.contactsQueued(1)
  }
  for (const personId of await certainlyGone(context, leadId, gone)) {
    mustHold(run)
    if (!(await context.erp.removeContact({ personId, leadId, job: run.job }))) continue
    counts.contactGone()
    context.log.warn({ key: leadId, person: personId }, 'a contact is no longer in the CRM: see LOG_EXECUTION_CRM')
  }
}
