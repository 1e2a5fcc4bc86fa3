/** Events of the CRM into the ERP's database: one transaction per lead or person, with its inbox id (architecture 2, mission C.8-C.11). */
import type pg from 'pg'
import type { Row } from '../../engine/model.ts'
import type { Applied, ContactSides, Erp, LeadSides, MirrorWrite, StageAlias } from './erp.ts'
import { upperKeys } from './postgres-extract.ts'
import { CONTACT_COLUMNS, LEAD_COLUMNS, mirrorOnly, writeMirror } from './postgres-mirror.ts'
import { inTransaction } from './postgres-transaction.ts'

type Inbound = Pick<Erp, 'applyLead' | 'applyContact' | 'removeLead' | 'mirrorOf' | 'removeContact' | 'stages'>

export function inbound(
  pool: pg.Pool,
  ask: <T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<T[]>,
): Inbound {
  return {
    applyLead: (event, decide) =>
      inTransaction(pool, `lead ${event.leadId}`, async (client): Promise<Applied<LeadSides>> => {
        await lockLead(client, event.leadId)
        const sides = await leadSides(client, event.leadId, event.taxId)
        const write = decide(sides)
        const link = sides.branch !== null && !sides.linked
        if (write === null || (sides.mirror !== null && isEmpty(write) && !link)) return { kind: 'unchanged', sides }
        await writeLead(client, event.leadId, sides, write)
        await markApplied(client, event.inboxId)
        return { kind: 'applied', sides }
      }),

    applyContact: (event, decide) =>
      inTransaction(pool, `contact ${event.personId}`, async (client): Promise<Applied<ContactSides>> => {
        await lockLead(client, event.leadId)
        const sides = await contactSides(client, event)
        const write = decide(sides)
        if (write === null || (sides.mirror !== null && isEmpty(write))) return { kind: 'unchanged', sides }
        await writeContact(client, event, sides, write)
        await markApplied(client, event.inboxId)
        return { kind: 'applied', sides }
      }),

    removeLead: ({ leadId, job, reason }) =>
      inTransaction(pool, `lead ${leadId}`, async (client) => {
        await lockLead(client, leadId)
        const { rows } = await client.query<{ name: string | null; stage: string | null }>(
          `with gone as (delete from leads where id = $1 returning *),
                kept as (insert into leads_removed (id, client_code, budget_value, order_value, stage, reason)
                         select id, client_code, budget_value, order_value, stage, left($2, 200) from gone
                         on conflict (id) do update
                            set client_code = excluded.client_code, budget_value = excluded.budget_value, order_value = excluded.order_value,
                                stage = excluded.stage, removed_on = localtimestamp, reason = excluded.reason)
           select name, stage from gone`,
          [leadId, reason],
        )
        if (rows[0] === undefined) return false
        await client.query(
          `insert into log_execution_crm (job, lead_id, lead_name, field, value) values ($1, $2, left($3, 200), 'STAGE', left($4, 4000))`,
          [job, leadId, rows[0].name, `${rows[0].stage ?? ''} -> removed from the mirror: ${reason}`],
        )
        return true
      }),

    mirrorOf: async (leadId) => {
      const [lead] = await ask(`${LEAD_MIRROR} where id = $1`, [leadId])
      const persons = await ask(`select id::text, ${CONTACT_MIRROR} from contacts where lead_id = $1 order by id`, [leadId])
      return { lead: lead === undefined ? null : upperKeys(lead), persons: persons.map(upperKeys) }
    },

    removeContact: ({ personId, leadId, job }) =>
      inTransaction(pool, `contact ${personId}`, async (client) => {
        const { rowCount } = await client.query('delete from contacts where id = $1 and lead_id = $2', [personId, leadId])
        if (rowCount === 0) return false
        await client.query(`insert into log_execution_crm (job, lead_id, field, value) values ($1, $2, 'CONTACT', $3)`, [
          job,
          leadId,
          `person ${personId} is no longer in the CRM`,
        ])
        return true
      }),

    stages: async () =>
      (
        await ask<{ alias: string; name: string; position: number; integrated: string; sold: string }>(
          'select alias, name, position, integrated, sold from crm_stages order by position, alias',
        )
      ).map((row): StageAlias => ({ ...row, integrated: row.integrated === 'S', sold: row.sold === 'S' })),
  }
}

const isEmpty = ({ quiet, loud }: MirrorWrite): boolean => Object.keys(quiet).length + Object.keys(loud).length === 0

/** Events of one lead and its persons come one after another, also when the lead is not there yet. */
async function lockLead(client: pg.PoolClient, leadId: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended('ponte.lead.' || $1, 0))`, [leadId])
}

async function markApplied(client: pg.PoolClient, inboxId: string): Promise<void> {
  await client.query('insert into ponte_inbox (event_id) values ($1) on conflict do nothing', [inboxId])
}

const LEAD_MIRROR = `
  select ${Object.keys(LEAD_COLUMNS)
    .map((name) => `${name.toLowerCase()}::text`)
    .join(', ')} from leads`
const CONTACT_MIRROR = 'name::text, email_key(email) as email, phone::text, job_title::text, is_primary::text'

/** As `desired_leads` shows a branch, with phone and industry; a branch in an unknown city has none here instead of vanishing. */
const BRANCH = `
  select b.id_crm::text as id, b.description::text as name, b.taxid_key::text as taxid, b.address::text as address_street,
         b.zipcode::text as address_zipcode, b.address_number::text, b.complement::text as address_complement, b.district::text as address_district,
         initcap2(ci.city_name)::text as city,
         case when ci.country_code = ponte_setting('home_country_code') then initcap2(st.name) end as state,
         b.sales_rep::text, b.client::text as client_code, b.tax_registration::text, b.phone::text,
         (select min(initcap2(i.description)) from client_industries o join industries i on i.industry = o.industry
           where o.client = b.client and o.branch = b.code) as industry,
         (select h.observations::text from credit_limit_history h
           where h.client_code = b.client order by h.entry_date desc, h.observations desc nulls last limit 1) as financial_analysis
    from branches b
    left join cities ci on ci.id = b.city
    left join states st on st.code = ci.state_code
   where b.client = $1 and b.code = $2 for update of b`

/**
 * The lead's branch: linked to it, else the only one without a lead that carries its tax id, else, when the setting says so, the first
 * of several (D-64). Of several linked ones the first speaks.
 */
const CANDIDATES = `
  select client, code, id_crm = $1 as linked from branches
   where id_crm = $1 or (id_crm is null and taxid_key = taxid_key($2))
   order by id_crm is null, client, code`

async function leadSides(client: pg.PoolClient, leadId: string, taxId: string | null): Promise<LeadSides> {
  const { rows: mirror } = await client.query(`${LEAD_MIRROR} where id = $1 for update`, [leadId])
  const { rows: found } = await client.query<{ client: string; code: number; linked: boolean | null }>(CANDIDATES, [leadId, taxId])
  const linked = found[0]?.linked === true
  const candidates = linked ? [] : found.map((one) => `${one.client}-${one.code}`)
  const first = candidates.length > 1 && (await setting(client, 'ambiguous_taxid')) !== 'first' ? undefined : found[0]
  const branch = first === undefined ? undefined : (await client.query(BRANCH, [first.client, first.code])).rows[0]
  return {
    mirror: mirror[0] === undefined ? null : upperKeys(mirror[0]),
    branch: branch === undefined ? null : upperKeys(branch),
    linked,
    candidates,
  }
}

async function setting(client: pg.PoolClient, name: string): Promise<string | null> {
  return (await client.query<{ value: string | null }>('select ponte_setting($1) as value', [name])).rows[0]!.value
}

/**
 * Quiet columns first, triggers told to stay out; then the loud ones, which the trigger hands on because it sees them move. A new row
 * of a known branch is inserted without its loud columns for the same reason. A lead that no branch knows is inserted whole and loud:
 * the procedure makes the client from it.
 */
async function writeLead(client: pg.PoolClient, leadId: string, sides: LeadSides, { quiet, loud }: MirrorWrite): Promise<void> {
  if (sides.mirror === null) {
    const makesClient = sides.branch === null
    const columns = makesClient ? { ...quiet, ...loud } : { TAXID: sides.branch!.TAXID ?? null, ...quiet }
    if (!makesClient) await mirrorOnly(client, true)
    await insertLead(client, leadId, columns)
    if (makesClient) return
  } else if (Object.keys(quiet).length > 0) {
    await mirrorOnly(client, true)
    await writeMirror(client, 'leads', LEAD_COLUMNS, leadId, quiet)
  }
  if (Object.keys(loud).length === 0 && sides.linked) return
  await mirrorOnly(client, false)
  // Without columns the trigger fires all the same: it links the branch to the lead.
  await writeMirror(client, 'leads', LEAD_COLUMNS, leadId, loud)
}

async function insertLead(client: pg.PoolClient, leadId: string, columns: Row): Promise<void> {
  const names = Object.keys(columns).filter((name) => Object.hasOwn(LEAD_COLUMNS, name))
  const placeholders = names.map((name, index) => `$${index + 2}::text::${LEAD_COLUMNS[name]}`)
  // Its budget and order values of an earlier time: they were sent already.
  await client.query(
    `insert into leads (${['id', ...names.map((name) => name.toLowerCase()), 'budget_value', 'order_value'].join(', ')})
     select ${['$1::text::bigint', ...placeholders].join(', ')}, r.budget_value, r.order_value
       from (select 1) one left join leads_removed r on r.id = $1::text::bigint`,
    [leadId, ...names.map((name) => columns[name] || null)],
  )
  await client.query('delete from leads_removed where id = $1', [leadId])
}

async function contactSides(client: pg.PoolClient, event: Parameters<Erp['applyContact']>[0]): Promise<ContactSides> {
  const { personId, leadId, taxId, email } = event
  const { rows: mirror } = await client.query(`select ${CONTACT_MIRROR} from contacts where id = $1 for update`, [personId])
  const { rows: owners } = await client.query<{ client_code: string }>(
    `select client::text as client_code from branches where id_crm = $1 or taxid_key = taxid_key($2) order by (id_crm is distinct from $1), client, code limit 1`,
    [leadId, taxId],
  )
  const clientCode = owners[0]?.client_code ?? null
  const { rows: contact } = await client.query(
    `select c.name::text, email_key(c.email) as email, c.phone::text, coalesce(nullif(c.job_title_desc, ''), t.title)::text as job_title,
            case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary
       from contact c left join contact_job_titles t on t.job_title_code = c.job_title_code
      where c.id_crm = $1 or (c.branch_client = $2 and email_key(c.email) = email_key($3))
      order by (c.id_crm is distinct from $1), c.code limit 1 for update of c`,
    [personId, clientCode, email],
  )
  return {
    mirror: mirror[0] === undefined ? null : upperKeys(mirror[0]),
    contact: contact[0] === undefined ? null : upperKeys(contact[0]),
    clientCode,
  }
}

/** A row of its own, triggers out, then its loud columns, so that the procedure sees what moved; a person whom the ERP lacks is inserted loud. */
async function writeContact(
  client: pg.PoolClient,
  { personId, leadId }: Parameters<Erp['applyContact']>[0],
  sides: ContactSides,
  { quiet, loud }: MirrorWrite,
): Promise<void> {
  const isNew = sides.mirror === null
  const makesContact = isNew && sides.contact === null
  await mirrorOnly(client, !makesContact)
  const columns = makesContact ? { ...quiet, ...loud } : quiet
  if (isNew) {
    const names = Object.keys(columns).filter((name) => Object.hasOwn(CONTACT_COLUMNS, name))
    await client.query(
      `insert into contacts (${['id', 'lead_id', 'client_code', ...names.map((name) => name.toLowerCase())].join(', ')})
       values (${['$1', '$2', '$3', ...names.map((_, index) => `$${index + 4}`)].join(', ')})`,
      [personId, leadId, sides.clientCode, ...names.map((name) => columns[name] || null)],
    )
    if (makesContact) return
  } else {
    await client.query(
      `update contacts set lead_id = $2, client_code = $3 where id = $1 and (lead_id, client_code) is distinct from ($2::bigint, $3::bigint)`,
      [personId, leadId, sides.clientCode],
    )
    if (Object.keys(quiet).length > 0) await writeMirror(client, 'contacts', CONTACT_COLUMNS, personId, quiet)
  }
  await mirrorOnly(client, false)
  // Fired without columns as well: an ERP contact found by its e-mail adopts the person's id (D-44).
  await writeMirror(client, 'contacts', CONTACT_COLUMNS, personId, loud)
}
