/** `ponte pause [job]` and `ponte resume [job]`: a paused job runs only when a person asks for it. */
import type { Command } from 'commander'
import { audited } from '../../connectors/state/people/audit.ts'
import { openState } from '../../connectors/state/pool.ts'
import { ALL_JOBS, pauseJob, pauses, resumeJob } from '../../connectors/state/runs/schedules.ts'
import { jobNamed } from '../../jobs/catalogue.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { cliActor } from '../operator.ts'

const json: [string, string] = ['--json', 'one JSON document on standard output']

export function pauseCommand(program: Command): void {
  program
    .command('pause')
    .argument('[job]', 'a job, by either of its names; without: all jobs')
    .description('let a job, or all of them, run no more by itself; what is running goes on')
    .option(...json)
    .addHelpText(
      'after',
      `
Letters and webhooks wait meanwhile; nothing is lost. "ponte run <job>" runs a paused job all the same.

Examples:
  ponte pause job_insert_leads_in_spotter
  ponte pause                                 before maintenance`,
    )
    .action((job: string | undefined, options: { json?: boolean }) => execute(options, (command) => set(command, job, true)))

  program
    .command('resume')
    .argument('[job]', 'a job, by either of its names; without: all jobs, except those that were paused by name')
    .description('let it run again, from its next tick')
    .option(...json)
    .addHelpText('after', '\nExamples:\n  ponte resume job_insert_leads_in_spotter\n  ponte resume')
    .action((job: string | undefined, options: { json?: boolean }) => execute(options, (command) => set(command, job, false)))
}

async function set({ settings, output, closer }: CommandContext, name: string | undefined, pause: boolean): Promise<number> {
  const job = name === undefined ? ALL_JOBS : jobNamed(name).name
  const { stateUrl } = await openDatabases(settings, closer)
  const state = await openState(stateUrl)
  closer.add(() => state.end())
  const actor = cliActor()
  const changed = await audited(state)({ actor, action: pause ? 'jobs.pause' : 'jobs.resume', target: job }, () =>
    pause ? pauseJob(state, job, `${actor.slice('cli:'.length)} (ponte pause)`) : resumeJob(state, job),
  )
  const paused = await pauses(state)
  output.result({ ok: true, job, paused: pause, changed, allPaused: paused })
  const what = job === ALL_JOBS ? 'All jobs' : job
  const verb = job === ALL_JOBS ? 'are' : 'is'
  if (pause) output.say(`${what} ${verb} paused${changed ? '' : ' already'}.`)
  else output.say(changed ? `${what} ${job === ALL_JOBS ? 'run' : 'runs'} again, from the next tick on.` : `${what} ${verb} not paused.`)
  const rest = paused.filter((one) => one.job !== job)
  if (rest.length > 0) output.say(`Paused besides: ${rest.map((one) => (one.job === ALL_JOBS ? 'all jobs' : one.job)).join(', ')}.`)
  return 0
}
