/**
 * Shadow mode (deploy/CUTOVER.md): beside another system that still does the work, Ponte only looks. A compare writes what it would queue
 * into a report; every job that would write to the CRM or the ERP is left alone, and so the mirror stays the other system's.
 */
import type { Context, Job, JobOutcome, JobRun } from '../context.ts'
import { openReport, purgeReports } from '../keep/report-file.ts'
import { allCalls, type Plan, plan } from './plan.ts'

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
  const plans = await plan(context, { sample: shown, signal: run.signal })
  const report = await openReport(reportsDir, reportName, run)
  for (const one of plans) await report.add(one)
  const sum = (count: (one: Plan) => number) => plans.reduce((total, one) => total + count(one), 0)
  const total = {
    changed: sum(({ changed }) => changed),
    wouldSend: sum(({ send }) => send),
    calls: allCalls(plans).most,
    stopped: sum(({ guards }) => (guards.length > 0 ? 1 : 0)),
  }
  const path = await report.close(total)
  return { status: 'success', counts: { ...total, report: path }, message: `shadow mode: nothing was queued; ${path} says what would be` }
}
