/** `ponte restore <file>`: state, queue and snapshots as a backup holds them. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { zonedTime } from '../../base/zone.ts'
import { audited } from '../../connectors/state/people/audit.ts'
import { createStatePool, installState } from '../../connectors/state/pool.ts'
import { backupPath } from './backup.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { cliActor } from '../operator.ts'
import { plural } from '../output.ts'

export function restoreCommand(program: Command): void {
  program
    .command('restore')
    .argument('<file>', 'a backup: a path, or a name as ponte backup ls shows it')
    .description('put state database, queue and snapshots back from a backup')
    .option('--force', 'also when there is something: the state is replaced, queue and snapshots are set aside')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Stop all of Ponte first. Needs the secret key (BACKUP_IDENTITY_FILE). What was done after the backup is found out by itself:
nothing is sent twice, what still differs is sent by the next compare.

Examples:
  BACKUP_IDENTITY_FILE=/root/key.txt ponte restore ponte-0.2.0-20261127T033000Z.tar.gz.age
  ponte restore /mnt/backups/ponte-0.2.0-20261127T033000Z.tar.gz.age --force`,
    )
    .action((file: string, options: { json?: boolean; force?: boolean }) =>
      execute(options, (command) => run(command, file, options.force ?? false)),
    )
}

async function run(command: CommandContext, name: string, force: boolean): Promise<number> {
  const { settings, output, closer } = command
  const file = backupPath(command, name)
  if (settings.backup.identity === null)
    throw new PonteError('config.invalid', 'BACKUP_IDENTITY is missing: the backup cannot be read', {
      hint: 'set BACKUP_IDENTITY_FILE to the secret key that ponte backup key showed',
      exitCode: 2,
    })
  const { restore } = await import('../../jobs/keep/restore.ts')
  const { stateUrl } = await openDatabases(settings, closer)
  const state = createStatePool(stateUrl)
  closer.add(() => state.end())
  await installState(state)
  const { queueRoot, stateDir } = settings
  const { identity } = settings.backup
  // The audit log is what a restore does not take back, so it can hold the restore itself.
  const restored = await audited(state)({ actor: cliActor(), action: 'restore', target: name }, () =>
    restore(file, identity, { state, queueRoot, stateDir }, force),
  )
  output.result({ ok: true, ...restored })
  output.say(`Restored: the state of ${zonedTime(restored.backupAt, settings.schedule.zone)}, ${plural(restored.letters, 'letter')}.`)
  for (const folder of restored.aside)
    output.say(`  Set aside, by this restore or an earlier one: ${folder} (delete it when you need it no more)`)
  output.say(`
Tokens and users are those of the backup: what was revoked since is good again (ponte token ls). Everybody must log in anew.
A request to erase somebody that came since has to be repeated: ponte erase.
Start Ponte again. Its first compares find out what was sent after the backup; letters that a compare had made end as superseded.`)
  return 0
}
