/** `ponte conflicts`: fields that both sides changed apart, and who won. */

import type { Command } from 'commander'
import { zonedTime } from '../../base/zone.ts'
import { type ListedConflict, listConflicts } from '../../connectors/state/changes/agreed.ts'
import { openState } from '../../connectors/state/pool.ts'
import { kinds } from '../../records/kinds.ts'
import { type CommandContext, execute } from '../command.ts'
import { openDatabases } from '../databases.ts'
import { plural, table } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'

export function conflictsCommand(program: Command): void {
  program
    .command('conflicts')
    .description('fields that ERP and CRM changed at the same time, and who won; the newest first')
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
Each field has an owner: the ERP for name, address, tax id, client code, state registration and financial analysis, the CRM for stage,
source, phone, industry, representative and contacts. When both sides changed a field apart, the owner's value stands on both.

Examples:
  ponte conflicts
  ponte conflicts --limit 500 --json`,
    )
    .action((options: { limit: string; json?: boolean }) =>
      execute(options, (command) => list(command, wholeNumber('--limit', options.limit))),
    )
}

async function list({ settings, output, closer }: CommandContext, limit: number): Promise<number> {
  const { stateUrl } = await openDatabases(settings, closer)
  const state = await openState(stateUrl)
  closer.add(() => state.end())
  const conflicts = await listConflicts(state, limit)
  output.result({ ok: true, conflicts })
  if (conflicts.length === 0) output.say('No conflicts: wherever both sides changed a field, they changed it to the same.')
  else {
    output.say(
      table(
        ['when', 'record', 'field', 'agreed before', 'ERP', 'CRM', 'stands'],
        conflicts.map((one) => row(one, settings.schedule.zone)),
      ),
    )
    output.say(
      `\n${plural(conflicts.length, 'conflict')}. What does not stand was overwritten; to have it after all, enter it again on either side.`,
    )
  }
  return 0
}

const row = ({ createdAt, entity, key, field, agreed, erp, crm, winner }: ListedConflict, zone: string): string[] => [
  zonedTime(createdAt, zone),
  `${kinds[entity].label} ${key}`,
  field,
  agreed ?? '—',
  erp ?? '—',
  crm ?? '—',
  winner === 'erp' ? 'the ERP’s' : 'the CRM’s',
]
