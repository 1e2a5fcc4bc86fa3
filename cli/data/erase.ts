/** `ponte erase <tax id>`: forgets one client. Shows what it would do; does it with --yes. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { audited } from '../../connectors/state/people/audit.ts'
import type { Erasure } from '../../operations/erase.ts'
import { type CommandContext, execute } from '../command.ts'
import { cliActor } from '../operator.ts'
import { plural } from '../output.ts'

interface EraseOptions {
  readonly json?: boolean
  readonly yes?: boolean
  readonly anyway?: boolean
}

export function eraseCommand(program: Command): void {
  program
    .command('erase')
    .argument('<tax-id>', 'CNPJ or CPF, in any spelling')
    .description('forget one client: letters, state, snapshots and reports')
    .option('--yes', 'do it; without it only what would be done is shown')
    .option('--anyway', 'also when the ERP still names it for integration')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
ERP and CRM are not touched: erase there first. Backups are encrypted and not changed; the last one that knows the client is
gone after BACKUP_KEEP days. What the balance of a run needs stays, without key or value. The end of the output names all that
is not reached. It waits up to a minute for a compare that is running, which would bring the client back.

Examples:
  ponte erase 12.345.678/0001-95
  ponte erase 12345678000195 --yes`,
    )
    .action((taxId: string, options: EraseOptions) => execute(options, (command) => run(command, taxId, options)))
}

async function run({ settings, output, closer }: CommandContext, given: string, options: EraseOptions): Promise<number> {
  const [{ wire }, { erase }, { padTaxId }] = await Promise.all([
    import('../wire.ts'),
    import('../../operations/erase.ts'),
    import('../../operations/find-dead.ts'),
  ])
  const taxId = padTaxId(given)
  if (taxId.length !== 14 || /^0+$/.test(taxId) || given.replace(/[^\dA-Za-z]/g, '').length < 11)
    throw new PonteError('usage.erase', 'this is no tax id', {
      hint: 'a CNPJ has 14 positions, a CPF 11; marks between are ignored',
      exitCode: 2,
    })
  // Not all of it: whoever asks for the CRM of a context is told when none is configured.
  const wired = await wire(settings, closer)
  const { erp, state, lanes, log, options: jobOptions } = wired
  const crm = settings.crm === null ? null : wired.inboundCrm
  const places = { queueRoot: settings.queueRoot, stateDir: settings.stateDir, reportsDir: join(settings.stateDir, 'reports') }
  const dryRun = options.yes !== true
  const work = async () => {
    const erasure = await erase({ erp, state, lanes, log, options: jobOptions, crm, ...places }, taxId, {
      dryRun,
      anyway: options.anyway ?? false,
    })
    return { erasure, after: totals(erasure) }
  }
  // Who did it and when, and nothing of whom.
  const { erasure } = dryRun ? await work() : await audited(state)({ actor: cliActor(), action: 'erase', target: 'erased' }, work)
  const { rows, unread, aside, untied } = erasure
  output.result({ ok: erasure.inHand === 0, dryRun, ...totals(erasure), rows, crm: erasure.crm, notReached: { unread, aside, untied } })
  show(output.say, erasure, dryRun, settings.backup.keep)
  return !dryRun && erasure.inHand > 0 ? 1 : 0
}

/** Numbers alone: they may be kept. */
function totals({ letters, rows, snapshotRows, reports, inHand }: Erasure) {
  const sum = (name: 'waiting' | 'dead' | 'ended') => Object.values(letters).reduce((total, one) => total + one[name], 0)
  return {
    ...{ waiting: sum('waiting'), dead: sum('dead'), ended: sum('ended'), inHand, snapshotRows, reports },
    stateRows: Object.values(rows).reduce((total, one) => total + one, 0),
  }
}

function show(say: (line: string) => void, erasure: Erasure, dryRun: boolean, keep: number): void {
  const { waiting, dead, ended, inHand, stateRows, snapshotRows, reports } = totals(erasure)
  say(dryRun ? 'Would be erased (run it with --yes):' : 'Erased:')
  say(`  ${plural(waiting, 'line')} waiting, ${dead} in falhas, ${ended} in processados`)
  const parts = Object.entries(erasure.rows).flatMap(([name, rows]) => (rows > 0 ? [`${name} ${rows}`] : []))
  say(`  ${plural(stateRows, 'row')} of the state${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`)
  say(`  ${plural(snapshotRows, 'row')} of snapshots, ${plural(reports, 'report')}`)
  if (inHand > 0) say(`\n${plural(inHand, 'line')} in the hands of another process right now: run the same command again.`)
  say('\nNot reached by this command:')
  say('  ERP and CRM. In the ERP also Ponte’s tables LEADS, CONTACTS, LOG_EXECUTION_CRM and ERROR_LOG')
  say(`  backups made before: the last of them is removed when ${keep} newer ones were made`)
  say('  the files of the state database: PostgreSQL overwrites removed rows when it vacuums, its write-ahead log when it recycles it')
  if (erasure.crm !== 'asked')
    say(
      `  leads that only the CRM ties to this tax id: it ${erasure.crm === 'absent' ? 'is not configured (API_URL)' : 'cannot be asked now; run this again'}`,
    )
  for (const lead of erasure.untied)
    say(`  lead ${lead}: letters name it beside this tax id, but ERP, mirror, CRM and ledger do not; ponte why --lead ${lead} tells more`)
  for (const folder of erasure.aside) say(`  ${folder}: what was there before a restore; delete it`)
  for (const file of erasure.unread) say(`  ${file}: it cannot be read as a letter; look into it yourself`)
  say(
    'The log needs nothing: tax ids, names, e-mails and phones are masked in it; the number of the lead in the CRM stays until it is rotated away.',
  )
}
