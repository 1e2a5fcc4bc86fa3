/**
 * Queue lines: NDJSON objects whose keys are the view's columns, plus four of ours that name the change.
 * Lines without them (dropped in by hand, or written by the old system) are understood too; any case, any alias of the field table.
 */
import { PonteError } from '../base/error.ts'
import { cleanText } from '../base/text.ts'
import { rowHash } from '../engine/hash.ts'
import { jsonLine } from '../engine/json-line.ts'
import type { Cell, Change, Row } from '../engine/model.ts'
import { compareValues, keyOf, normaliseRow } from '../engine/record.ts'
import { applyRule } from '../engine/rules.ts'
import type { Field } from './kind.ts'
import type { Entity, EntityName } from './kinds.ts'

/** Names one change for good: the letter that carries it may be renamed, these three never change. */
export interface ChangeId {
  readonly run: string
  readonly entity: string
  readonly key: string
}

export interface Line {
  /** stray: the line names no run, it was dropped in by hand or written by the old system. */
  readonly change: ChangeId & { readonly hash: string; readonly stray: boolean }
  /** ID, LEAD_ID and CODE, where the line has them. */
  readonly ids: { readonly ID: Cell; readonly LEAD_ID: Cell; readonly CODE: Cell }
  /** The entity's fields by their canonical names, values normalised; every field is there. */
  readonly row: Row
}

/** One change as one line, without the newline. */
export function writeLine(run: string, entity: EntityName, change: Pick<Change, 'key' | 'hash' | 'after'>): string {
  return jsonLine(change.after, { _RUN: run, _ENTITY: entity, _KEY: change.key, _HASH: change.hash })
}

/**
 * @param entity what the letter's prefix says it holds
 * @param id letter and index of the line, for good: it stands for the run in lines that name none
 * @throws PonteError `line.invalid_json` | `line.not_an_object` | `line.not_a_text` | `line.without_key`
 */
export function readLine(entity: Entity, id: string, text: string): Line {
  const raw = parseObject(text)
  const cell = (...names: string[]): Cell => {
    for (const name of names) {
      const value = raw.get(name)
      if (typeof value === 'object' && value !== null) throw notAText(name)
      const text = cleanText(String(value ?? ''))
      if (text !== '') return text
    }
    return null
  }
  const ids = { ID: cell('ID'), LEAD_ID: cell('LEAD_ID', 'LEADID'), CODE: cell('CODE') }
  const row = readTexts(entity.fields, cell)

  const [run, name, key, hash] = ['_RUN', '_ENTITY', '_KEY', '_HASH'].map((meta) => cell(meta))
  if (run && key && hash && name === entity.name) return { change: { run, entity: entity.name, key, hash, stray: false }, ids, row }
  return { change: { run: id, entity: entity.name, ...identify(entity, { ...ids, ...row }), stray: true }, ids, row }
}

/** A row of canonical columns, values normalised. @param cell the first of these names that has a value */
export function readTexts(fields: readonly Field[], cell: (...names: string[]) => Cell): Row {
  return Object.fromEntries(fields.map((field) => [field.name, applyRule(field.rule, cell(field.name, ...field.aliases))]))
}

/**
 * What lines must not overtake each other about: leads of one tax id, and the persons of one lead, because each is looked for in a
 * list that the one before it may extend.
 */
export function recordOf(entity: Entity, { change, ids, row }: Line): string {
  const { column, as } = entity.inOrderOf ?? { column: '', as: '' }
  const value = { ...row, ...ids }[column]
  // Ids may have been written with zeros in front.
  return value ? `${as} ${column in ids ? Number(value) : value}` : `key ${change.key}`
}

function identify(entity: Entity, row: Row): { key: string; hash: string } {
  // The insert view spells some columns its own way; the row has canonical names.
  const fieldOf = (column: string) => entity.fields.find((field) => field.name === column || field.aliases.includes(column))?.name ?? column
  const named = normaliseRow(entity.columns, Object.fromEntries(entity.columns.map(({ name }) => [name, row[fieldOf(name)] ?? null])))
  // The old system's insert lines carry no ERP id: the tax id, or lead and e-mail, identify them as well.
  const key = keyOf(entity.key, named) ?? row.TAXID ?? (row.LEAD_ID && row.EMAIL ? `${row.LEAD_ID}-${row.EMAIL}` : null)
  if (!key)
    throw new PonteError('line.without_key', 'The line names no record: its key columns are missing.', {
      hint: `A line of ${entity.name} needs ${entity.key.join(' and ')}.`,
    })
  return { key, hash: rowHash(compareValues(entity.columns, named)) }
}

const notAText = (name: string): PonteError =>
  new PonteError('line.not_a_text', `The line holds a list or an object as ${name}, where a text belongs.`, {
    hint: 'Correct the line in falhas and requeue it.',
  })

function parseObject(text: string): Map<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new PonteError('line.invalid_json', 'The line is not valid JSON.', { hint: 'Correct the line in falhas and requeue it.' })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PonteError('line.not_an_object', 'The line is JSON, but not an object.', { hint: 'One JSON object per line.' })
  return new Map(Object.entries(value).map(([key, item]) => [key.toUpperCase(), item]))
}
