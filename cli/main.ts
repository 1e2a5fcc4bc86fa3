#!/usr/bin/env node
/** The command `ponte`. One file per command; command.ts is what they share. */
import { Command, CommanderError } from 'commander'
import { visible, visibleJson } from '../base/visible.ts'
import { coreIntegratorCommand } from './coreintegrator/coreintegrator.ts'
import { backupCommand } from './data/backup.ts'
import { eraseCommand } from './data/erase.ts'
import { migrateCommand } from './data/migrate.ts'
import { restoreCommand } from './data/restore.ts'
import { doctorCommand } from './doctor/doctor.ts'
import { falhasCommand } from './falhas/falhas.ts'
import { alertsCommand } from './operate/alerts.ts'
import { conflictsCommand } from './operate/conflicts.ts'
import { heldCommand } from './operate/held.ts'
import { pauseCommand } from './operate/pause.ts'
import { planCommand } from './operate/plan.ts'
import { queueCommand } from './operate/queue.ts'
import { runCommand } from './operate/run.ts'
import { runsCommand } from './operate/runs.ts'
import { tokenCommand } from './operate/token.ts'
import { usersCommand } from './operate/users.ts'
import { whyCommand } from './operate/why.ts'
import { apiCommand } from './serve/api.ts'
import { upCommand } from './serve/up.ts'
import { workerCommand } from './serve/worker.ts'
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

// What serves for trying Ponte out is loaded only for whoever asks for it, or for everything.
const asked = process.argv.slice(2).find((word) => !word.startsWith('-')) ?? 'help'
const lab = ['demo', 'demo-data', 'simulator', 'help'].includes(asked) ? await import('../lab/demo/commands.ts') : null

// The order is the order of --help: first looks, then daily work, then installation.
lab?.demoCommand(program)
doctorCommand(program)
planCommand(program)
runCommand(program)
runsCommand(program)
pauseCommand(program)
queueCommand(program)
falhasCommand(program)
heldCommand(program)
whyCommand(program)
alertsCommand(program)
conflictsCommand(program)
upCommand(program)
apiCommand(program)
workerCommand(program)
tokenCommand(program)
usersCommand(program)
migrateCommand(program)
backupCommand(program)
restoreCommand(program)
eraseCommand(program)
lab?.demoDataCommand(program)
lab?.simulatorCommand(program)
coreIntegratorCommand(program)

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
