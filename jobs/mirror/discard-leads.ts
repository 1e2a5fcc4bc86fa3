/** job_descarta_lead: letters of discarded leads first, then the compare of all stages. Neither waits for the other's success. */
import { PonteError } from '../../base/error.ts'
import { type Stages, stagesOf } from '../../records/stages.ts'
import type { Stream } from '../consume.ts'
import type { Context, Job, JobOutcome, JobRun } from '../context.ts'
import { gathered } from '../receive/crm-reader.ts'
import { removeLead, standingOf } from '../receive/discard.ts'
import { type Ending, endEvent } from '../receive/end-event.ts'
import { newCounts } from '../receive/inbound-counts.ts'
import { type LeadEvent, readLeadEvent } from '../receive/lead-event.ts'
import { recoverLanes } from '../recover.ts'
import { errorText } from '../run/error-text.ts'
import { runLane } from '../run-lane.ts'
import { compareStages } from './discard-compare.ts'

export const discardLeads: Job = {
  name: 'job_descarta_lead',
  aliases: [],
  summary: 'take leads out of the mirror that the CRM discarded, moved back or no longer has',
  async run(context, run) {
    await recoverLanes(context)
    const stages = stagesOf(await context.erp.stages())
    const letters = await discardLetters(context, run, stages)
    if (run.signal.aborted) return letters
    try {
      return outcome(letters, await compareStages(context, run, stages))
    } catch (error) {
      context.log.error({ err: error }, 'the compare of stages failed')
      const exitCode = error instanceof PonteError ? error.exitCode : 1
      return { status: 'failed', counts: letters.counts, message: `${errorText(error)} The compare removed no further lead.`, exitCode }
    }
  },
}

function discardLetters(context: Context, run: JobRun, stages: Stages): Promise<JobOutcome> {
  const counts = newCounts()
  /** Lines in flight are asked about together. */
  const lead = gathered(async (ids) => {
    const leads = await context.inboundCrm.leadsByIds(ids)
    return (id) => leads.get(id) ?? null
  })
  const apply = async ({ leadId }: LeadEvent): Promise<Ending> => {
    const { lead: mirrored } = await context.erp.mirrorOf(String(leadId))
    if (mirrored === null) return { outcome: 'ignored' }
    const standing = standingOf({ stage: mirrored.STAGE ?? null }, await lead(leadId), stages)
    if (standing.kind === 'leaves') {
      return { outcome: (await removeLead(context, run, String(leadId), standing.reason)) ? 'removed' : 'ignored' }
    }
    if (standing.kind === 'stays') return { outcome: 'ignored' }
    context.log.warn({ key: leadId }, 'a stage that no spelling of CRM_STAGES names: the lead stays')
    return { outcome: 'ignored', code: 'UNKNOWN_STAGE' }
  }
  const stream: Stream<LeadEvent> = {
    lane: 'leads',
    prefix: 'lead_descartada',
    read: readLeadEvent,
    recordOf: (event) => String(event.leadId),
    keyOf: (event) => String(event.leadId),
    end: (claim, index, event) => endEvent({ context, run, counts }, claim, index, event, () => apply(event)),
  }
  return runLane(context, run, stream, { counts: () => counts.values })
}

function outcome(letters: JobOutcome, { stopped, ...compared }: Awaited<ReturnType<typeof compareStages>>): JobOutcome {
  const removed = Number(letters.counts.removed) + compared.removed
  const counts = { ...letters.counts, removed, compare: compared }
  if (letters.status === 'failed') return { ...letters, counts }
  if (stopped !== undefined) return { status: 'stopped', counts, message: stopped }
  const idle = letters.status === 'skipped' && compared.removed === 0
  if (idle) return { status: 'skipped', counts, message: 'nothing to do' }
  return { status: 'success', counts, ...(letters.status === 'success' && letters.message ? { message: letters.message } : {}) }
}
