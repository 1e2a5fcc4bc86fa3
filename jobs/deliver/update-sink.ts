/**
 * What differs in the ERP -> the record that the CRM has. It is read first: what the CRM's users changed meanwhile is taken in before
 * anything is sent, and only the fields that the ERP has to say something about are sent. So no change of either side is overwritten
 * unseen, and a try whose answer was lost finds its own values there and sends nothing.
 */
import type { CrmResult, WriteGuard } from '../../connectors/crm/spotter/types.ts'
import { type Ledger, noteSent, readAgreed, settleLedger } from '../../connectors/state/changes/agreed.ts'
import type { Row } from '../../engine/model.ts'
import type { Entity } from '../../records/kinds.ts'
import type { Line } from '../../records/lines.ts'
import type { Context, JobRun } from '../context.ts'
import { inboxId } from '../receive/lead-event.ts'
import { type Bases, basesOf, decide, withoutTaking } from '../receive/reconcile.ts'
import type { Delivery, Sink } from './deliver-line.ts'
import { incomplete } from './line-checks.ts'
import { dead, refused } from './refused.ts'

export type Ids = Line['ids']

/** The calls that read and change a record of one kind. `Seen`: as the CRM shows it. */
export interface UpdateCalls<Seen> {
  read(ids: Ids): Promise<Seen | null>
  missing(ids: Ids): string
  rowOf(seen: Seen): Row
  /** Takes in what the CRM's users changed. null: nothing of this record is taken in. */
  absorb(event: string, seen: Seen): Promise<{ kind: 'absorbed'; changed: boolean; bases: Bases; ledger: Ledger } | { kind: string } | null>
  mirrored(ids: Ids): Promise<Row | null>
  /** The CRM's options of the sales rep. */
  reps(): Promise<ReadonlySet<string>>
  /** The record's name in the CRM, which every body carries unless the ERP has to say something about it. */
  nameOf(seen: Seen): string | null | undefined
  write(id: number, fields: readonly string[], row: Row, reps: ReadonlySet<string>, guard: WriteGuard): Promise<CrmResult<unknown>>
  /** The sent values enter the mirror at once, and the CRM need not tell them. */
  store(row: Row): Promise<unknown>
  /** Of the record on the agreed ledger. */
  keyOf(ids: Ids): string
}

export function updateSink<Seen>({ state }: Context, run: JobRun, entity: Entity, calls: UpdateCalls<Seen>): Sink {
  return async ({ change, ids, row }, attempt): Promise<Delivery> => {
    const fault = incomplete(entity, { ids, row })
    if (fault !== null) return fault
    const seen = await calls.read(ids)
    if (seen === null) return dead('NOT_FOUND', calls.missing(ids))
    const reps = await calls.reps()
    const record = { entity: entity.kind, key: calls.keyOf(ids) }
    const event = inboxId(`${change.run}:${change.entity}:${change.key}`)
    const answer = await attempt.store(() => calls.absorb(event, seen))
    const absorbed = answer !== null && 'bases' in answer ? answer : null
    const held = calls.rowOf(seen)
    // What to send is decided on the bases on which it was decided what to take, or would have been: what the CRM's users changed stays.
    const bases = absorbed?.bases ?? basesOf((await calls.mirrored(ids)) ?? held, await readAgreed(state, record.entity, record.key))
    if (absorbed?.changed) await settleLedger(state, absorbed.ledger, event, run.lease)

    const decision = decide(entity.fields, { ...bases, crm: held, erp: row }, reps)
    const { send, agreed } = absorbed === null ? withoutTaking(decision) : decision
    const sent = Object.fromEntries(send.map((name) => [name, row[name] ?? null]))
    if (send.length > 0) {
      await noteSent(state, record, sent, run.lease)
      const named = send.includes('NAME') ? row : { ...row, NAME: calls.nameOf(seen) || (row.NAME ?? null) }
      const result = await attempt.write((guard) => calls.write(Number(ids.ID), send, named, reps, guard))
      if (!result.ok) {
        await noteSent(state, record, null, run.lease)
        return refused(result)
      }
    }
    await attempt.store(() => calls.store({ ID: ids.ID, ...agreed, ...sent }))
    return { kind: 'delivered', ledger: record, crmId: String(Number(ids.ID)), fields: { ...agreed, ...sent } }
  }
}
