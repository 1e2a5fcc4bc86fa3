/** One refused line as an operator sees it: whom it is about, what it says, why it was refused. Reads whatever lies there. */

import type { Cell, Row } from '../engine/model.ts'
import { applyRule } from '../engine/rules.ts'
import { webhookContactRow, webhookLeadRow } from '../jobs/receive/crm-rows.ts'
import { crmId } from '../jobs/receive/lead-event.ts'
import type { DeadLetter, DeadLine as Reason, ShownLetter } from '../queue-dirs/lane.types.ts'
import { type Entity, kindOf, type LetterKind } from '../records/kinds.ts'
import { leadFields } from '../records/lead.ts'
import type { ChangeId } from '../records/lines.ts'
import { type Line, readLine } from '../records/lines.ts'

export interface DeadLine {
  /** Its place in the file now, from 0. */
  readonly index: number
  readonly reason: Reason
  readonly text: string
  readonly about: About
  /** Of a record on its way to the CRM; null: an event, or a line that cannot be read. */
  readonly change: (ChangeId & { readonly hash: string; readonly stray: boolean }) | null
  readonly ids: Line['ids']
  /** What it says, by canonical columns. */
  readonly sent: Row
}

/** Whom a line is about, as far as it says so. Personal data: shown to operators, never logged. */
export interface About {
  readonly entity: string
  readonly key: Cell
  readonly leadId: Cell
  readonly taxId: Cell
  readonly name: Cell
}

export interface DeadView {
  readonly letter: DeadLetter
  /** `unknown` when no job takes it. */
  readonly prefix: string
  readonly kind: LetterKind | null
  readonly version: string
  /** null: the file is no text. */
  readonly lines: readonly DeadLine[] | null
}

const noIds = { ID: null, LEAD_ID: null, CODE: null }

export function viewOf({ letter, prefix, lines, version }: ShownLetter): DeadView {
  const kind = kindOf(prefix)
  const read =
    lines?.map(({ text, reason }, index) => ({ index, reason, text, ...contentOf(kind, letter.file, reason.line, text) })) ?? null
  return { letter, prefix, kind, version, lines: read }
}

function contentOf(kind: LetterKind | null, file: string, line: number, text: string): Omit<DeadLine, 'index' | 'reason' | 'text'> {
  if (kind === null) return { about: about(kind, {}), change: null, ids: noIds, sent: {} }
  return kind.entity === null ? eventOf(kind, text) : recordOf(kind, kind.entity, `${file}:${line - 1}`, text)
}

function recordOf(kind: LetterKind, entity: Entity, id: string, text: string): Omit<DeadLine, 'index' | 'reason' | 'text'> {
  try {
    const { change, ids, row } = readLine(entity, id, text)
    const leadId = entity.names === 'lead' ? ids.ID : ids.LEAD_ID
    return { about: about(kind, { key: change.key, leadId, taxId: row.TAXID, name: row.NAME }), change, ids, sent: row }
  } catch {
    return { about: about(kind, {}), change: null, ids: noIds, sent: {} }
  }
}

const taxIdRule = leadFields.find(({ name }) => name === 'TAXID')!.rule

/** An event of a lead, or of a contact. */
function eventOf(kind: LetterKind, text: string): Omit<DeadLine, 'index' | 'reason' | 'text'> {
  const event = parsed(text)
  const lead = recordIn(event.Lead)
  const isLead = event.Lead !== undefined
  const sent = isLead ? webhookLeadRow(lead) : webhookContactRow(event)
  const leadId = crmId(isLead ? lead.Id : event.LeadId)
  const personId = isLead ? null : crmId(event.Id)
  const taxId = isLead ? sent.TAXID : applyRule(taxIdRule, typeof event.lead_cnpj === 'string' ? event.lead_cnpj : null)
  const key = personId === null || leadId === null ? null : `${personId}-${leadId}`
  const ids = { ...noIds, ID: idText(isLead ? leadId : personId), LEAD_ID: idText(leadId) }
  return {
    about: about(kind, { key: isLead ? idText(leadId) : key, leadId: idText(leadId), taxId, name: sent.NAME }),
    change: null,
    ids,
    sent,
  }
}

const idText = (id: number | null): Cell => (id === null ? null : String(id))

const about = (kind: LetterKind | null, known: { [name in 'key' | 'leadId' | 'taxId' | 'name']?: Cell | undefined }): About => ({
  entity: kind?.entity?.name ?? kind?.prefix ?? 'unknown',
  key: known.key ?? null,
  leadId: known.leadId ?? null,
  taxId: known.taxId ?? null,
  name: known.name ?? null,
})

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return recordIn(JSON.parse(text))
  } catch {
    return {}
  }
}

const recordIn = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
