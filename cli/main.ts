#!/usr/bin/env node
/** The command `ponte`. One file per command; command.ts is what they share. */
import { Command, CommanderError } from 'commander'
import { visible, visibleJson } from '../base/visible.ts'
import { version } from './version.ts'

// Letters and snapshots are made for the owner and its group only.
process.umask(0o027)

// `ponte plan | head`: whoever reads may leave, and a job that is under way goes on.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

const json = process.argv.includes('--json')

const program = new Command('ponte')
  .description('Keeps an ERP and a CRM in step: compares in memory, queues on disk, delivers under a quota.')
  .version(version)
  .addHelpText(
    'after',
    `
Examples:
  ponte demo                              the whole bridge in a minute, without any configuration
  ponte doctor                            is this installation ready?
  ponte run job_execute_spark             compare and queue
  ponte run job_insert_leads_in_spotter   deliver
  ponte up                                the API and all jobs by their schedules

Settings come from the environment: deploy/.env.example lists them. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration,
3 stopped by a guard. With --json every command prints exactly one JSON document.`,
  )
  .showHelpAfterError(json ? false : '(add --help to see how it is used)')
  .configureOutput({ writeErr: (text) => json || process.stderr.write(visible(text)) })
  .exitOverride()

/**
 * What registers each command, in the order of --help: first looks, then daily work, then installation. Only what is asked for is loaded:
 * a command starts in half the time, and the product loads nothing of lab.
 */
const commands: readonly (readonly [names: string, load: () => Promise<(program: Command) => void>])[] = [
  ['demo', async () => (await import('../lab/demo/demo.ts')).demoCommand],
  ['doctor', async () => (await import('./doctor/doctor.ts')).doctorCommand],
  ['plan', async () => (await import('./operate/plan.ts')).planCommand],
  ['run', async () => (await import('./operate/run.ts')).runCommand],
  ['runs', async () => (await import('./operate/runs.ts')).runsCommand],
  ['pause resume', async () => (await import('./operate/pause.ts')).pauseCommand],
  ['queue', async () => (await import('./operate/queue.ts')).queueCommand],
  ['falhas', async () => (await import('./falhas/falhas.ts')).falhasCommand],
  ['held', async () => (await import('./operate/held.ts')).heldCommand],
  ['why', async () => (await import('./operate/why.ts')).whyCommand],
  ['alerts', async () => (await import('./operate/alerts.ts')).alertsCommand],
  ['conflicts', async () => (await import('./operate/conflicts.ts')).conflictsCommand],
  ['up', async () => (await import('./serve/up.ts')).upCommand],
  ['api', async () => (await import('./serve/api.ts')).apiCommand],
  ['worker', async () => (await import('./serve/worker.ts')).workerCommand],
  ['token', async () => (await import('./operate/token.ts')).tokenCommand],
  ['users', async () => (await import('./operate/users.ts')).usersCommand],
  ['migrate', async () => (await import('./data/migrate.ts')).migrateCommand],
  ['backup', async () => (await import('./data/backup.ts')).backupCommand],
  ['restore', async () => (await import('./data/restore.ts')).restoreCommand],
  ['erase', async () => (await import('./data/erase.ts')).eraseCommand],
  ['demo-data', async () => (await import('../lab/demo/demo-data.ts')).demoDataCommand],
  ['simulator', async () => (await import('../lab/demo/simulator.ts')).simulatorCommand],
  ['coreintegrator', async () => (await import('./coreintegrator/coreintegrator.ts')).coreIntegratorCommand],
]
const asked = process.argv.slice(2).find((word) => !word.startsWith('-')) ?? 'help'
const wanted = commands.filter(([names]) => names.split(' ').includes(asked))
for (const [, load] of wanted.length > 0 ? wanted : commands) (await load())(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Commander has already told people what is wrong. Asking for help or the version is no error; giving no command is one.
  process.exitCode = error.exitCode === 0 ? 0 : 2
  if (json && error.exitCode !== 0) {
    const message = error.code === 'commander.help' ? 'no command given' : error.message.replace(/^error: /, '')
    const hint = 'ponte --help tells how it is used.'
    process.stdout.write(`${visibleJson(JSON.stringify({ ok: false, error: { code: 'usage.wrong', message, hint } }))}\n`)
  }
}
