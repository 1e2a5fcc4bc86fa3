/**
 * job_leads_full_sync: the mirror anew from the CRM, started by a person.
 *
 *   CRM → staging, on record → [guard] → [dry run ends here] → swap, one transaction → new leads and fields of the ERP, one by one
 *
 * Broken off before the swap, the old mirror is as it was. Broken off after it, what was not applied yet differs, and the next run
 * or job_validade_full applies it. Client code, budget and order values stay with their leads.
 */
import { PonteError } from '../../base/error.ts'
import type { MirrorStaging } from '../../connectors/erp/erp.ts'
import { type Stages, stagesOf } from '../../records/stages.ts'
import type { Context, Job, JobOutcome, JobRun } from '../context.ts'
import { mustHold } from '../receive/end-event.ts'
import { recoverLanes } from '../recover.ts'
import { type Applied, applyStaged, quietColumns } from './full-sync-apply.ts'
import { type CrmRead, leaveOutRefused, readCrm } from './full-sync-read.ts'

export const leadsFullSync: Job = {
  name: 'job_leads_full_sync',
  aliases: [],
  summary: 'load the mirror anew from the CRM; with --dry-run check and report only',
  manual: true,
  canDryRun: true,
  async run(context, run) {
    await recoverLanes(context)
    const stages = stagesOf(await context.erp.stages())
    const staging = await context.erp.stageMirror(run.id)
    try {
      return await sync(context, run, stages, staging)
    } finally {
      // Left behind it is swept by the next run; an error here must not hide what happened.
      await staging.close().catch((error) => context.log.warn({ err: error }, 'the staging tables were not emptied'))
    }
  },
}

async function sync(context: Context, run: JobRun, stages: Stages, staging: MirrorStaging): Promise<JobOutcome> {
  const { read, record } = await readOnRecord(context, run, stages, staging)
  // Only a dry run tries before it knows that there is something to find: the swap itself is the cheaper trial.
  if (run.dryRun) await leaveOutRefused(context, run, staging)
  const found = await staging.counts()
  const counts = { ...read, ...found, mirrored: staging.mirrored, ...(record === null ? {} : { record }) }
  const stopped = run.acceptGuards ? null : shrinkGuard(found.ready, staging.mirrored, context.options.fullSyncMinPercent)
  if (stopped !== null) {
    context.log.error({ ready: found.ready, mirrored: staging.mirrored }, 'a guard stopped the full sync')
    return { status: 'stopped', counts, message: stopped }
  }
  if (run.dryRun) return { status: 'success', counts, message: dryRunSays(read, found) }

  const remove = await reallyGone(context, stages, await staging.gone())
  mustHold(run)
  const reason = 'full sync: the CRM does not have this lead in an integrated stage'
  const swap = () => staging.swap({ quiet: quietColumns, remove, job: run.job, reason })
  const { updated, removed } = await swap().catch(async (error) => {
    if (!(error instanceof PonteError) || error.code !== 'erp.value_refused') throw error
    await leaveOutRefused(context, run, staging)
    mustHold(run)
    return swap()
  })
  const { ready, leftOut } = await staging.counts()
  const applied = await applyStaged(context, run, stages, staging, ready)
  return outcome({ ...counts, ready, leftOut, updated, removed: removed.length, ...applied }, leftOut, read, applied)
}

/** A dry run keeps no record. */
async function readOnRecord(context: Context, run: JobRun, stages: Stages, staging: MirrorStaging) {
  const record = run.dryRun ? null : await context.lanes.leads.archive('full_sync_leads', run.id)
  try {
    const read = await readCrm(context, run, stages, staging, record)
    return { read, record: record === null ? null : await record.close() }
  } catch (error) {
    await record?.discard().catch(() => {})
    throw error
  }
}

function shrinkGuard(ready: number, mirrored: number, minPercent: number): string | null {
  if (ready * 100 >= mirrored * minPercent) return null
  return `The CRM gave ${ready} complete leads in an integrated stage, less than ${minPercent} percent (FULL_SYNC_MIN_PERCENT) of the ${mirrored} in the mirror. Nothing was changed.`
}

/** Who was not in the list is asked for by id: a page may have slipped, a stage may have changed since. Unknown stages stay. */
async function reallyGone({ crm }: Context, stages: Stages, ids: readonly string[]): Promise<string[]> {
  const leads = await crm.leadsByIds(ids.map(Number))
  return ids.filter((id) => {
    const lead = leads.get(Number(id))
    return lead === undefined || stages.find(lead.stage)?.integrated === false
  })
}

function dryRunSays({ contactsLeftOut }: CrmRead, { ready, leftOut, fresh, gone }: Awaited<ReturnType<MirrorStaging['counts']>>): string {
  return `Nothing was changed. ${ready} leads are ready, ${fresh} of them new; ${gone} would leave the mirror; ${leftOut} leads and ${contactsLeftOut} contacts would be left out: see LOG_EXECUTION_CRM.`
}

function outcome(counts: JobOutcome['counts'], leftOut: number, { contactsLeftOut }: CrmRead, applied: Applied): JobOutcome {
  const said = [
    ...(leftOut + contactsLeftOut > 0 ? [`${leftOut} leads and ${contactsLeftOut} contacts were left out: see LOG_EXECUTION_CRM.`] : []),
    ...(applied.refused + applied.contactsRefused > 0
      ? [`The ERP refused ${applied.refused} leads and ${applied.contactsRefused} contacts: see ERROR_LOG.`]
      : []),
  ]
  return { status: 'success', counts, ...(said.length > 0 ? { message: said.join(' ') } : {}) }
}
