/** One lead between mirror and branch: what both hold, locked, and the write that hands on only what moved. */
import type pg from 'pg'
import type { Row } from '../../../../engine/model.ts'
import type { LeadSides, MirrorWrite } from '../../erp.ts'
import { upperKeys } from './extract.ts'
import { LEAD_COLUMNS, mirrorOnly, writeMirror } from './mirror.ts'

export const LEAD_MIRROR = `
  select ${Object.keys(LEAD_COLUMNS)
    .map((name) => `${name.toLowerCase()}::text`)
    .join(', ')} from leads`

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
           where h.client_code = b.client order by h.sequence_number desc limit 1) as financial_analysis
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

export async function leadSides(client: pg.PoolClient, leadId: string, taxId: string | null): Promise<LeadSides> {
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
export async function writeLead(client: pg.PoolClient, leadId: string, sides: LeadSides, { quiet, loud }: MirrorWrite): Promise<void> {
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
