/**
 * Forgets one client (personal data whose time is over). What a run's balance needs stays as a tombstone: that there was a change, of which
 * entity and run, and how it ended; no key, no hash, no letter's name.
 */
import type pg from 'pg'
import type { Entity } from '../../../records/kinds.ts'
import { entitiesThat, namesOne } from '../changes/history.ts'
import { type Db, query, transaction } from '../query.ts'

/** All by which the state may know the client. */
export interface Subject {
  /** Normalised: 14 positions. */
  readonly taxId: string
  readonly leadIds: readonly string[]
  /** Keys of the ERP's branches: those of leads.insert. */
  readonly branches: readonly string[]
  /** Codes of the ERP's contacts: keys of contacts.insert. */
  readonly contacts: readonly string[]
}

export type ForgottenRows = Readonly<
  Record<'changes' | 'agreed' | 'conflicts' | 'inboundEvents' | 'webhooks' | 'tasks' | 'audit' | 'runs', number>
>

const kindOnly = ({ kind }: Entity) => [kind]
const ofLead = (entity: string, key: string) =>
  `(${entity} in (${entitiesThat(({ names }) => names === 'lead', kindOnly)}, 'leads.budget', 'leads.sale') and ${key} = any($1)
    or ${entity} in (${entitiesThat(({ names }) => names === 'child', kindOnly)}) and split_part(${key}, '-', 2) = any($1))`
const inChanges = `(${ofLead('entity', 'key')} or crm_id = any($1) and entity like 'leads%'
    or entity in (${entitiesThat(({ names }) => names === 'branch')}) and key = any($2)
    or entity in (${entitiesThat(({ names }) => names === 'row')}) and key = any($3))`

/** Leads that the state knows by this tax id, or as made from these branches. */
export async function knownLeads(db: Db, taxId: string, branches: readonly string[]): Promise<string[]> {
  const { rows } = await query<{ id: string }>(
    db,
    `select key as id from agreed where entity = 'leads' and fields ->> 'TAXID' = $1
     union select crm_id from changes where entity = 'leads.insert' and key = any($2) and crm_id is not null`,
    [taxId, branches],
  )
  return rows.map(({ id }) => id)
}

/** The tax id that both sides last agreed on for a lead; null: the ledger does not say. */
export async function taxIdOf(db: Db, leadId: string): Promise<string | null> {
  const { rows } = await query<{ taxId: string | null }>(
    db,
    `select fields ->> 'TAXID' as "taxId" from agreed where entity = 'leads' and key = $1`,
    [leadId],
  )
  return rows[0]?.taxId ?? null
}

/**
 * @param letters names of letters that are no more: they may name somebody
 * @returns rows that were changed or removed; with `dryRun` those that would be
 * @throws PonteError `state.*`: nothing was changed
 */
export async function forgetRows(
  pool: pg.Pool,
  subject: Subject,
  { letters, dryRun }: { readonly letters: readonly string[]; readonly dryRun: boolean },
): Promise<ForgottenRows> {
  const { taxId, leadIds, branches, contacts } = subject
  return transaction(pool, async (client) => {
    // Nobody else rewrites the audit log (sql/state 0009).
    await query(client, `select set_config('ponte.erase', 'on', true)`)
    const run = async (sql: string, values: readonly unknown[]) => (await query(client, sql, values)).rowCount ?? 0
    const count = async (table: string, where: string, values: readonly unknown[]) =>
      Number((await query<{ n: string }>(client, `select count(*) as n from ${table} where ${where}`, values)).rows[0]!.n)
    const remove = (table: string, where: string, values: readonly unknown[]) =>
      dryRun ? count(table, where, values) : run(`delete from ${table} where ${where}`, values)
    const change = (table: string, set: string, where: string, values: readonly unknown[]) =>
      dryRun ? count(table, where, values) : run(`update ${table} set ${set} where ${where}`, values)

    // Plain, or with any marks between.
    const written = [...taxId].join('[^0-9A-Za-z]?')
    // As runs name them: keys in quotes, and before the code that refused them.
    const ids = `(${[...leadIds, ...branches].map(escaped).join('|') || 'nobody'})`
    const taxIdText = [...taxId].join('[./ -]?')
    const [quoted, refused] = [`"${ids}"`, `\\m${ids}(?= [A-Z_]{4,})`]
    return {
      changes: await change(
        'changes',
        `key = 'erased-' || id, hash = 'erased', letter = 'erased', crm_id = null, intent_at = null, code = 'ERASED',
         run_id = case when run_id like '%:%' then 'erased-' || id else run_id end,
         status = case when status in ('queued', 'failed') then 'superseded' else status end`,
        inChanges,
        [leadIds, branches, contacts],
      ),
      agreed: await remove('agreed', `${ofLead('entity', 'key')} or entity = 'leads' and fields ->> 'TAXID' = $2`, [leadIds, taxId]),
      conflicts: await remove('conflicts', ofLead('entity', 'key'), [leadIds]),
      inboundEvents: await change(
        'inbound_events',
        `id = 'erased-' || gen_random_uuid(), letter = 'erased', lead_id = 'erased'`,
        'lead_id = any($1) or letter = any($2)',
        [leadIds, letters],
      ),
      webhooks:
        (await remove(
          'webhook_ids',
          'letter = any($1) or exists (select from webhook_latest l where l.id = webhook_ids.id and l.type = webhook_ids.type and l.subject = any($2))',
          [letters, leadIds],
        )) + (await remove('webhook_latest', 'subject = any($1)', [leadIds])),
      tasks: await remove('tasks', 'lead_id::text = any($1)', [leadIds]),
      audit: await change(
        'audit',
        `target = 'erased', before = null, after = null, reason = null`,
        // What it says of a record names the record, and need not name its tax id.
        `concat_ws(' ', target, before, after, reason) ~* $4 or target = any($5) or ${namesOne}`,
        [leadIds, branches, contacts, written, letters],
      ),
      runs: await change(
        'runs',
        `message = regexp_replace(message, ${literal(`${refused}|${taxIdText}`)}, 'erased', 'g'),
         counts = regexp_replace(regexp_replace(counts::text, ${literal(quoted)}, '"erased"', 'g'), ${literal(taxIdText)}, 'erased', 'g')::jsonb`,
        'message ~ $1 or message ~ $3 or counts::text ~ $2 or counts::text ~ $3',
        [refused, quoted, taxIdText],
      ),
    }
  })
}

/** Text inside a pattern stays text, whatever it is. */
const escaped = (text: string): string =>
  text.replaceAll(/[^0-9A-Za-z]/gu, (char) => `\\U${char.codePointAt(0)!.toString(16).padStart(8, '0')}`)
/** A pattern inside a statement. */
const literal = (pattern: string): string => `'${pattern.replaceAll("'", "''")}'`
