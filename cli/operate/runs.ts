/** `ponte runs [run]`: what ran, when and why, how it ended, and what is tried again. */
import type { Command } from 'commander'
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { timeIn, zonedTime } from '../../base/zone.ts'
import { openState } from '../../connectors/state/pool.ts'
import { findRun, listRuns, type RunFilter } from '../../connectors/state/runs/run-history.ts'
import type { Run, RunStatus, RunTrigger } from '../../connectors/state/runs/runs.ts'
import { jobNamed } from '../../jobs/catalogue.ts'
import { balanceOf } from '../../jobs/run/balance.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { type Output, plural, seconds, table } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'

interface Options {
  readonly json?: boolean
  readonly job?: string
  readonly status?: string
  readonly trigger?: string
  readonly since?: string
  readonly all?: boolean
  readonly limit: string
}

const statuses: readonly RunStatus[] = ['queued', 'running', 'success', 'skipped', 'failed', 'stopped']
const triggers: readonly RunTrigger[] = ['schedule', 'manual', 'webhook', 'job']

export function runsCommand(program: Command): void {
  program
    .command('runs')
    .argument('[run]', 'show this run whole, with its balance')
    .description('the history of runs, the newest first')
    .option('--job <name>', 'only of this job, by either of its names')
    .option('--status <status>', `only those: ${statuses.join(', ')}; several with commas`)
    .option('--trigger <trigger>', `only those that began so: ${triggers.join(', ')}`)
    .option(
      '--since <time>',
      'only those that started then or later, such as 2026-11-27 or 2026-11-27T14:00 (of SCHEDULE_ZONE), or 2026-11-27T14:00:00Z',
    )
    .option('--all', 'also those that found nothing to do')
    .option('--limit <n>', 'how many', '30')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Examples:
  ponte runs
  ponte runs --status failed,stopped --since 2026-11-27
  ponte runs --job job_execute_spark --all --limit 200 --json
  ponte runs 01JD3Z5W0E7R6X8K9M2N4P5Q6S`,
    )
    .action((run: string | undefined, options: Options) =>
      execute(options, async (command) => {
        const { zone } = command.settings.schedule
        const filter = filterOf(options, zone)
        const state = await openHistory(command)
        return run === undefined ? list(command.output, state, filter, zone) : show(command.output, state, run, zone)
      }),
    )
}

async function openHistory({ settings, closer }: CommandContext): Promise<pg.Pool> {
  const { stateUrl } = await openDatabases(settings, closer)
  const state = await openState(stateUrl)
  closer.add(() => state.end())
  return state
}

function filterOf({ job, status, trigger, since, all, limit }: Options, zone: string): RunFilter {
  const wanted = status?.split(',').map((one) => oneOf('--status', one.trim(), statuses))
  const eventful = statuses.filter((one) => one !== 'skipped')
  return {
    ...(job === undefined ? {} : { job: jobNamed(job).name }),
    ...(wanted ? { statuses: wanted } : all ? {} : { statuses: eventful }),
    ...(trigger === undefined ? {} : { trigger: oneOf('--trigger', trigger, triggers) }),
    ...(since === undefined ? {} : { since: timeOf(since, zone) }),
    limit: wholeNumber('--limit', limit),
  }
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text)
  if (found) return found
  throw new PonteError('usage.wrong', `${option} does not know "${text}".`, { hint: `It knows ${known.join(', ')}.`, exitCode: 2 })
}

function timeOf(text: string, zone: string): Date {
  const time = timeIn(text, zone)
  if (time !== null) return time
  throw new PonteError('usage.wrong', '--since is not a time.', { hint: 'Such as 2026-11-27 or 2026-11-27T14:00:00Z.', exitCode: 2 })
}

async function list(output: Output, state: pg.Pool, filter: RunFilter, zone: string): Promise<number> {
  const runs = await listRuns(state, filter)
  output.result({ ok: true, runs })
  if (runs.length === 0) output.say('No such runs. With --all also those that found nothing to do are listed.')
  else output.say(runTable(runs, zone))
  for (const { id, job, message } of runs.filter(({ status }) => status === 'failed' || status === 'stopped').slice(0, 5))
    output.say(`\n  ${job}, ${id}:\n    ${(message ?? '').split('\n').join('\n    ')}`)
  return 0
}

const runTable = (runs: readonly Run[], zone: string): string =>
  table(
    ['started', 'job', 'by', 'status', 'took', 'run'],
    runs.map(({ startedAt, job, trigger, attempt, status, endedAt, id }) => [
      zonedTime(startedAt, zone),
      job,
      attempt > 1 ? `${trigger}, try ${attempt}` : trigger,
      status,
      endedAt ? seconds(endedAt.getTime() - startedAt.getTime()) : '',
      id,
    ]),
  )

async function show(output: Output, state: pg.Pool, id: string, zone: string): Promise<number> {
  const time = (at: Date) => zonedTime(at, zone)
  const run = await findRun(state, id)
  if (!run) throw new PonteError('run.unknown', `There is no run ${id}.`, { hint: 'ponte runs lists them.', exitCode: 2 })
  const balance = run.status === 'queued' ? null : await balanceOf(state, id)
  const followed = await listRuns(state, { parent: id, limit: 100 })
  output.result({ ok: true, ...run, balance, followed })
  output.say(`${run.job}: ${run.status}${run.code ? ` (${run.code})` : ''}`)
  output.say(
    `  started ${time(run.startedAt)} by ${run.requestedBy ?? run.trigger}, try ${run.attempt}, on ${run.worker ?? 'no worker yet'}`,
  )
  if (run.endedAt) output.say(`  ended   ${time(run.endedAt)}, after ${seconds(run.endedAt.getTime() - run.startedAt.getTime())}`)
  if (run.retryAt) output.say(`  tried again at ${time(run.retryAt)}`)
  if (run.message) output.say(`  ${run.message.split('\n').join('\n  ')}`)
  if (balance) {
    const { changed, delivered, pending, failed, suppressed, superseded, balanced } = balance
    output.say(
      `\n  ${changed} = ${delivered} delivered + ${pending} pending + ${failed} failed + ${suppressed} suppressed + ${superseded} superseded${balanced ? '' : '   DOES NOT BALANCE: report this'}`,
    )
  }
  if (followed.length > 0) output.say(`\n  ${plural(followed.length, 'run')} followed:\n${runTable(followed, zone)}`)
  return 0
}
