/** `ponte falhas ls|show|requeue`: what could not be delivered, why, and putting it back. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { PonteError } from '../base/error.ts'
import { openState } from '../connectors/state/pool.ts'
import type { Settings } from '../deploy/env.ts'
import { requeueLetter } from '../jobs/requeue.ts'
import { openLane } from '../queue-dirs/lane.ts'
import type { DeadLetter, Lane, LaneName } from '../queue-dirs/lane.types.ts'
import { type CommandContext, execute } from './command.ts'
import { openDatabases } from './databases.ts'
import { plural } from './output.ts'

const laneNames: readonly LaneName[] = ['leads', 'contacts']
const json: [string, string] = ['--json', 'one JSON document on standard output']

export function falhasCommand(program: Command): void {
  const falhas = program
    .command('falhas')
    .description('the letters that could not be delivered')
    .addHelpText('after', '\nExamples:\n  ponte falhas ls\n  ponte falhas show <file>\n  ponte falhas requeue <file>')

  falhas
    .command('ls')
    .description('list them, oldest first')
    .option(...json)
    .addHelpText('after', '\nExamples:\n  ponte falhas ls\n  ponte falhas ls --json')
    .action((options: { json?: boolean }) => execute(options, list))

  falhas
    .command('show')
    .argument('<file>', 'file name, as listed')
    .description('what was sent and why it was refused')
    .option(...json)
    .addHelpText('after', '\nExample:\n  ponte falhas show insert_leads_in_crm_….json')
    .action((file: string, options: { json?: boolean }) => execute(options, (command) => show(command, file)))

  falhas
    .command('requeue')
    .argument('[file...]', 'file names, as listed')
    .description('put letters back on the queue, once their cause is corrected')
    .option('--all', 'all of them')
    .option(...json)
    .addHelpText(
      'after',
      `
A line whose record has a newer change, queued or delivered, is not sent again: it ends as superseded.

Examples:
  ponte falhas requeue insert_leads_in_crm_….json
  ponte falhas requeue --all`,
    )
    .action((files: string[], options: { json?: boolean; all?: boolean }) =>
      execute(options, (command) => requeue(command, files, options.all ?? false)),
    )
}

async function list({ settings, output }: CommandContext): Promise<number> {
  const letters = (await deadLetters(settings)).map(({ letter }) => letter).sort((a, b) => (a.failedAt < b.failedAt ? -1 : 1))
  output.result({ ok: true, falhas: letters })
  for (const { lane, file, failedAt, lines } of letters) {
    output.say(file)
    output.say(
      `    ${lane} · ${plural(lines.length, 'line')} · ${time(failedAt)} · ${[...new Set(lines.map((line) => line.code))].join(', ')}`,
    )
  }
  if (letters.length === 0) output.say('falhas is empty: nothing was refused.')
  else
    output.say(`
${plural(letters.length, 'letter')}. What was refused, and why: ponte falhas show <file>
Once the cause is corrected:           ponte falhas requeue <file>  (or --all)`)
  return 0
}

async function show({ settings, output }: CommandContext, file: string): Promise<number> {
  const lane = await laneHolding(settings, file)
  const { letter, body } = await lane.showDead(file)
  const texts = body.split('\n').filter((line) => line !== '')
  const path = join(settings.queueRoot, lane.name, 'falhas', file)
  output.result({ ok: true, ...letter, path, body: texts })
  output.say(`${path}\n${time(letter.failedAt)}`)
  for (const [index, { line, code, reason, httpStatus }] of letter.lines.entries()) {
    output.say(`\n${line === 0 ? 'the whole letter' : `line ${line}`}: ${code}${httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`}`)
    output.say(`  ${reason}`)
    if (line > 0) output.say(`  ${texts[index] ?? ''}`)
  }
  output.say(`
Correct the cause: in the CRM or the ERP, or the line in this file. Then:
  ponte falhas requeue ${file}
A change in the ERP needs no requeue: the next compare queues the corrected record by itself.`)
  return 0
}

async function requeue({ settings, output, closer }: CommandContext, files: readonly string[], all: boolean): Promise<number> {
  if (all === files.length > 0)
    throw new PonteError('usage.which_letters', all ? '--all and file names exclude each other' : 'no letter named', {
      hint: 'ponte falhas requeue <file>, or: ponte falhas requeue --all',
      exitCode: 2,
    })
  // All are found before the first is moved: a typing error in the last name changes nothing.
  const dead = await deadLetters(settings)
  const wanted = all ? dead : [...new Set(files)].map((file) => find(dead, file))
  const { stateUrl } = await openDatabases(settings, closer)
  const state = await openState(stateUrl)
  closer.add(() => state.end())
  const requeued = []
  for (const { lane, letter } of wanted) {
    const result = await requeueLetter(state, lane, letter.file)
    requeued.push({ file: letter.file, ...result })
    output.result({ ok: true, requeued })
    output.say(`${letter.file}\n    → processar/${result.letter}`)
    if (result.superseded > 0) output.say(`    ${plural(result.superseded, 'line')} of ${letter.lines.length} replaced by a newer change`)
  }
  output.result({ ok: true, requeued })
  output.say(requeued.length === 0 ? 'falhas is empty: nothing to requeue.' : '\nThe next run of its job delivers what was requeued.')
  return 0
}

interface Dead {
  readonly lane: Lane
  readonly letter: DeadLetter
}

async function deadLetters(settings: Settings): Promise<Dead[]> {
  const found: Dead[] = []
  for (const name of laneNames) {
    const lane = await openLane({ root: settings.queueRoot, name })
    for await (const letter of lane.deadLetters()) found.push({ lane, letter })
  }
  return found
}

const laneHolding = async (settings: Settings, file: string): Promise<Lane> => find(await deadLetters(settings), file).lane

function find(dead: readonly Dead[], file: string): Dead {
  const found = dead.find(({ letter }) => letter.file === file)
  if (found) return found
  throw new PonteError('falhas.not_found', `there is no letter called "${file}" in falhas`, {
    hint: 'ponte falhas ls lists them',
    exitCode: 2,
  })
}

const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`
