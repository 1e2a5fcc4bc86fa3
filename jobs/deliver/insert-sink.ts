/** What only the ERP has -> a new record of the CRM, once; its id back to the ERP at once. */
import type { CrmResult, WriteGuard } from '../../connectors/crm/spotter/types.ts'
import type { Entity } from '../../records/kinds.ts'
import type { Line } from '../../records/lines.ts'
import type { Context } from '../context.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { createOnce } from './in-doubt.ts'
import { incomplete } from './line-checks.ts'
import { refused } from './refused.ts'

/** The calls that make a record of one kind. */
export interface InsertCalls {
  /** By its business key; null: the CRM does not have it. */
  find(line: Line): Promise<number | null>
  /** The one write. What it needs to know is read before: a failure of that leaves no doubt. */
  creation(line: Line): Promise<(guard: WriteGuard) => Promise<CrmResult<number>>>
  /** The CRM would not refuse a repeated one, so it is looked for before every create, doubt or not; what is found counts as sent. */
  readonly looksFirst: boolean
  /** Its id into the ERP. */
  store(line: Line, crmId: string): Promise<unknown>
  /** What it makes possible. */
  follow?(line: Line, crmId: string): Promise<void>
  /** Of the record on the agreed ledger. */
  keyOf(line: Line, crmId: string): string
}

export function insertSink({ options }: Context, entity: Entity, calls: InsertCalls): Sink {
  return async (line, attempt): Promise<Delivery> => {
    const fault = incomplete(entity, line)
    if (fault !== null) return fault
    const find = () => calls.find(line)
    const existing = calls.looksFirst && !attempt.inDoubt ? await find() : null
    const make = await calls.creation(line)
    let isNew = false
    const create = async (guard: WriteGuard) => {
      const added = await make(guard)
      isNew = added.ok
      return added
    }
    const result =
      existing !== null ? ({ ok: true, value: existing } as const) : await createOnce({ find, create, attempt, settleMs: options.settleMs })
    if (!result.ok) return refused(result)

    const crmId = String(result.value)
    await attempt.store(() => calls.store(line, crmId))
    await calls.follow?.(line, crmId)
    // Nothing is agreed about a record that was there already: when it is met, the owner of each field decides.
    const fields = isNew || calls.looksFirst ? line.row : {}
    return { kind: 'delivered', ledger: { entity: entity.kind, key: calls.keyOf(line, crmId) }, crmId, fields }
  }
}
