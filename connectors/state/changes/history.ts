/** What Ponte remembers of one record, for whoever asks what became of it. Values are personal data: shown to operators, never logged. */
import { type Entity, entities, type KindName, letterKinds } from '../../../records/kinds.ts'
import { type Db, query } from '../query.ts'
import type { Conflict } from './agreed.ts'

/** One company as the systems name it. */
export interface Subject {
  /** Leads of the CRM. */
  readonly leads: readonly string[]
  /** ERP branches (client-branch) that were or are to become leads. */
  readonly branches: readonly string[]
  /** ERP contacts (code) that were or are to become persons. */
  readonly contacts: readonly string[]
}

export interface PastChange {
  readonly run: string
  readonly entity: string
  readonly key: string
  readonly status: 'queued' | 'delivered' | 'failed' | 'superseded'
  readonly letter: string
  readonly sends: number
  readonly code: string | null
  readonly crmId: string | null
  readonly inDoubt: boolean
  readonly queuedAt: Date
  readonly queuedOrder: number
  readonly movedAt: Date
  readonly movedOrder: number
}

/** Leads, by what both sides were last agreed about. */
export async function agreedLeads(db: Db, field: 'TAXID' | 'CLIENT_CODE', value: string): Promise<string[]> {
  const { rows } = await query<{ key: string }>(
    db,
    `select key from agreed where entity = 'leads' and fields ->> '${field}' = $1 limit 50`,
    [value],
  )
  return rows.map(({ key }) => key)
}

/** Branches from which these leads were created, and contacts from which these persons were. */
export async function createdFrom(db: Db, leads: readonly string[]): Promise<{ branches: string[]; contacts: string[] }> {
  const { rows } = await query<{ entity: string; key: string }>(
    db,
    `select entity, key from changes where entity = 'leads.insert' and crm_id = any($1::text[])
     union
     select c.entity, c.key from agreed a join changes c on c.entity = 'contacts.insert' and c.crm_id = split_part(a.key, '-', 1)
      where a.entity = 'contacts' and split_part(a.key, '-', 2) = any($1::text[])`,
    [leads],
  )
  const of = (entity: string) => rows.flatMap((row) => (row.entity === entity ? [row.key] : []))
  return { branches: of('leads.insert'), contacts: of('contacts.insert') }
}

/** Persons of the CRM that Ponte has had to do with, by their leads. */
export async function knownPersons(db: Db, leads: readonly string[]): Promise<string[]> {
  const { rows } = await query<{ id: string }>(
    db,
    `select split_part(key, '-', 1) as id from agreed where entity = 'contacts' and split_part(key, '-', 2) = any($1::text[])
     union
     select split_part(key, '-', 1) from changes where entity = 'contacts.update' and split_part(key, '-', 2) = any($1::text[])`,
    [leads],
  )
  return rows.map(({ id }) => id)
}

/** SQL: names of the entities that are so, and, with `too`, of what else may stand in their place. */
export const entitiesThat = (isSo: (entity: Entity) => boolean, too: (entity: Entity) => readonly string[] = () => []): string =>
  entities
    .filter(isSo)
    .flatMap((entity) => [entity.name, ...too(entity)])
    .map((name) => `'${name}'`)
    .join(', ')

const events = ({ kind }: Entity) => [
  kind,
  ...letterKinds.flatMap(({ lane, entity, prefix }) => (lane === kind && !entity ? [prefix] : [])),
]

/** SQL: of a lead and its persons; `$1` leads, `$2` branches, `$3` contacts. */
export const isAbout = (entity: string, key: string): string => `case
    when ${entity} in (${entitiesThat(({ names }) => names === 'branch')}) then ${key} = any($2::text[])
    when ${entity} in (${entitiesThat(({ names }) => names === 'row')}) then ${key} = any($3::text[])
    when ${entity} in (${entitiesThat(({ names }) => names === 'child', events)}) then split_part(${key}, '-', 2) = any($1::text[])
    else ${key} = any($1::text[]) end`

/** SQL: the number that says in which order things happened; what is older than such numbers has 0. */
const order = (column: string): string => `coalesce(${column}, 0)::float8`

const values = ({ leads, branches, contacts }: Subject): readonly unknown[] => [leads, branches, contacts]

/** The oldest first. */
export async function pastChanges(db: Db, subject: Subject): Promise<PastChange[]> {
  const { rows } = await query<PastChange>(
    db,
    `select run_id as run, entity, key, status, letter, sends, code, crm_id as "crmId", intent_at is not null as "inDoubt",
            created_at as "queuedAt", ${order('happened')} as "queuedOrder", updated_at as "movedAt", ${order('moved')} as "movedOrder"
       from changes
      where ${isAbout('entity', 'key')}
      order by id limit 5000`,
    values(subject),
  )
  return rows
}

export interface PastEvent {
  readonly job: string
  readonly letter: string
  readonly leadId: string
  readonly outcome: string
  readonly code: string | null
  readonly receivedAt: Date | null
  readonly endedAt: Date
  readonly order: number
}

export async function pastEvents(db: Db, { leads }: Subject): Promise<PastEvent[]> {
  const { rows } = await query<PastEvent>(
    db,
    `select job, letter, lead_id as "leadId", outcome, code, received_at as "receivedAt", ended_at as "endedAt",
            ${order('happened')} as "order"
       from inbound_events where lead_id = any($1) order by happened nulls first, ended_at limit 5000`,
    [leads],
  )
  return rows
}

export interface PastConflict extends Conflict {
  readonly entity: KindName
  readonly key: string
  readonly at: Date
  readonly order: number
}

export async function pastConflicts(db: Db, subject: Subject): Promise<PastConflict[]> {
  const { rows } = await query<PastConflict>(
    db,
    `select entity, key, field, agreed, erp, crm, winner, created_at as at, ${order('happened')} as "order"
       from conflicts where ${isAbout('entity', 'key')} order by id limit 5000`,
    values(subject),
  )
  return rows
}

export interface PastWebhook {
  readonly type: string
  readonly leadId: string
  readonly letter: string | null
  readonly at: Date
  readonly order: number
}

/** The latest webhook of each kind, also while its letter waits. */
export async function latestWebhooks(db: Db, { leads }: Subject): Promise<PastWebhook[]> {
  const { rows } = await query<PastWebhook>(
    db,
    `select l.type, l.subject as "leadId", w.letter, l.received_at as at, ${order('l.happened')} as "order"
       from webhook_latest l left join webhook_ids w on w.type = l.type and w.id = l.id where l.subject = any($1)`,
    [leads],
  )
  return rows
}

export interface PastAction {
  readonly at: Date
  readonly order: number
  readonly actor: string
  readonly action: string
  readonly target: string
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
  readonly reason: string | null
  readonly outcome: string | null
}

/** What was made is known afterwards only. */
const records = `coalesce(before -> 'records', after -> 'records')`
/** SQL: an entry of the audit log that names one of them; parameters as in `isAbout`. */
export const namesOne = `jsonb_typeof(${records}) = 'array'
        and exists (select from jsonb_array_elements(${records}) r where ${isAbout("r ->> 'entity'", "r ->> 'key'")})`

/** Actions of operators that name one of these records. */
export async function pastActions(db: Db, subject: Subject): Promise<PastAction[]> {
  const { rows } = await query<PastAction>(
    db,
    `select at, ${order('happened')} as "order", actor, action, target, before, after, reason, outcome from audit
      where ${namesOne}
      order by id limit 5000`,
    values(subject),
  )
  return rows
}

export interface PastTask {
  readonly kind: string
  readonly leadId: string
  readonly status: string
  readonly code: string | null
  readonly at: Date
  readonly order: number
  readonly movedAt: Date
  readonly movedOrder: number
}

/** Baton hand-overs that were asked for. */
export async function pastTasks(db: Db, { leads }: Subject): Promise<PastTask[]> {
  const { rows } = await query<PastTask>(
    db,
    `select kind, lead_id::text as "leadId", status, code, created_at as at, ${order('happened')} as "order",
            updated_at as "movedAt", ${order('moved')} as "movedOrder"
       from tasks where lead_id = any($1::bigint[]) order by happened nulls first, created_at`,
    [leads],
  )
  return rows
}
