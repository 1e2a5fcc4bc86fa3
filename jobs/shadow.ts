/**
 * Shadow mode (deploy/CUTOVER.md): beside another system that still does the work, Ponte only looks. A compare writes what it would queue
 * into a report; every job that would write to the CRM or the ERP is left alone, and so the mirror stays the other system's.
 */
import type { Context, Job, JobOutcome, JobRun } from './context.ts'
import { entities } from './entities.ts'
import { plan } from './plan.ts'
import { openReport, purgeReports } from './report-file.ts'

const reportName = 'shadow'
const reportDays = 30
/** Changes shown in full, per entity; the counts are of all. */
const shown = 500

/** Jobs that write nothing but Ponte's own; the compare is another one in shadow mode. */
const harmless: ReadonlySet<string> = new Set(['job_execute_spark', 'backup_postgresql', 'purge'])

/** @returns why the job does not run now; null: it may. A full sync that only looks may, too */
export function shadowed(options: Context['options'], job: Job, dryRun: boolean): string | null {
  if (!options.shadow || harmless.has(job.name) || dryRun) return null
  return 'shadow mode: another system does this (SHADOW)'
}

export async function shadowCompare(context: Context, run: JobRun): Promise<JobOutcome> {
  const { reportsDir } = context.options
  await purgeReports(reportsDir, reportName, reportDays, run.at)
  const report = await openReport(reportsDir, reportName, run)
  const total = { changed: 0, wouldSend: 0, calls: 0, stopped: 0 }
  for (const one of await plan(context, entities, shown, run.signal)) {
    await report.add(one)
    total.changed += one.changed
    total.wouldSend += one.send
    total.calls += one.calls
    total.stopped += one.guards.length > 0 ? 1 : 0
  }
  const path = await report.close(total)
  return { status: 'success', counts: { ...total, report: path }, message: `shadow mode: nothing was queued; ${path} says what would be` }
}
