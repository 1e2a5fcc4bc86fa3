/** One refused letter for people: per line what was sent, why it was refused, and what ERP and CRM hold now, side by side. */

import { PonteError } from '../base/error.ts'
import { within } from '../base/within.ts'
import { type Standing, standingOf } from '../connectors/state/changes/operator.ts'
import type { Cell, Row } from '../engine/model.ts'
import { whatHappened } from '../jobs/run/error-text.ts'
import type { Field } from '../records/kind.ts'
import { type Entity, kinds } from '../records/kinds.ts'
import type { DeadLine } from './dead-line.ts'
import { editableFields } from './edit-dead.ts'
import type { OpenDead } from './open-dead.ts'
import type { Operator } from './operator.ts'
import { type CrmReads, crmRow, type ErpReads, erpRow } from './record-now.ts'

/** read · absent: it has no such record · away: it cannot be asked now · unasked: nobody asked, or the line does not say whom it is about. */
export type Side = { readonly kind: 'read' | 'absent' | 'unasked' } | { readonly kind: 'away'; readonly why: string }

export interface FieldView {
  readonly field: string
  readonly sent: Cell
  readonly erp: Cell
  readonly crm: Cell
  readonly owner: 'erp' | 'crm'
  readonly editable: boolean
  /** What may be typed, in words. */
  readonly expected: string | null
  /** The reason of the refusal names it. */
  readonly blamed: boolean
}

export interface LineView {
  readonly line: DeadLine
  /** null: it names no change. */
  readonly standing: Standing | null
  readonly erp: Side
  readonly crm: Side
  /** Its lead or person in the CRM, when there is one. */
  readonly crmId: number | null
  /** What the reason names comes first. */
  readonly fields: readonly FieldView[]
}

/** How long a person waits for either side, milliseconds. */
const patienceMs = 10_000

/**
 * @param sides null: neither side is asked (a letter of many lines)
 * @throws PonteError `state.*`
 */
export async function showLines(
  { state }: Pick<Operator, 'state'>,
  dead: OpenDead,
  lines: readonly DeadLine[],
  sides: { readonly erp: ErpReads; readonly crm: CrmReads } | null,
): Promise<LineView[]> {
  const changes = lines.flatMap(({ change }) => (change === null ? [] : [change]))
  const standings = await standingOf(state, changes)
  const entity = dead.kind?.entity ?? null
  const views: LineView[] = []
  for (const line of lines) {
    const [erp, crm] = await Promise.all([
      ask(sides, async ({ erp }) => {
        const row = await erpRow(erp, line, entity)
        return row === null ? null : { id: null, row }
      }),
      ask(sides, ({ crm }) => crmRow(crm, line, entity)),
    ])
    const standing = line.change === null ? null : standings[changes.indexOf(line.change)]!
    const all = fieldsOf(dead, entity).map((field) => fieldView(field, entity, line, erp.row, crm.row))
    const fields = [...all.filter(({ blamed }) => blamed), ...all.filter(({ blamed }) => !blamed)]
    views.push({ line, standing, erp: erp.side, crm: crm.side, crmId: crm.id, fields })
  }
  return views
}

interface Asked {
  readonly side: Side
  readonly id: number | null
  readonly row: Row
}

async function ask<S>(sides: S | null, work: (sides: S) => Promise<{ id: number | null; row: Row } | null>): Promise<Asked> {
  if (sides === null) return { side: { kind: 'unasked' }, id: null, row: {} }
  const tooLate = () => new PonteError('operator.too_late', `no answer within ${patienceMs / 1_000} s`, { hint: 'look again later' })
  try {
    const found = await within(patienceMs, work(sides), tooLate)
    return found === null ? { side: { kind: 'absent' }, id: null, row: {} } : { side: { kind: 'read' }, ...found }
  } catch (error) {
    return { side: { kind: 'away', why: whatHappened(error) }, id: null, row: {} }
  }
}

function fieldsOf({ kind }: OpenDead, entity: Entity | null): readonly Field[] {
  if (entity !== null) return entity.fields
  return kind === null ? [] : kinds[kind.lane].fields
}

function fieldView(field: Field, entity: Entity | null, { sent, reason }: DeadLine, erp: Row, crm: Row): FieldView {
  const { name, owner, entry } = field
  const editable = entity !== null && editableFields(entity).includes(field)
  return {
    field: name,
    sent: sent[name] ?? null,
    erp: erp[name] ?? null,
    crm: crm[name] ?? null,
    owner,
    editable,
    expected: entry?.words ?? null,
    blamed: isNamed(name, reason.reason),
  }
}

/** Spelled in any way (`ADDRESS_ZIPCODE`, addressZipcode, zip code); of a longer name its last word is enough. */
function isNamed(field: string, reason: string): boolean {
  const letters = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '')
  const last = field.slice(field.lastIndexOf('_') + 1)
  return [field, ...(last.length > 4 ? [last] : [])].some((name) => letters(reason).includes(letters(name)))
}
