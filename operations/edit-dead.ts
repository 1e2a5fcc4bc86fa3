/** An operator corrects what a refused line sends: fields of the one field table, checked, written before the old text goes. */

import { PonteError } from '../base/error.ts'
import type { Cell } from '../engine/model.ts'
import type { Field } from '../records/kind.ts'
import type { Entity } from '../records/kinds.ts'
import type { DeadLine } from './dead-line.ts'
import { readEntry } from './field-entry.ts'
import { linesNumbered, type OpenDead } from './open-dead.ts'
import type { Operator } from './operator.ts'
import { type Requeued, requeueDead } from './requeue-dead.ts'

export interface Edit {
  /** Number of the line; not needed when the letter has one. */
  readonly line?: number | undefined
  /** By any name that the field table knows: canonical, alias, the CRM's. null or empty: the value is taken out. */
  readonly set: Readonly<Record<string, string | null>>
  /** Of the letter that was looked at; undefined: whatever lies there now. */
  readonly version?: string | undefined
  /** Puts the corrected line back on the queue; the others stay. */
  readonly requeue: boolean
}

export interface Edited {
  readonly file: string
  readonly line: number
  readonly changed: readonly { readonly field: string; readonly from: Cell; readonly to: Cell }[]
  /** Fields that the ERP owns: unless they are corrected there too, the next compare sends the ERP's values. */
  readonly ownedByErp: readonly string[]
  readonly requeued: Requeued | null
}

/** What may be edited in a line of this entity. Another value of what the record is found by, in the letter alone, would create it twice. */
export const editableFields = (entity: Entity): readonly Field[] => entity.fields.filter(({ name }) => name !== entity.foundBy)

/** @throws PonteError `falhas.not_editable` | `falhas.which_line` | `falhas.unknown_field` | `falhas.bad_value`, exit code 2; `queue.*`, `state.*` */
export async function editDead(operator: Operator, dead: OpenDead, edit: Edit): Promise<Edited> {
  const { entity, line } = target(dead, edit)
  const values = Object.entries(edit.set).map(([name, text]) => checked(entity, name, text))
  if (edit.version !== undefined && edit.version !== dead.version) throw changedMeanwhile()
  const changed = values
    .map(({ field, value }) => ({ field: field.name, from: line.sent[field.name] ?? null, to: value }))
    .filter(({ from, to }) => from !== to)
  const text = changed.length === 0 ? line.text : rewritten(line.text, values)
  const { actor, log, audited } = operator
  const named = (side: 'from' | 'to') => Object.fromEntries(changed.map((one) => [one.field, one[side]]))
  const about = { line: line.reason.line, records: [{ entity: entity.name, key: line.about.key }] }
  const action = { actor, action: 'falhas.edit', target: dead.file, before: { ...about, values: named('from') } }
  const { requeued } = await audited(action, async () => {
    const requeued = await put(operator, dead, line, text, edit.requeue)
    return { requeued, after: { values: named('to'), letter: requeued?.letter ?? null } }
  })
  log.info({ actor, lane: dead.lane.name, fields: changed.map(({ field }) => field), requeued: edit.requeue }, 'a refused line was edited')
  const ownedByErp = values.filter(({ field }) => field.owner === 'erp').map(({ field }) => field.name)
  return { file: dead.file, line: line.reason.line, changed, ownedByErp, requeued }
}

async function put(operator: Operator, dead: OpenDead, line: DeadLine, text: string, requeue: boolean): Promise<Requeued | null> {
  const isNew = text !== line.text
  if (requeue) return requeueDead(operator, dead, [line], { texts: isNew ? new Map([[line.index, text]]) : new Map() })
  if (!isNew) return null
  const fates = dead.lines!.map(({ index }) => ({ kind: 'stay' as const, ...(index === line.index ? { text } : {}) }))
  await dead.lane.mendDead(dead.file, { version: dead.version, fates })
  return null
}

function target({ kind, lines }: OpenDead, { line: number }: Edit): { entity: Entity; line: DeadLine } {
  const entity = kind?.entity ?? null
  if (entity === null)
    throw notEditable(
      'this letter is an event of the CRM: what is applied is what the CRM holds',
      'correct it in the CRM, then requeue the letter',
    )
  if (lines === null) throw notEditable('this letter is no text', 'look at it with other tools, or discard it')
  if (number === undefined && lines.length !== 1)
    throw new PonteError('falhas.which_line', `the letter has ${lines.length} refused lines`, {
      hint: `say which one is meant: --line ${lines
        .slice(0, 5)
        .map(({ reason }) => reason.line)
        .join(', ')}${lines.length > 5 ? ', …' : ''}`,
      exitCode: 2,
    })
  const line = number === undefined ? lines[0]! : linesNumbered(lines, [number])[0]!
  if (line.about.key === null)
    throw notEditable('this line cannot be read', 'it is no JSON object of a record: correct the file by hand, or discard it')
  return { entity, line }
}

function checked(entity: Entity, name: string, text: string | null): { field: Field; value: Cell } {
  const editable = editableFields(entity)
  const field = editable.find((one) => namesOf(one).includes(name.toUpperCase()))
  if (field === undefined) {
    const key = entity.fields.find((one) => namesOf(one).includes(name.toUpperCase()))
    if (key)
      throw new PonteError('falhas.unknown_field', `${key.name} cannot be edited in a letter: by it the ERP finds the record again`, {
        hint: 'correct it in the ERP; the next compare sends the corrected record by itself',
        exitCode: 2,
      })
    throw new PonteError('falhas.unknown_field', `a line of ${entity.name} has no field "${name.slice(0, 60)}"`, {
      hint: `fields: ${editable.map((one) => one.name.toLowerCase()).join(', ')}`,
      exitCode: 2,
    })
  }
  const read = readEntry(field, text)
  if ('value' in read) return { field, value: read.value }
  throw new PonteError('falhas.bad_value', `${field.name.toLowerCase()}: ${read.wrong}`, { hint: 'nothing was changed', exitCode: 2 })
}

function namesOf({ name, aliases, crm }: Field): string[] {
  const inCrm = crm === null ? [] : ['property' in crm ? crm.property : crm.custom]
  return [name, ...aliases, ...inCrm].map((one) => one.toUpperCase())
}

/** The same line with these values, each under the name that the line uses for it. */
function rewritten(text: string, values: readonly { field: Field; value: Cell }[]): string {
  const raw = JSON.parse(text) as Record<string, unknown>
  for (const { field, value } of values) {
    const names = [field.name, ...field.aliases]
    const used = Object.keys(raw).filter((key) => names.includes(key.toUpperCase()))
    for (const key of used.slice(1)) delete raw[key]
    raw[used[0] ?? field.name] = value
  }
  return JSON.stringify(raw)
}

const notEditable = (message: string, hint: string) => new PonteError('falhas.not_editable', message, { hint, exitCode: 2 })
const changedMeanwhile = () =>
  new PonteError('queue.letter_changed', 'somebody else has changed this letter meanwhile', {
    hint: 'look at it again: nothing was changed',
  })
