/** `ponte run <job>`: one run of one job, without any scheduler. */
import type { Command } from 'commander'
import { jobNamed, jobs } from '../jobs/catalogue.ts'
import type { JobOutcome, Progress } from '../jobs/context.ts'
import type { Detected } from '../jobs/detect.ts'
import { type RunReport, runJob } from '../jobs/run-job.ts'
import { type CommandContext, execute } from './command.ts'
import { type Bar, type Output, seconds, table } from './output.ts'
import { wire } from './wire.ts'

export function runCommand(program: Command): void {
  program
    .command('run')
    .argument('<job>', 'a job, by either of its names')
    .description('run one job once')
    .option('--json', 'one JSON document on standard output')
    .option('--strict', 'exit 1 when lines went to falhas')
    .option('--accept-guard <run>', 'go on although a guard stopped this run; duplicate keys are left out')
    .addHelpText(
      'after',
      `
Jobs:
${jobs.map((job) => `  ${job.name.padEnd(34)} ${job.summary}${job.aliases.length > 0 ? ` (also ${job.aliases.join(', ')})` : ''}`).join('\n')}

Examples:
  ponte run job_execute_spark
  ponte run job_insert_leads_in_spotter --json
  ponte run job_execute_spark --accept-guard 01JD3Z5W0E7R6X8K9M2N4P5Q6S

Exit codes: 0 done (lines in falhas are counted; --strict makes them 1), 1 failed, 2 wrong usage or configuration, 3 stopped by a guard.`,
    )
    .action((name: string, options: { json?: boolean; strict?: boolean; acceptGuard?: string }) =>
      execute(options, async (command) => {
        const job = jobNamed(name)
        const context = await wire(command.settings, command.closer)
        const bars = progressBars(command.output)
        const report = await runJob(context, job, {
          signal: command.signal,
          progress: bars.show,
          ...(options.acceptGuard === undefined ? {} : { acceptGuard: options.acceptGuard }),
        })
        bars.stop()
        show(command, report)
        return exitCode(report, options.strict ?? false)
      }),
    )
}

export function exitCode(outcome: JobOutcome, strict: boolean): number {
  if (outcome.status === 'stopped') return 3
  if (outcome.status === 'failed') return outcome.exitCode ?? 1
  return strict && Number(outcome.counts.dead ?? 0) > 0 ? 1 : 0
}

function show({ output }: CommandContext, report: RunReport): void {
  output.result({ ok: report.status === 'success' || report.status === 'skipped', ...report })
  const detectors = report.counts.detectors as readonly Detected[] | undefined
  output.say(`${report.job}: ${report.status} in ${seconds(report.ms)}  (run ${report.run})`)
  if (detectors)
    output.say(
      table(
        ['detector', 'status', 'ERP rows', 'known', 'changed', 'queued', 'pending', 'held', 'files', 'vanished'],
        detectors.map((one) => [
          one.entity,
          one.status,
          one.rows?.desired ?? 0,
          one.rows?.known ?? 0,
          one.changed,
          one.queued,
          one.suppressed,
          one.held.length,
          one.files,
          one.vanished,
        ]),
      ),
    )
  else if (Object.keys(report.counts).length > 0)
    output.say(
      `  ${Object.entries(report.counts)
        .map(([name, value]) => `${name} ${value}`)
        .join(' · ')}`,
    )
  if (report.message) for (const line of report.message.split('\n')) output.say(`  ${line}`)
  if (report.status === 'stopped') output.say(`  To go on all the same: ponte run ${report.job} --accept-guard ${report.run}`)
}

/** One bar at a time, named after what is going on. */
export function progressBars(output: Output): { show(event: Progress): void; stop(): void } {
  let title = ''
  let bar: Bar | null = null
  return {
    show(event) {
      const [name, done, total] =
        event.kind === 'pull'
          ? [`reading ${event.entity} (${event.side})`, event.rows, undefined]
          : event.kind === 'publish'
            ? [`queueing ${event.entity}`, event.done, event.total]
            : ['delivering', event.done, event.total]
      if (name !== title) {
        bar?.stop()
        bar = output.bar(name)
        title = name
      }
      bar?.update(done, total)
    },
    stop() {
      bar?.stop()
      bar = null
      title = ''
    },
  }
}
