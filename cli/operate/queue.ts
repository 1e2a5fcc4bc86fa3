/** `ponte queue`: what waits, is in hand and was refused, and since when. */
import type { Command } from 'commander'
import { type LetterCount, queueState } from '../../operations/queue-state.ts'
import { type CommandContext, execute } from '../command.ts'
import { age } from '../falhas/falhas-text.ts'
import { openOperator } from '../operator.ts'
import { type Output, plural, table } from '../output.ts'

export function queueCommand(program: Command): void {
  program
    .command('queue')
    .description('letters and records that wait, are in hand, or were refused, with the age of the oldest')
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExamples:\n  ponte queue\n  watch ponte queue')
    .action((options: { json?: boolean }) => execute(options, show))
}

async function show(command: CommandContext): Promise<number> {
  const { lanes, state } = await openOperator(command)
  const found = await queueState(lanes, state)
  const { output } = command
  output.result({ ok: true, ...found })
  if (found.letters.length === 0) output.say('The queue is empty: nothing waits, nothing was refused.')
  else output.say(table(['lane', 'letters', 'waiting', 'in hand', 'refused', 'oldest waits', 'oldest refused'], rowsOf(found.letters)))
  if (found.changes.length > 0) {
    output.say('\nRecords on their way to the CRM:')
    const rows = found.changes.map((one) => [
      one.entity,
      one.status === 'queued' ? 'waiting' : 'refused',
      one.changes,
      one.inDoubt,
      age(one.oldestSeconds),
    ])
    output.say(table(['entity', 'state', 'records', 'in doubt', 'oldest'], rows, ['in doubt']))
  }
  remarks(output, found.letters, found.held)
  return 0
}

function rowsOf(letters: readonly LetterCount[]): (string | number)[][] {
  const kinds = [...new Set(letters.map(({ lane, prefix }) => `${lane}/${prefix}`))]
  return kinds.map((kind) => {
    const mine = letters.filter(({ lane, prefix }) => `${lane}/${prefix}` === kind)
    const files = (folder: LetterCount['folder']) => mine.find((one) => one.folder === folder)?.files ?? 0
    const oldest = (folder: LetterCount['folder']) => {
      const seconds = mine.find((one) => one.folder === folder)?.oldestSeconds
      return seconds === null || seconds === undefined ? '' : age(seconds)
    }
    const [{ lane, prefix }] = mine as [LetterCount]
    return [lane, prefix, files('processar'), files('processando'), files('falhas'), oldest('processar'), oldest('falhas')]
  })
}

function remarks(output: Output, letters: readonly LetterCount[], held: number): void {
  const refused = letters.reduce((sum, { folder, files }) => (folder === 'falhas' ? sum + files : sum), 0)
  if (refused > 0) output.say(`\n${plural(refused, 'letter')} refused. What, and why:\n  ponte falhas ls`)
  if (held > 0) output.say(`\n${plural(held, 'record')} held: not sent any more. Which:\n  ponte held ls`)
  if (letters.some(({ prefix }) => prefix === 'unknown'))
    output.say('\nunknown: files that no job takes; rename them to <prefix>_<anything>.json, or remove them.')
}
