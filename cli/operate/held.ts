/** `ponte held ls|release`: keys that stopped alone, or that an operator put away, and sending them after all. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { zonedTime } from '../../base/zone.ts'
import { type Held, heldKeys, release } from '../../operations/held.ts'
import { type CommandContext, execute } from '../command.ts'
import { openOperator } from '../operator.ts'
import { plural, table } from '../output.ts'

const json: [string, string] = ['--json', 'one JSON document on standard output']

export function heldCommand(program: Command): void {
  const held = program
    .command('held')
    .description('records that are not sent any more: three sends did not make both sides equal, or an operator discarded them')
    .addHelpText('after', '\nExamples:\n  ponte held ls\n  ponte held release 4711\n  ponte held release --all')

  held
    .command('ls')
    .description('list them, oldest first')
    .option(...json)
    .action((options: { json?: boolean }) => execute(options, list))

  held
    .command('release')
    .argument('[key...]', 'keys, as listed')
    .description('let the next compare send them again, up to three times')
    .option('--entity <name>', 'only of this entity, when a key is held in several')
    .option('--all', 'all of them')
    .option(...json)
    .addHelpText(
      'after',
      `
Find out first what rewrites the record, or it is held again after three sends: ponte why --lead <id>

Examples:
  ponte held release 4711 4712
  ponte held release --all --json`,
    )
    .action((keys: string[], options: { json?: boolean; all?: boolean; entity?: string }) =>
      execute(options, (command) => free(command, keys, options)),
    )
}

async function list(command: CommandContext): Promise<number> {
  const { output } = command
  const held = await heldKeys((await openOperator(command)).state)
  output.result({ ok: true, held })
  if (held.length === 0) output.say('Nothing is held.')
  else {
    output.say(
      table(
        ['entity', 'key', 'since', 'because'],
        held.map((one) => row(one, command.settings.schedule.zone)),
      ),
    )
    output.say(
      `\n${plural(held.length, 'record')}. A new value in the ERP releases a record by itself. To send it as it is:\n  ponte held release <key>`,
    )
  }
  return 0
}

const row = ({ entity, key, since, code }: Held, zone: string): string[] => [
  entity,
  key,
  zonedTime(since, zone),
  code === 'DISCARDED' ? 'discarded' : code === null ? 'sent three times' : `refused three times: ${code}`,
]

async function free(
  command: CommandContext,
  keys: readonly string[],
  { all, entity }: { all?: boolean; entity?: string },
): Promise<number> {
  if (keys.length > 0 === Boolean(all))
    throw new PonteError('usage.which_keys', all ? '--all and keys exclude each other' : 'no key named', {
      hint: 'say which: ponte held release <key>, or: ponte held release --all',
      exitCode: 2,
    })
  const operator = await openOperator(command)
  const held = (await heldKeys(operator.state, keys)).filter((one) => entity === undefined || one.entity === entity)
  const missing = keys.filter((key) => !held.some((one) => one.key === key))
  if (missing.length > 0)
    throw new PonteError('held.not_held', `nothing of this key is held: ${missing.join(', ')}`, {
      hint: 'see what is: ponte held ls',
      exitCode: 2,
    })
  const released = await release(operator, held)
  command.output.result({ ok: true, released })
  for (const one of released) command.output.say(`${one.entity} ${one.key}`)
  command.output.say(
    released.length === 0 ? 'Nothing is held.' : '\nThe next compare sends what still differs:\n  ponte run job_execute_spark',
  )
  return 0
}
