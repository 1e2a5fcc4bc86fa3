/**
 * Queue lines: NDJSON objects whose keys are the view's columns (mission D), plus four of ours that name the change.
 * Lines without them (dropped in by hand, or written by the old system) are understood too; any case, any alias of the field table.
 */
import { PonteError } from '../base/error.ts'
import type { ChangeId } from '../connectors/state/changes.ts'
import { changeOf } from '../engine/change-of.ts'
import { jsonLine } from '../engine/json-line.ts'
import type { Cell, Change, Row } from '../engine/model.ts'
import { applyRule } from '../engine/rules.ts'
import { type Entity, type EntityName, entityNamed } from './entities.ts'

export interface Line {
  readonly change: ChangeId & { readonly hash: string }
  /** Canonical field names, values normalised. ID, LEAD_ID and CODE where the entity has them. */
  readonly row: Row
}

const identity = ['ID', 'LEAD_ID', 'CODE'] as const
/** Keys that older writers used for the identity columns. */
const identityAliases: Record<(typeof identity)[number], readonly string[]> = { ID: [], LEAD_ID: ['LEADID'], CODE: [] }

/** One change as one line, without the newline. */
export function writeLine(run: string, entity: EntityName, change: Pick<Change, 'key' | 'hash' | 'after'>): string {
  return jsonLine(change.after, { _RUN: run, _ENTITY: entity, _KEY: change.key, _HASH: change.hash })
}

/**
 * @param entity what the letter's prefix says it holds
 * @param letter file name: it stands for the run in lines that name none
 * @throws PonteError `line.invalid_json` | `line.not_an_object` | `line.without_key`
 */
export function readLine(entity: Entity, letter: string, text: string): Line {
  const raw = parseObject(text)
  const cell = (...names: string[]): Cell => {
    for (const name of names) {
      const value = raw.get(name)
      if (value !== undefined && value !== null && value !== '') return String(value)
    }
    return null
  }
  const row: Record<string, Cell> = {}
  for (const name of identity) row[name] = cell(name, ...identityAliases[name])
  for (const field of entity.fields) row[field.name] = applyRule(field.rule, cell(field.name, ...field.aliases))

  const [run, name, key, hash] = ['_RUN', '_ENTITY', '_KEY', '_HASH'].map((meta) => cell(meta))
  if (run && key && hash && name === entity.name) return { change: { run, entity: entity.name, key, hash }, row }
  return { change: { run: letter, entity: entity.name, ...identify(entity, row) }, row }
}

/** Which entity a line belongs to when only its letter's prefix is known. */
export const entityOf = (name: EntityName): Entity => entityNamed(name)

function identify(entity: Entity, row: Row): { key: string; hash: string } {
  const named: Record<string, Cell> = { ...row }
  for (const [index, column] of entity.columns.entries()) {
    const field = entity.fields.find((f) => column.name === f.name || f.aliases.includes(column.name))
    if (field) named[column.name] = row[field.name] ?? null
    else if (index >= 0) named[column.name] = row[column.name] ?? null
  }
  const change = changeOf(entity.columns, entity.key, named)
  // The old system's insert lines carry no ERP id: the tax id or lead + e-mail identify them as well.
  const key = change.key ?? row.TAXID ?? (row.LEAD_ID && row.EMAIL ? `${row.LEAD_ID}-${row.EMAIL}` : null)
  if (!key)
    throw new PonteError('line.without_key', 'The line names no record: its key columns are missing.', {
      hint: `A line of ${entity.name} needs ${entity.key.join(' and ')}.`,
    })
  return { key, hash: change.hash }
}

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
