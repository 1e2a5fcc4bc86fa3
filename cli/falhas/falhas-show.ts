/** `ponte falhas show`: what was sent, why it was refused, and what ERP and CRM hold now, side by side. */
import { join } from 'node:path'
import { visibleValue } from '../../base/visible.ts'
import type { DeadLine } from '../../operations/dead-line.ts'
import { linesNumbered, type OpenDead, openDead } from '../../operations/open-dead.ts'
import { type FieldView, type LineView, type Side, showLines } from '../../operations/show-dead.ts'
import type { CommandContext } from '../command.ts'
import { openOperator } from '../operator.ts'
import { type Output, plural, table } from '../output.ts'
import { aboutText, lineDocument, refusal, since } from './falhas-text.ts'

/** Of a letter with more lines both systems are asked only about those that are named. */
const mostAsked = 10
/** Four columns of it fit a terminal of 80. */
const widest = 17

export async function showFalha(command: CommandContext, named: string, numbers: readonly number[]): Promise<number> {
  const { output, settings } = command
  const { zone } = settings.schedule
  const operator = await openOperator(command)
  const dead = await openDead(operator.lanes, named)
  const lines = numbers.length > 0 ? linesNumbered(dead.lines ?? [], numbers) : (dead.lines ?? [])
  const asked = lines.length <= mostAsked
  const views = await showLines(operator, dead, lines, asked ? await operator.sides() : null)
  const path = join(settings.queueRoot, dead.lane.name, 'falhas', dead.file)
  output.result({ ok: true, ...document(dead, views), path, body: lines.map(({ text }) => text) })
  output.say(`${path}\n${dead.kind?.job ?? 'No job takes it'} · refused ${since(dead.letter.failedAt, zone)}`)
  if (dead.lines === null)
    for (const { code, reason } of dead.letter.lines) output.say(`\nthe whole letter: ${code}\n  ${visibleValue(reason)}`)
  for (const view of views) tell(output, view, zone)
  if (!asked)
    output.say(`\n${plural(lines.length, 'line')}. Beside what ERP and CRM hold now:\n  ponte falhas show ${dead.file} --line <n>`)
  nextSteps(output, dead, lines)
  return 0
}

function document(dead: OpenDead, views: readonly LineView[]) {
  const { file, lane, letter, kind, version } = dead
  const lines = views.map(({ line, ...view }) => ({ ...lineDocument(line), ...view }))
  return {
    file,
    lane: lane.name,
    job: kind?.job ?? null,
    failedAt: letter.failedAt,
    version,
    lines: dead.lines === null ? letter.lines : lines,
  }
}

function tell(output: Output, view: LineView, zone: string): void {
  const { line, fields, standing } = view
  output.say(`\nline ${line.reason.line}: ${refusal(line)}\n  ${visibleValue(line.reason.reason)}\n  ${aboutText(line)}`)
  if (line.reason.editedAt !== undefined) output.say(`  Edited ${since(line.reason.editedAt, zone)}; not requeued yet.`)
  if (standing === 'overtaken') output.say('  A newer change of this record waits or was delivered: requeueing this one sends nothing.')
  const named = fields.filter(({ sent, erp, crm }) => sent !== null || erp !== null || crm !== null)
  const sides = [view.erp, view.crm].map(({ kind }) => kind === 'read')
  if (Object.values(line.sent).every((value) => value === null)) output.say(`  ${line.text}`)
  else
    output.say(
      table(
        ['field', 'sent', 'ERP now', 'CRM now', ''],
        named.map((field) => row(field, differs(field, sides))),
      ),
    )
  for (const [name, side] of [
    ['ERP', view.erp],
    ['CRM', view.crm],
  ] as const)
    if (side.kind !== 'read') output.say(`  ${sideText(name, side)}`)
}

function differs({ sent, erp, crm }: FieldView, [hasErp, hasCrm]: readonly boolean[]): boolean {
  return (hasErp === true && erp !== sent) || (hasCrm === true && crm !== sent)
}

const row = ({ field, sent, erp, crm }: FieldView, isMarked: boolean): string[] => [
  ...[field, ...[sent, erp, crm].map((value) => cut(value ?? '—'))],
  isMarked ? '≠' : '',
]

const cut = (text: string): string => (text.length <= widest ? text : `${text.slice(0, widest - 1)}…`)

function sideText(name: string, side: Side): string {
  if (side.kind === 'away') return `The ${name} cannot be asked now: ${side.why}`
  if (side.kind === 'unasked') return `The ${name} was not asked.`
  return name === 'CRM' ? 'The CRM has no such record.' : 'The ERP does not name this record any more: there may be nothing left to send.'
}

function nextSteps(output: Output, { file, kind, lines }: OpenDead, shown: readonly DeadLine[]): void {
  const line = (lines?.length ?? 0) > 1 ? ` --line ${shown[0]?.reason.line ?? 1}` : ''
  const command = (title: string, words: string) => output.say(`${title}\n  ponte falhas ${words}`)
  output.say()
  if (kind?.entity && lines !== null) {
    command('Correct it, put it back and deliver it:', `edit ${file}${line} --set <field>=<value> --deliver`)
    command('Put it back with what the ERP says now:', `requeue ${file} --rebase`)
    command('Put it back as it is, once the CRM is corrected:', `requeue ${file}`)
  } else command('Correct it in the CRM, which is read again when the event is applied; then put it back:', `requeue ${file}`)
  command('Do not send it:', `discard ${file} --reason "<why>"`)
  if (kind?.entity) output.say('A change in the ERP needs none of it: the next compare queues the corrected record by itself.')
}
