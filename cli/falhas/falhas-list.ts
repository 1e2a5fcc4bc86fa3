/** `ponte falhas ls`: a page of what was refused. Reads the queue directories alone, so that it works while databases are away. */
import { visibleValue } from '../../base/visible.ts'
import { type FoundLetter, findDead } from '../../operations/find-dead.ts'
import type { CommandContext } from '../command.ts'
import { openLanes } from '../lanes.ts'
import { type Output, plural } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { type FilterOptions, filterOf } from './falhas-filter.ts'
import { aboutText, lineDocument, refusal, since } from './falhas-text.ts'

export interface ListOptions extends FilterOptions {
  readonly limit: string
  readonly after?: string
}

/** Lines of one letter told before the rest is only counted. */
const mostTold = 3

export async function listFalhas({ settings, output }: CommandContext, options: ListOptions): Promise<number> {
  const filter = filterOf(options)
  const limit = Math.max(1, wholeNumber('--limit', options.limit))
  const { letters, next, matching } = await findDead(await openLanes(settings), filter, { limit, after: options.after })
  output.result({ ok: true, falhas: letters.map(document), next, matching })
  for (const letter of letters) tell(output, letter, settings.schedule.zone)
  const isFiltered = Object.keys(filter).length > 0
  if (letters.length === 0) output.say(isFiltered ? 'Nothing in falhas matches.' : 'falhas is empty: nothing was refused.')
  else {
    const more = next === null ? '' : isFiltered ? '; there may be more' : ` of ${matching}`
    output.say(`\n${plural(letters.length, 'letter')}${more}.`)
    if (next !== null) output.say(`The next page:\n  ponte falhas ls${again(options)} --after '${next}'`)
    output.say(`What was sent, and what ERP and CRM hold now:
  ponte falhas show <file>
Correct it, put it back, and deliver it:
  ponte falhas edit <file> [--line <n>] --set <field>=<value> --deliver
Put it back once its cause is corrected:
  ponte falhas requeue <file>
Part of a file's name will do, when no other has it.`)
  }
  return 0
}

function tell(output: Output, { dead, lines }: FoundLetter, zone: string): void {
  const total = dead.lines?.length ?? 1
  output.say(visibleValue(dead.file))
  output.say(`    ${dead.lane.name} · ${plural(total, 'line')} · ${since(dead.letter.failedAt, zone)}`)
  if (lines === null) {
    for (const { code, reason } of dead.letter.lines) output.say(`    ${code}: ${visibleValue(reason)}`)
    return
  }
  for (const line of lines.slice(0, mostTold)) {
    const edited = line.reason.editedAt === undefined ? '' : ' · edited since'
    output.say(`    line ${line.reason.line}: ${refusal(line)}: ${visibleValue(line.reason.reason)}${edited}\n        ${aboutText(line)}`)
  }
  if (lines.length > mostTold) output.say(`    … and ${plural(lines.length - mostTold, 'line')} more: ponte falhas show ${dead.file}`)
}

function document({ dead, lines }: FoundLetter) {
  const { file, lane, letter, kind, version } = dead
  const common = { file, lane: lane.name, job: kind?.job ?? null, failedAt: letter.failedAt, version }
  return { ...common, total: dead.lines?.length ?? 1, lines: lines?.map(lineDocument) ?? letter.lines }
}

/** The same question as options. */
function again({ after: _after, limit, ...filter }: ListOptions): string {
  const named = Object.entries(filter).filter(([name, value]) => typeof value === 'string' && name !== 'json')
  const option = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  return [...named, ['limit', limit]].map(([name, value]) => ` ${option(name!)} '${value}'`).join('')
}
