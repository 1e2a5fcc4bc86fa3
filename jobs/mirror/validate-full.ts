/**
 * job_validade_full: every integrated lead of the CRM beside the mirror, by the rules of the field table. What differs is
 * reported, then applied as an event would be; what is missing in the CRM is reported and left to job_descarta_lead and its guard.
 */

import { stagesOf } from '../../records/stages.ts'
import type { Context, Job, JobOutcome } from '../context.ts'
import { openReport, purgeReports } from '../keep/report-file.ts'
import { contactJob } from '../receive/inbound-leads.ts'
import { recoverLanes } from '../recover.ts'
import { newValidation, type Validation } from './validation.ts'

const reportName = 'validade_full'
const reportDays = 30

export const validateFull: Job = {
  name: 'job_validade_full',
  aliases: ['job_validate_full'],
  summary: 'compare all leads of the CRM with the mirror, report what differs and apply it',
  async run(context, run) {
    await recoverLanes(context)
    const { reportsDir } = context.options
    await purgeReports(reportsDir, reportName, reportDays, run.at)
    const stages = stagesOf(await context.erp.stages())
    const report = await openReport(reportsDir, reportName, run)
    const validation = newValidation(context, run, stages, report)
    try {
      await compareAll(context, run.signal, validation, (rows) =>
        run.progress({ kind: 'pull', entity: 'leads of the CRM', side: 'known', rows }),
      )
    } catch (error) {
      // What was found until then is kept; the failure is what must be told.
      await report.close({ complete: false, ...validation.counts() }).catch(() => {})
      throw error
    }
    await report.close({ complete: true, ...validation.counts() })
    return outcome(validation, `${reportName}_${run.id}.json`)
  },
}

async function compareAll({ crm, erp }: Context, signal: AbortSignal, validation: Validation, onProgress: (rows: number) => void) {
  for await (const leads of crm.leads(signal)) {
    await validation.page(leads)
    onProgress(validation.counts().read!)
  }
  for await (const rows of erp.mirroredStages()) await validation.missing(rows.map(({ leadId }) => Number(leadId)))
}

function outcome(validation: Validation, report: string): JobOutcome {
  const counts = validation.counts()
  const refused = counts.refused ?? 0
  return {
    status: 'success',
    counts: { ...counts, report },
    ...(refused > 0 ? { message: `${refused} leads were refused: see ${report} among the reports` } : {}),
    ...(validation.contactsQueued() > 0 ? { triggers: [contactJob] } : {}),
  }
}
