/** Runs the demo's jobs; one that fails ends the demo. */
import { PonteError } from '../../base/error.ts'
import type { CommandContext } from '../../cli/command.ts'
import { progressBars } from '../../cli/progress.ts'
import { recordJobs } from '../../jobs/catalogue.ts'
import type { Context, Job } from '../../jobs/context.ts'
import { balanceOf } from '../../jobs/run/balance.ts'
import { type RunReport, runJob } from '../../jobs/run/run-job.ts'
import type { Place } from './place.ts'

/** One compare with the deliveries after it. */
export interface Cycle {
  readonly changed: number
  readonly balanced: boolean
  readonly ms: number
}

export interface DemoRunner {
  /** Runs these jobs once, in order. @throws PonteError `demo.job_failed` */
  run(wanted: readonly Job[]): Promise<RunReport[]>
  cycle(): Promise<Cycle>
}

export function demoRunner({ output, signal }: CommandContext, { settings }: Place, context: Context): DemoRunner {
  const bars = progressBars(output)
  const run = async (wanted: readonly Job[]): Promise<RunReport[]> => {
    const reports: RunReport[] = []
    for (const job of wanted) {
      const report = await runJob(context, job, { signal, progress: bars.show })
      bars.stop()
      reports.push(report)
      if (report.status === 'failed' || report.status === 'stopped')
        throw new PonteError('demo.job_failed', `${report.job} ${report.status}: ${report.message}`, {
          hint: `The log is ${settings.logFile}.`,
        })
    }
    return reports
  }
  return {
    run,
    async cycle() {
      const reports = await run(recordJobs)
      const { changed, balanced } = await balanceOf(context.state, reports[0]!.run)
      return { changed, balanced, ms: reports.reduce((sum, one) => sum + one.ms, 0) }
    },
  }
}
