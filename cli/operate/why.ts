/** `ponte why <tax id>`: everything that ever happened to one company. */
import type { Command } from 'commander'
import { PonteError } from '../../base/error.ts'
import { visibleValue } from '../../base/visible.ts'
import { zonedTime } from '../../base/zone.ts'
import type { Question } from '../../operations/who-is.ts'
import { type Happening, type History, why } from '../../operations/why.ts'
import { type CommandContext, execute } from '../command.ts'
import { openOperator } from '../operator.ts'
import { type Output, plural } from '../output.ts'

interface Options {
  readonly json?: boolean
  readonly lead?: string
  readonly client?: string
}

export function whyCommand(program: Command): void {
  program
    .command('why')
    .argument('[tax id]', 'in any form: 12.345.678/0001-95, 12345678000195, 191')
    .description('everything that ever happened to a company: found, sent, refused, received, applied, decided')
    .option('--lead <id>', 'by its lead in the CRM')
    .option('--client <code>', 'by its client code in the ERP')
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      `
It shows names, tax ids and values to whoever asks; none of them goes into a log. The newest entries of the ERP's LOG_EXECUTION_CRM and
ERROR_LOG about the company and its persons are among it; what could not be asked is named first.

Examples:
  ponte why 12.345.678/0001-95
  ponte why --lead 4711
  ponte why --client 345 --json`,
    )
    .action((taxId: string | undefined, options: Options) => execute(options, (command) => tell(command, questionOf(taxId, options))))
}

function questionOf(taxId: string | undefined, { lead, client }: Options): Question {
  const asked: Question[] = [
    ...(taxId === undefined ? [] : [{ taxId }]),
    ...(lead === undefined ? [] : [{ leadId: lead }]),
    ...(client === undefined ? [] : [{ clientCode: client }]),
  ]
  if (asked.length === 1) return asked[0]!
  throw new PonteError('usage.wrong', asked.length === 0 ? 'nobody is named' : 'one company at a time', {
    hint: 'give a tax id, or --lead <id>, or --client <code>',
    exitCode: 2,
  })
}

async function tell(command: CommandContext, question: Question): Promise<number> {
  const { output, settings } = command
  const operator = await openOperator(command)
  const { erp, crm } = await operator.sides()
  const { lanes, state } = operator
  const history = await why({ lanes, state, erp, crm: settings.crm ? crm : null }, question)
  output.result({ ok: true, ...history })
  show(output, history, settings.schedule.zone)
  return 0
}

function show(output: Output, { who, happenings }: History, zone: string): void {
  const named = [
    ...who.names,
    ...who.taxIds.map((taxId) => `tax id ${taxId}`),
    ...who.leads.map((lead) => `lead ${lead}`),
    ...who.branches.map((branch) => `branch ${branch}`),
  ]
  for (const note of who.notes) output.note(note)
  if (named.length > 0) output.say(`${visibleValue(named.join(' · '))}\n`)
  if (happenings.length === 0) output.say('Ponte remembers nothing of it: it was never compared, sent or received.')
  for (const one of happenings) output.say(line(one, zone))
  if (happenings.length > 0) output.say(`\n${plural(happenings.length, 'thing')} happened. Letters and runs are named with --json.`)
  const refused = happenings.findLast(({ kind, letter }) => kind === 'refusal' && letter !== null)
  if (refused && happenings.at(-1) === refused)
    output.say(`What was refused, beside what ERP and CRM hold now:\n  ponte falhas show ${refused.letter}`)
}

function line({ at, kind, record, text, code }: Happening, zone: string): string {
  return `${zonedTime(at, zone)}  ${kind.padEnd(8)}  ${visibleValue(`${record}: ${text}`)}${code === null ? '' : ` [${code}]`}`
}
