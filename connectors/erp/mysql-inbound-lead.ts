/** One lead between mirror and branch: what both hold, locked, and the write that hands on only what moved. */
import type mysql from 'mysql2/promise'
import type { Row } from '../../engine/model.ts'
import type { LeadSides, MirrorWrite } from './erp.ts'
import { checked, LEAD_COLUMNS, mirrorOnly, writeMirror } from './mysql-mirror.ts'
import { changed, rowsOf } from './mysql-rows.ts'
import { upperKeys, whole } from './text-rows.ts'

export const LEAD_MIRROR = `select ${Object.keys(LEAD_COLUMNS).join(', ').toLowerCase()} from leads`

/** As `desired_leads` shows a branch, with phone and industry; a branch in an unknown city has none here instead of vanishing. */
const BRANCH = `
  select b.id_crm as id, b.description as name, b.taxid_key as taxid, b.address as address_street,
         b.zipcode as address_zipcode, b.address_number, b.complement as address_complement, b.district as address_district,
         ci.name_title as city,
         case when ci.country_code = ponte_setting('home_country_code') then st.name_title end as state,
         b.sales_rep, b.client as client_code, b.tax_registration, b.phone,
         (select min(i.description_title) from client_industries o join industries i on i.industry = o.industry
           where o.client = b.client and o.branch = b.code) as industry,
         (select h.observations from credit_limit_history h
           where h.client_code = b.client order by h.entry_date desc, h.observations desc limit 1) as financial_analysis
    from branches b
    left join cities ci on ci.id = b.city
    left join states st on st.code = ci.state_code
   where b.client = ? and b.code = ?`

/**
 * The lead's branch: linked to it, else the only one without a lead that carries its tax id, else, when the setting says so, the first
 * of several (D-64). Of several linked ones the first speaks.
 */
const CANDIDATES = `
  select client, code, 1 as linked from branches where id_crm = ?
  union all
  select client, code, 0 from branches where id_crm is null and taxid_key = taxid_key(?)
   order by linked desc, client, code`

interface Candidate {
  readonly client: string
  readonly code: number
  readonly linked: number
}

export async function leadSides(connection: mysql.Connection, leadId: string, taxId: string | null): Promise<LeadSides> {
  const [mirror] = await rowsOf(connection, `${LEAD_MIRROR} where id = ? for update`, [whole(leadId)])
  const found = await rowsOf<Candidate>(connection, CANDIDATES, [whole(leadId), taxId])
  const linked = Number(found[0]?.linked ?? 0) === 1
  const candidates = linked ? [] : found.map((one) => `${one.client}-${one.code}`)
  const first = candidates.length > 1 && (await setting(connection, 'ambiguous_taxid')) !== 'first' ? undefined : found[0]
  return {
    mirror: mirror === undefined ? null : upperKeys(mirror),
    branch: first === undefined ? null : await lockedBranch(connection, first),
    linked,
    candidates,
  }
}

/** The row is locked by itself: `for update` over the join would lock the city as well. */
async function lockedBranch(connection: mysql.Connection, { client, code }: Candidate): Promise<Row | null> {
  await rowsOf(connection, 'select code from branches where client = ? and code = ? for update', [whole(client), code])
  const [branch] = await rowsOf(connection, BRANCH, [whole(client), code])
  return branch === undefined ? null : upperKeys(branch)
}

async function setting(connection: mysql.Connection, name: string): Promise<string | null> {
  return (await rowsOf<{ value: string | null }>(connection, 'select ponte_setting(?) as value', [name]))[0]!.value
}

/**
 * Quiet columns first, triggers told to stay out; then the loud ones, which the trigger hands on because it sees them move. A new row
 * of a known branch is inserted without its loud columns for the same reason. A lead that no branch knows is inserted whole and loud:
 * the procedure makes the client from it.
 */
export async function writeLead(
  connection: mysql.Connection,
  leadId: string,
  sides: LeadSides,
  { quiet, loud }: MirrorWrite,
): Promise<void> {
  if (sides.mirror === null) {
    const makesClient = sides.branch === null
    const columns = makesClient ? { ...quiet, ...loud } : { TAXID: sides.branch!.TAXID ?? null, ...quiet }
    await mirrorOnly(connection, !makesClient)
    await insertLead(connection, leadId, columns)
    if (makesClient) return
  } else if (Object.keys(quiet).length > 0) {
    await mirrorOnly(connection, true)
    await writeMirror(connection, 'leads', LEAD_COLUMNS, leadId, quiet)
  }
  if (Object.keys(loud).length === 0 && sides.linked) return
  await mirrorOnly(connection, false)
  // Without columns the trigger fires all the same: it links the branch to the lead.
  await writeMirror(connection, 'leads', LEAD_COLUMNS, leadId, loud)
}

async function insertLead(connection: mysql.Connection, leadId: string, given: Row): Promise<void> {
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(LEAD_COLUMNS, name)))
  // Its budget and order values of an earlier time: they were sent already.
  const [kept] = await rowsOf(connection, 'select budget_value, order_value from leads_removed where id = ? for update', [whole(leadId)])
  const columns = checked('leads', LEAD_COLUMNS, { ...known, ...(kept === undefined ? {} : upperKeys(kept)) })
  await changed(
    connection,
    `insert into leads (${['id', ...columns.map(({ column }) => column)].join(', ')}) values (${['?', ...columns.map(() => '?')].join(', ')})`,
    [whole(leadId), ...columns.map(({ value }) => value)],
  )
  await changed(connection, 'delete from leads_removed where id = ?', [whole(leadId)])
}
