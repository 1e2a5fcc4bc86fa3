/** What Ponte remembers, in words. Pure functions. */

import type { LoggedRow } from '../connectors/erp/erp.ts'
import type { PastAction, PastChange, PastConflict, PastEvent, PastTask, PastWebhook } from '../connectors/state/changes/history.ts'
import type { DeadLetter } from '../queue-dirs/lane.types.ts'
import { entities, entityOf, kindNames, kindOf, kinds } from '../records/kinds.ts'

/** One thing that happened. Holds personal data where values are told. */
export interface Happening {
  readonly at: Date
  readonly kind: 'change' | 'delivery' | 'refusal' | 'webhook' | 'event' | 'conflict' | 'operator' | 'task' | 'erp log'
  /** As in `lead 4711`, `branch 12-1`. */
  readonly record: string
  readonly text: string
  readonly code: string | null
  readonly letter: string | null
  readonly run: string | null
}

/** One that the state database remembers, with its place among them. */
export interface Remembered extends Happening {
  readonly order: number
}

const none = { code: null, letter: null, run: null }

const recordText = (entity: string, key: string): string => {
  const change = entityOf(entity)
  if (change?.names === 'branch') return `branch ${key}`
  const kind = change?.kind ?? kindOf(entity)?.lane ?? kindNames.find((name) => name === entity)
  return `${kinds[kind ?? 'leads'].label} ${key}`
}

const wants: Readonly<Record<string, string>> = {
  ...Object.fromEntries(entities.map(({ name, because }) => [name, because])),
  'leads.budget': 'the ERP has another budget: the CRM is to be told',
  'leads.sale': 'the ERP has an order: the CRM is to be told',
}

/** Queued, and how it ended. */
export function changeHappenings(change: PastChange, dead: DeadLetter | undefined): Remembered[] {
  const { run, entity, key, status, letter, sends, code, crmId, inDoubt, queuedAt, queuedOrder, movedAt, movedOrder } = change
  const base = { record: recordText(entity, key), letter: letter || null, run }
  const again = sends > 1 ? ` (for the ${sends}. time with these values)` : ''
  const moved = { ...base, at: movedAt, order: movedOrder, code }
  const queued: Remembered = {
    ...base,
    at: queuedAt,
    order: queuedOrder,
    kind: 'change',
    code: null,
    text: `${wants[entity] ?? `${entity} is to be sent`}${again}`,
  }
  const doubt = inDoubt ? '; whether the CRM has it is looked up before it is tried again' : ''
  switch (status) {
    case 'queued':
      return [{ ...queued, text: `${queued.text}; it waits${doubt}` }]
    case 'delivered':
      return [queued, { ...moved, kind: 'delivery', text: `delivered to the CRM${crmId ? `, there ${crmId}` : ''}` }]
    case 'superseded':
      return [queued, { ...moved, kind: 'change', text: 'replaced by a newer change, or with nothing left to send: not sent' }]
    case 'failed':
      return [queued, { ...moved, kind: 'refusal', text: `${failedText(code, dead)}${doubt}` }]
  }
}

function failedText(code: string | null, dead: DeadLetter | undefined): string {
  if (code === 'DISCARDED') return 'refused, and put away by an operator since: these values are not sent again'
  if (code === 'LETTER_MISSING') return 'its letter was removed by hand: the next compare sends what still differs'
  const reason = dead?.lines.find((line) => line.code === code)?.reason
  return `refused${reason ? `: ${reason}` : ''}${dead ? ' It lies in falhas.' : ''}`
}

const age = (ms: number): string => (ms < 120_000 ? `${Math.max(0, Math.round(ms / 1_000))} s` : `${Math.round(ms / 60_000)} min`)

const outcomes: Readonly<Record<string, string>> = {
  applied: 'what the CRM holds was applied to the ERP',
  unchanged: 'the CRM was read; there was nothing new for the ERP',
  echo: 'an event said what was known already',
  ignored: 'an event was left alone: the lead is in no integrated stage, or not there',
  removed: 'the lead left the mirror',
  refused: 'the ERP, or Ponte, refused an event',
}

export function eventHappening(
  { job, letter, leadId, outcome, code, receivedAt, endedAt, order }: PastEvent,
  dead: DeadLetter | undefined,
): Remembered {
  const waited = receivedAt === null ? '' : ` (it waited ${age(endedAt.getTime() - receivedAt.getTime())})`
  const reason = dead?.lines[0]?.reason
  const text = `${outcomes[outcome] ?? outcome}${waited}${reason ? `: ${reason} It lies in falhas.` : ''}`
  return { at: endedAt, order, kind: outcome === 'refused' ? 'refusal' : 'event', record: `lead ${leadId}`, text, code, letter, run: job }
}

export function conflictHappening({ entity, key, field, erp, crm, winner, at, order }: PastConflict): Remembered {
  const stands = winner === 'erp' ? 'the ERP’s stands' : 'the CRM’s stands'
  const text = `both sides changed ${field}: ERP ${erp ?? '—'}, CRM ${crm ?? '—'}; ${stands}`
  return { ...none, at, order, kind: 'conflict', record: recordText(entity, key), text }
}

export function webhookHappening({ type, leadId, letter, at, order }: PastWebhook): Remembered {
  return { ...none, at, order, kind: 'webhook', record: `lead ${leadId}`, text: `a webhook arrived: ${type}`, letter }
}

export function actionHappening({ at, order, actor, action, target, before, after, reason, outcome }: PastAction): Remembered {
  const records = ((before?.records ?? after?.records) as { entity: string; key: string | null }[] | undefined) ?? []
  const moved = valuesText(before?.values, after?.values)
  const ended = outcome === 'done' ? '' : outcome === null ? ' (cut short, or under way)' : ' (refused)'
  const text = [`${actor}: ${action}${ended}`, moved, reason].filter((part) => part).join(': ')
  const [first] = records
  const record = first?.key ? recordText(first.entity, first.key) : target
  return {
    at,
    order,
    kind: 'operator',
    record,
    text,
    code: outcome === 'done' ? null : outcome,
    letter: action.startsWith('falhas.') ? target : null,
    run: null,
  }
}

function valuesText(before: unknown, after: unknown): string {
  const [from, to] = [before, after].map((side) => (typeof side === 'object' && side !== null ? (side as Record<string, unknown>) : {}))
  return Object.keys({ ...from, ...to })
    .map((field) => `${field} ${from![field] ?? '—'} → ${to![field] ?? '—'}`)
    .join(', ')
}

export function taskHappenings({ kind, leadId, status, code, at, order, movedAt, movedOrder }: PastTask): Remembered[] {
  const base = { ...none, kind: 'task' as const, record: `lead ${leadId}` }
  const asked = { ...base, at, order, text: `${kind} was asked for` }
  return status === 'waiting' ? [asked] : [asked, { ...base, at: movedAt, order: movedOrder, code, text: `${kind}: ${status}` }]
}

/** Of an error of the ERP the beginning: what follows are its own call stacks. */
const errorStart = 300

export function loggedHappening(row: LoggedRow): Happening {
  const base = { ...none, at: row.at, kind: 'erp log' as const }
  if (row.log === 'LOG_EXECUTION_CRM') {
    const text = `${row.job ?? 'the ERP'} wrote down: ${row.field ?? '—'} ${row.value ?? '—'}`
    return { ...base, record: `lead ${row.leadId}`, text }
  }
  const [error = ''] = (row.error ?? '').split('\n')
  const said = [row.info, error.slice(0, errorStart)].filter(Boolean).join(': ')
  return { ...base, record: row.record, code: row.code, text: `the ERP’s ERROR_LOG: ${said || 'an error without a text'}` }
}
