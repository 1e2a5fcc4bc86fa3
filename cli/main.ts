#!/usr/bin/env node
/** The command `ponte`. One file per command; wire.ts builds what a command needs. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { demoCommand } from './demo.ts'
import { demoDataCommand } from './demo-data.ts'
import { doctorCommand } from './doctor.ts'
import { falhasCommand } from './falhas.ts'
import { migrateCommand } from './migrate.ts'
import { planCommand } from './plan.ts'
import { runCommand } from './run.ts'
import { simulatorCommand } from './simulator.ts'

// Letters and snapshots are made for the owner and its group only (architecture 7).
process.umask(0o027)

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const program = new Command('ponte')
  .description('Keeps an ERP and a CRM in step: compares in memory, queues on disk, delivers under a quota.')
  .version(version)
  .showHelpAfterError('(ponte --help tells more)')
  .exitOverride()

demoCommand(program)
runCommand(program)
planCommand(program)
migrateCommand(program)
demoDataCommand(program)
simulatorCommand(program)
doctorCommand(program)
falhasCommand(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Commander has already said what is wrong. Asking for help or the version is not an error.
  process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? 0 : 2
}
