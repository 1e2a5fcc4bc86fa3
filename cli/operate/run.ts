/** `ponte run <job>`: one run of one job, without any scheduler. */
import type { Command } from 'commander'
import { audited } from '../../connectors/state/people/audit.ts'
import { openState } from '../../connectors/state/pool.ts'
import type { RunParameters } from '../../connectors/state/runs/runs.ts'
import { jobNamed, jobs } from '../../jobs/catalogue.ts'
import type { Job, JobOutcome } from '../../jobs/context.ts'
import type { Detected } from '../../jobs/detect/detect.ts'
import { askRun } from '../../jobs/run/ask-run.ts'
import { sentence } from '../../jobs/run/error-text.ts'
import { type RunReport, runJob } from '../../jobs/run/run-job.ts'
import { parametersOf } from '../../jobs/run/run-parameters.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { cliActor } from '../operator.ts'
import { type Output, plural, seconds, table } from '../output.ts'
import { progressBars } from '../progress.ts'
import { explainGuard } from './guards.ts'

interface Options extends RunParameters {
  readonly json?: boolean
  readonly strict?: boolean
  readonly enqueue?: boolean
}

export function runCommand(program: Command): void {
  program
    .command('run')
    .argument('<job>', 'a job, by either of its names')
    .description('run one job once')
    .option('--json', 'one JSON document on standard output')
    .option('--strict', 'exit 1 when lines went to falhas')
    .option('--accept-guard <run>', 'go on although a guard stopped this run; duplicate keys are left out')
    .option('--dry-run', 'look and report, change nothing (job_leads_full_sync)')
    .option('--enqueue', 'ask the workers for the run instead (ponte worker, ponte up), and do not wait for it')
    .addHelpText(
      'after',
      `
Jobs:
${jobs.map((job) => `  ${job.name}${job.aliases.length > 0 ? ` (also ${job.aliases.join(', ')})` : ''}\n      ${job.summary}`).join('\n')}

Examples:
  ponte run job_execute_spark
  ponte run job_insert_leads_in_spotter --json
  ponte run job_execute_spark --accept-guard 01JD3Z5W0E7R6X8K9M2N4P5Q6S
  ponte run job_leads_full_sync --dry-run
  ponte run job_leads_full_sync --enqueue

Exit codes: 0 done (lines in falhas are counted; --strict makes them 1), 1 failed, 2 wrong usage or configuration,
3 stopped by a guard.`,
    )
    .action((name: string, options: Options) =>
      execute(options, async (command) => {
        const { settings, output, closer, signal } = command
        const job = jobNamed(name)
        if (options.enqueue) return enqueue(command, job, options)
        const { wire } = await import('../wire.ts')
        const context = await wire(settings, closer)
        const bars = progressBars(output)
        const parameters = parametersOf(options)
        const run = () => runJob(context, job, { signal, progress: bars.show, ...parameters })
        // Cron runs jobs too, and the history of runs has them; passing a guard is a person's decision.
        const action = { actor: cliActor(), action: 'jobs.run', target: job.name, after: parameters }
        const report = options.acceptGuard === undefined ? await run() : await audited(context.state)(action, run)
        bars.stop()
        const code = exitCode(report, options.strict ?? false)
        output.result({ ok: code === 0, ...report })
        show(output, report)
        return code
      }),
    )
}

async function enqueue({ settings, output, closer }: CommandContext, job: Job, options: Options): Promise<number> {
  const { stateUrl } = await openDatabases(settings, closer)
  const state = await openState(stateUrl)
  closer.add(() => state.end())
  const parameters = parametersOf(options)
  const actor = cliActor()
  const asked = await audited(state)({ actor, action: 'jobs.run', target: job.name, after: parameters }, () =>
    askRun(state, job.name, parameters, actor.slice('cli:'.length)),
  )
  output.result({ ok: true, ...asked, status: 'queued' })
  output.say(`${job.name} is queued: a worker begins it within seconds.\n  ponte runs ${asked.run}`)
  return 0
}

function exitCode(outcome: JobOutcome, strict: boolean): number {
  if (outcome.status === 'stopped') return 3
  if (outcome.status === 'failed') return outcome.exitCode ?? 1
  return strict && refusedCount(outcome) > 0 ? 1 : 0
}

/** Lines that were refused, and letters that could not be read: both lie in falhas. */
const refusedCount = ({ counts }: JobOutcome): number => Number(counts.dead ?? 0) + Number(counts.rejected ?? 0)

const headings: Record<JobOutcome['status'], string> = {
  success: 'done',
  skipped: 'nothing done',
  failed: 'FAILED',
  stopped: 'STOPPED BY A GUARD',
}

/** There was nothing; any other reason for a run that did nothing is told. */
const idleMessages: ReadonlySet<string> = new Set(['', 'nothing to do', 'no letters waiting'])

function show(output: Output, report: RunReport): void {
  const detected = report.counts.detectors as readonly Detected[] | undefined
  const outcome = detected && report.status === 'stopped' ? '; the detectors that it stopped queued nothing' : ''
  const idle = report.status === 'skipped' && idleMessages.has(report.message ?? '')
  output.say(`${report.job}: ${idle ? 'nothing to do' : headings[report.status]}${outcome}\n  ${seconds(report.ms)}, run ${report.run}`)
  if (detected) showDetected(output, detected)
  else showCounts(output, report.counts)
  if (report.status === 'stopped') {
    if (!detected) output.say(`  ${report.message ?? ''}`)
    // A command stands on a line of its own, so that it can be copied whole.
    output.say(`\n  To go on all the same:\n    ponte run ${report.job} --accept-guard ${report.run}`)
    return
  }
  // What a run over letters says is in its counts already.
  const told =
    report.status === 'failed' || (report.status === 'skipped' && !idle) || (report.status === 'success' && !('lines' in report.counts))
  if (report.message && told) for (const line of report.message.split('\n')) output.say(`  ${sentence(line)}`)
  if (report.message === 'already running elsewhere') output.say('  Another run of this job is under way; this one left everything to it.')
  if (refusedCount(report) > 0) output.say('  Next: ponte falhas ls')
}

function showDetected(output: Output, detected: readonly Detected[]): void {
  output.say(
    table(
      ['detector', 'status', 'ERP rows', 'known', 'changed', 'queued', 'waiting', 'held', 'discarded'],
      detected.map((one) => [
        one.entity,
        one.status,
        one.rows?.desired ?? '',
        one.rows?.known ?? '',
        one.changed,
        one.queued,
        one.suppressed,
        one.held.length,
        one.discarded,
      ]),
      ['waiting', 'held', 'discarded'],
    ),
  )
  for (const one of detected) {
    for (const guard of one.guards ?? []) for (const line of explainGuard(guard)) output.say(`  ${line}`)
    if (one.suppressed > 0)
      output.say(`  ${one.entity}: ${plural(one.suppressed, 'change')} already waiting in the queue, not queued again.`)
    if (one.discarded > 0)
      output.say(
        `  ${one.entity}: ${plural(one.discarded, 'change')} not queued, because an operator discarded these values (ponte held ls).`,
      )
    if (one.held.length > 0)
      output.say(
        `  ${one.entity}: held, because three sends with the same values did not make both sides equal: ${one.held.slice(0, 20).join(', ')}`,
      )
    if (one.vanished > 0) output.say(`  ${one.entity}: ${plural(one.vanished, 'record')} no longer in the ERP; nothing is sent for them.`)
    if ((one.rows?.keyless ?? 0) > 0) output.say(`  ${one.entity}: ${plural(one.rows!.keyless, 'row')} without a key, left out.`)
  }
}

/** Only what is there, in words; zero is not worth a line. */
function showCounts(output: Output, counts: JobOutcome['counts']): void {
  const words: readonly [name: string, word: string][] = [
    ['delivered', 'delivered'],
    ['dead', 'refused, now in falhas'],
    ['rejected', 'unreadable letters, now in falhas'],
    ['superseded', 'replaced by a newer change'],
    ['already', 'delivered by an earlier run'],
    ['open', 'still queued'],
    ['read', 'leads of the CRM read'],
    ['equal', 'equal'],
    ['different', 'different'],
    ['missingInMirror', 'missing in the mirror'],
    ['missingInCrm', 'missing in the CRM'],
    ['movedBack', 'moved back in the funnel'],
    ['leftOut', 'left out'],
    ['fresh', 'new'],
    ['updated', 'updated in the mirror'],
    ['applied', 'applied'],
    ['removed', 'removed from the mirror'],
    ['refused', 'refused by the ERP'],
    ['leadsDays', 'days of delivered leads deleted'],
    ['contactsDays', 'days of delivered contacts deleted'],
    ['timelineEvents', 'timeline events deleted'],
    ['idleRuns', 'runs deleted that had nothing to do'],
  ]
  const parts = words.flatMap(([name, word]) => (Number(counts[name] ?? 0) > 0 ? [`${counts[name]} ${word}`] : []))
  if (parts.length > 0) output.say(`  ${parts.join(' · ')}`)
}
