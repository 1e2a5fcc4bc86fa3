/** `ponte falhas`: what was refused, why, and what to do about it. */
import { type Command, InvalidArgumentError } from 'commander'
import { execute } from '../command.ts'
import { withFilter } from './falhas-filter.ts'
import { type ListOptions, listFalhas } from './falhas-list.ts'
import { discardFalha, type EditOptions, editFalha, type RequeueOptions, requeueFalhas } from './falhas-mend.ts'
import { showFalha } from './falhas-show.ts'

const json: [string, string] = ['--json', 'one JSON document on standard output']

/** Of a repeated option; `--line 2,5` is the same as `--line 2 --line 5`. */
function lineNumbers(text: string, before: readonly number[] = []): readonly number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every((number) => Number.isInteger(number) && number > 0)) return [...before, ...numbers]
  throw new InvalidArgumentError('Line numbers as ls and show print them, such as 2 or 2,5.')
}

const all = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

export function falhasCommand(program: Command): void {
  const falhas = program
    .command('falhas')
    .description('letters that were refused: find, correct, put back or discard them')
    .addHelpText(
      'after',
      `
Examples:
  ponte falhas ls
  ponte falhas show <file>
  ponte falhas edit <file> --set phone='11 98765-4321' --deliver
  ponte falhas requeue <file>
  ponte falhas discard <file> --reason "the branch was closed"`,
    )

  withFilter(falhas.command('ls').description('list them, oldest first'))
    .option('--limit <n>', 'letters on a page', '20')
    .option('--after <mark>', 'the next page, as the one before names it')
    .option(...json)
    .addHelpText(
      'after',
      `
Examples:
  ponte falhas ls
  ponte falhas ls --entity leads.insert --code NOT_FOUND --older-than 2h
  ponte falhas ls --tax-id 12.345.678/0001-95 --json`,
    )
    .action((options: ListOptions & { json?: boolean }) => execute(options, (command) => listFalhas(command, options)))

  falhas
    .command('show')
    .argument('<file>', 'file name, as listed, or a part that only one has')
    .description('what was sent, why it was refused, and what ERP and CRM hold now')
    .option('--line <n>', 'only these lines', lineNumbers)
    .option(...json)
    .addHelpText('after', '\nExamples:\n  ponte falhas show insert_leads_in_crm_….json\n  ponte falhas show 01JD3Z5W0E --line 2')
    .action((file: string, options: { json?: boolean; line?: readonly number[] }) =>
      execute(options, (command) => showFalha(command, file, options.line ?? [])),
    )

  falhas
    .command('edit')
    .argument('<file>', 'file name, as listed, or a part that only one has')
    .description('correct what a refused line sends')
    .requiredOption('--set <field=value>', 'a field and its new value; may be repeated; an empty value takes it out', all)
    .option('--line <n>', 'which line, when the letter has several', (text) => lineNumbers(text)[0])
    .option('--requeue', 'put the corrected line back on the queue')
    .option('--deliver', 'the same, and run its job at once')
    .option(...json)
    .addHelpText(
      'after',
      `
Fields go by their names in the ERP, in the CRM or in old files: name, phone, industry, _cod.gestores, end_bairro... The field by which a
record is found again (tax id of a new lead, e-mail of a new contact) is corrected in the ERP. Events of the CRM are corrected in the CRM.

Examples:
  ponte falhas edit <file> --set phone='11 98765-4321' --deliver
  ponte falhas edit <file> --line 3 --set industry=Varejo --set end_bairro= --requeue

Exit code 1 with --deliver when a line is refused again.`,
    )
    .action((file: string, options: EditOptions & { json?: boolean }) => execute(options, (command) => editFalha(command, file, options)))

  withFilter(
    falhas.command('requeue').argument('[file...]', 'file names, as listed').description('put letters back, once their cause is corrected'),
  )
    .option('--all', 'all of them')
    .option('--line <n>', 'only these lines; the others stay', lineNumbers)
    .option('--rebase', 'send what the ERP says now instead of what was stored')
    .option('--deliver', 'run their jobs at once')
    .option(...json)
    .addHelpText(
      'after',
      `
A line whose record has a newer change, queued or delivered, is not sent again: it is put away.
With --rebase so is a line whose record differs no more.

Examples:
  ponte falhas requeue insert_leads_in_crm_….json
  ponte falhas requeue --code NOT_FOUND --older-than 1h --rebase
  ponte falhas requeue --all --deliver`,
    )
    .action((files: string[], options: RequeueOptions & { json?: boolean }) =>
      execute(options, (command) => requeueFalhas(command, files, options)),
    )

  falhas
    .command('discard')
    .argument('<file>', 'file name, as listed, or a part that only one has')
    .description('decide that lines are not to be sent; they are kept in processados')
    .requiredOption('--reason <why>', 'for whoever asks later; kept in the audit log')
    .option('--line <n>', 'only these lines; the others stay', lineNumbers)
    .option(...json)
    .addHelpText('after', '\nExample:\n  ponte falhas discard insert_leads_in_crm_….json --reason "the branch was closed"')
    .action((file: string, options: { json?: boolean; reason: string; line?: readonly number[] }) =>
      execute(options, (command) => discardFalha(command, file, options)),
    )
}
