/** `ponte backup`, `ponte backup ls|key`: one encrypted file with state, queue and snapshots; its keys. */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { Command } from 'commander'
import { checkSum } from '../../base/files/archive-read.ts'
import { PonteError } from '../../base/error.ts'
import { type CommandContext, execute } from '../command.ts'
import { plural } from '../output.ts'

interface BackupOptions {
  readonly json?: boolean
  readonly to?: string
  readonly verify?: string | true
}

export function backupCommand(program: Command): void {
  const backup = program
    .command('backup')
    .description('state database, queue and snapshots into one encrypted file')
    .option('--to <folder>', 'where to put it (default: BACKUP_DIR)')
    .option('--verify [file]', 'read a backup to its end instead (default: the newest)')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Workers may go on. The file is encrypted for BACKUP_RECIPIENTS; only --verify and ponte restore need the secret key
(BACKUP_IDENTITY_FILE). Without the key --verify compares the checksum alone.

Examples:
  ponte backup
  ponte backup --to /mnt/backups
  ponte backup --verify
  ponte backup ls`,
    )
    .action((options: BackupOptions) => execute(options, (command) => (options.verify ? check(command, options) : make(command, options))))

  backup
    .command('ls')
    .description('backups in BACKUP_DIR, newest first')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExample:\n  ponte backup ls')
    .action((_: unknown, command: Command) => execute(command.optsWithGlobals(), list))

  backup
    .command('key')
    .description('make a pair of keys and show it once')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExample:\n  ponte backup key')
    .action((_: unknown, command: Command) => execute(command.optsWithGlobals(), key))
}

async function make({ settings, output, closer, signal }: CommandContext, { to }: BackupOptions): Promise<number> {
  if (settings.backup.recipients.length === 0)
    throw new PonteError('config.invalid', 'BACKUP_RECIPIENTS is missing: a backup is never made unencrypted', {
      hint: 'ponte backup key makes a pair; set BACKUP_RECIPIENTS to its public key and keep the secret one elsewhere',
      exitCode: 2,
    })
  const [{ wire }, { runJob }, { backupPostgresql }] = await Promise.all([
    import('../wire.ts'),
    import('../../jobs/run/run-job.ts'),
    import('../../jobs/keep/backup.ts'),
  ])
  const context = await wire(to === undefined ? settings : { ...settings, backup: { ...settings.backup, dir: resolve(to) } }, closer)
  const report = await runJob(context, backupPostgresql, { signal })
  const { file, bytes, letters, removed } = report.counts as { file?: string; bytes?: number; letters?: number; removed?: number }
  output.result({ ok: report.status === 'success', ...report })
  if (report.status !== 'success' || file === undefined) {
    output.note(`ponte: no backup was made: ${report.message ?? report.status}`)
    return report.exitCode ?? 1
  }
  output.say(`${file}\n  ${size(bytes ?? 0)}, ${plural(letters ?? 0, 'letter')}`)
  if (removed) output.say(`  ${plural(removed, 'older backup')} removed (BACKUP_KEEP is ${settings.backup.keep})`)
  return 0
}

async function check(command: CommandContext, options: BackupOptions): Promise<number> {
  const { settings, output } = command
  const { verify } = await import('../../jobs/keep/restore.ts')
  const file = typeof options.verify === 'string' ? backupPath(command, options.verify) : await newest(command, options.to)
  const sum = await checkSum(file)
  const { identity } = settings.backup
  if (identity === null && sum === null)
    throw new PonteError('backup.no_identity', 'the backup has no checksum beside it, and BACKUP_IDENTITY is not set to read it', {
      hint: 'set BACKUP_IDENTITY_FILE to the secret key',
      exitCode: 2,
    })
  const read = identity === null ? null : await verify(file, identity)
  output.result({ ok: true, file, sha256: sum, ...(read === null ? {} : { ...read.head, ...read.totals }) })
  output.say(file)
  output.say(`  checksum: ${sum === null ? 'none beside it' : 'as it was written'}`)
  if (read === null) output.say('  not read: BACKUP_IDENTITY is not set')
  else
    output.say(
      `  whole: made by Ponte ${read.head.version} on ${read.head.host}, state of ${read.head.at}, ${plural(read.totals.letters, 'letter')}`,
    )
  return 0
}

async function list({ settings, output }: CommandContext): Promise<number> {
  const { listBackups } = await import('../../jobs/keep/backup.ts')
  const { dir } = settings.backup
  const backups = await Promise.all(
    (await listBackups(dir)).map(async (name) => ({ file: join(dir, name), bytes: (await stat(join(dir, name))).size })),
  )
  output.result({ ok: true, backups })
  for (const { file, bytes } of backups) output.say(`${file}  ${size(bytes)}`)
  if (backups.length === 0) output.say(`There is no backup in ${dir}.`)
  return 0
}

async function key({ output }: CommandContext): Promise<number> {
  const identity = await generateX25519Identity()
  const recipient = await identityToRecipient(identity)
  output.result({ ok: true, recipient, identity })
  output.say(`BACKUP_RECIPIENTS=${recipient}\n\n${identity}`)
  output.note(
    '\nThe first line goes into the settings. The second is the secret key: without it no backup can ever be read, and whoever has it reads\nall of them. It is not shown again. Keep it away from this machine.',
  )
  return 0
}

async function newest({ settings }: CommandContext, to: string | undefined): Promise<string> {
  const { listBackups } = await import('../../jobs/keep/backup.ts')
  const dir = to === undefined ? settings.backup.dir : resolve(to)
  const [name] = await listBackups(dir)
  if (name !== undefined) return join(dir, name)
  throw new PonteError('backup.unreadable', `there is no backup in ${dir}`, { hint: 'ponte backup makes one', exitCode: 2 })
}

/** A path, or the name of a file in BACKUP_DIR. */
export const backupPath = ({ settings }: CommandContext, file: string): string =>
  file.includes('/') ? resolve(file) : join(settings.backup.dir, file)

const size = (bytes: number): string => (bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`)
