/** The ledger of what both sides last held, what became of each event, and conflicts. */

import type pg from 'pg'
import { jsonText } from '../../../base/text.ts'
import type { Row } from '../../../engine/model.ts'
import type { KindName } from '../../../records/kinds.ts'
import { type Db, query, transaction } from '../query.ts'
import type { Fence } from '../runs/leases.ts'
import { hold } from './queueing.ts'

export interface Agreed {
  readonly fields: Row
  /** The CRM's updateDate at the last read; null: never read. */
  readonly crmTime: string | null
  /** Values under way to the CRM, of which it is not known whether it took them; null: none are. */
  readonly sent: Row | null
}

export interface Conflict {
  readonly field: string
  readonly agreed: string | null
  readonly erp: string | null
  readonly crm: string | null
  readonly winner: 'erp' | 'crm'
}

export interface ListedConflict extends Conflict {
  readonly id: number
  readonly entity: KindName
  readonly key: string
  readonly createdAt: Date
}

/** applied: the ERP's database changed · unchanged: the CRM was read, nothing was new · echo: the payload said nothing new, no call was made. */
export type EventOutcome = 'applied' | 'unchanged' | 'echo' | 'ignored' | 'removed' | 'refused'

/** What is written down when an event has come to its end. */
export interface SettledEvent {
  readonly event: {
    readonly id: string
    readonly job: string
    readonly letter: string
    readonly leadId: string
    readonly receivedAt: Date | null
  }
  readonly outcome: EventOutcome
  readonly code?: string
  readonly ledger?: Ledger
}

/** A record's part of the ledger. */
export interface Ledger {
  readonly entity: KindName
  readonly key: string
  readonly fields: Row
  readonly crmTime: string | null
  readonly conflicts: readonly Conflict[]
}

/** @throws PonteError `state.*` */
export async function readAgreed(db: Db, entity: KindName, key: string): Promise<Agreed | null> {
  const { rows } = await query<Agreed>(db, 'select fields, crm_time as "crmTime", sent from agreed where entity = $1 and key = $2', [
    entity,
    key,
  ])
  return rows[0] ?? null
}

/** When each of these leads was last read from the CRM; leads that never were are not in it. */
export async function readTimes(db: Db, leadIds: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await query<{ key: string; time: string }>(
    db,
    `select key, crm_time as time from agreed where entity = 'leads' and key = any($1) and crm_time is not null`,
    [leadIds],
  )
  return new Map(rows.map(({ key, time }) => [key, time]))
}

/**
 * Event, ledger and conflicts in one transaction. The same event settled again changes nothing but its end.
 * @throws PonteError `lease.lost`: nothing was written; `state.*`
 */
export async function settleEvent(pool: pg.Pool, settled: SettledEvent, lease: Fence): Promise<void> {
  const { event, outcome, code, ledger } = settled
  await transaction(pool, async (client) => {
    await hold(client, lease)
    if (ledger) await writeLedger(client, ledger, event.id)
    await query(
      client,
      `insert into inbound_events (id, job, letter, lead_id, outcome, code, conflicts, received_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (id) do update set outcome = excluded.outcome, code = excluded.code, ended_at = clock_timestamp()`,
      [event.id, event.job, event.letter, event.leadId, outcome, code ?? null, ledger?.conflicts.length ?? 0, event.receivedAt],
    )
  })
}

/** The ledger alone, for what an outbound line learned of the CRM on its way. @throws PonteError `lease.lost`, `state.*` */
export async function settleLedger(pool: pg.Pool, ledger: Ledger, event: string, lease: Fence): Promise<void> {
  await transaction(pool, async (client) => {
    await hold(client, lease)
    await writeLedger(client, ledger, event)
  })
}

/**
 * These values are about to be sent to the CRM, durable when it resolves; null: it took none of them. A delivery forgets them by itself.
 * @throws PonteError `lease.lost`, `state.*`
 */
export async function noteSent(
  pool: pg.Pool,
  { entity, key }: Pick<Ledger, 'entity' | 'key'>,
  sent: Row | null,
  lease: Fence,
): Promise<void> {
  await transaction(pool, async (client) => {
    await hold(client, lease)
    await query(
      client,
      `insert into agreed (entity, key, fields, sent) values ($1, $2, '{}', $3) on conflict (entity, key) do update set sent = excluded.sent`,
      [entity, key, sent === null ? null : jsonText(sent)],
    )
  })
}

async function writeLedger(client: pg.PoolClient, { entity, key, fields, crmTime, conflicts }: Ledger, event: string): Promise<void> {
  await query(
    client,
    `insert into agreed (entity, key, fields, crm_time) values ($1, $2, $3, $4)
     on conflict (entity, key) do update
        set fields = agreed.fields || excluded.fields, crm_time = coalesce(excluded.crm_time, agreed.crm_time), updated_at = clock_timestamp()`,
    [entity, key, jsonText(fields), crmTime],
  )
  for (const { field, agreed, erp, crm, winner } of conflicts)
    await query(
      client,
      `insert into conflicts (entity, key, field, agreed, erp, crm, winner, event) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
      [entity, key, field, agreed, erp, crm, winner, event],
    )
}

/** The newest first. */
export async function listConflicts(db: Db, limit = 100): Promise<ListedConflict[]> {
  const { rows } = await query<ListedConflict>(
    db,
    `select id::integer, entity, key, field, agreed, erp, crm, winner, created_at as "createdAt" from conflicts order by id desc limit $1`,
    [limit],
  )
  return rows
}

/** How many fields both sides changed apart. */
export async function countConflicts(db: Db): Promise<{ lastDay: number; all: number }> {
  const { rows } = await query<{ lastDay: number; all: number }>(
    db,
    `select count(*) filter (where created_at > clock_timestamp() - interval '1 day')::integer as "lastDay", count(*)::integer as "all" from conflicts`,
  )
  return rows[0]!
}

/** How far a list was read. `movedAt`: when the cursor was put there, by the state database's clock. */
export interface Cursor {
  readonly value: string
  readonly movedAt: Date
}

/** @returns null: never read */
export async function readCursor(db: Db, name: string): Promise<Cursor | null> {
  const { rows } = await query<Cursor>(db, 'select value, updated_at as "movedAt" from cursors where name = $1', [name])
  return rows[0] ?? null
}

/** @throws PonteError `lease.lost`: somebody else reads on */
export async function moveCursor(pool: pg.Pool, name: string, value: string, lease: Fence): Promise<void> {
  await transaction(pool, async (client) => {
    await hold(client, lease)
    await query(
      client,
      `insert into cursors (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value, updated_at = clock_timestamp()`,
      [name, value],
    )
  })
}
