/** One lead between mirror and branch: what both hold, locked, and the write that hands on only what moved. */
import type { Row } from '../../../engine/model.ts'
import type { LeadSides, MirrorWrite } from '../erp.ts'
import { whole } from '../text-rows.ts'
import type { Link, SqlDialect } from './link.ts'
import { insertMirror, LEAD_COLUMNS, writeMirror } from './mirror.ts'

export const LEAD_MIRROR = `select ${Object.keys(LEAD_COLUMNS).join(', ').toLowerCase()} from leads`

/** As `desired_leads` shows a branch, with phone and industry; a branch in an unknown city has none here instead of vanishing. */
const branchSelect = ({ titleCase }: SqlDialect): string => `
  select b.id_crm as id, b.description as name, b.taxid_key as taxid, b.address as address_street,
         b.zipcode as address_zipcode, b.address_number, b.complement as address_complement, b.district as address_district,
         ${titleCase}(ci.city_name) as city,
         case when ci.country_code = ponte_setting('home_country_code') then ${titleCase}(st.name) end as state,
         b.sales_rep, b.client as client_code, b.tax_registration, b.phone,
         (select min(${titleCase}(i.description)) from client_industries o join industries i on i.industry = o.industry
           where o.client = b.client and o.branch = b.code) as industry,
         (select max(h.observations) from credit_limit_history h
           where h.client_code = b.client
             and h.sequence_number = (select max(n.sequence_number) from credit_limit_history n where n.client_code = b.client)) as financial_analysis
    from branches b
    left join cities ci on ci.id = b.city
    left join states st on st.code = ci.state_code
   where b.client = ? and b.code = ?`

/**
 * The lead's branch: linked to it, else the only one without a lead that carries its tax id, else, when the setting says so, the first
 * of several. Of several linked ones the first speaks.
 */
const CANDIDATES = `
  select client, code, 1 as linked from branches where id_crm = ?
  union all
  select client, code, 0 from branches where id_crm is null and taxid_key = taxid_key(?)
   order by linked desc, client, code`

export async function leadSides(dialect: SqlDialect, link: Link, leadId: string, taxId: string | null): Promise<LeadSides> {
  const [mirror = null] = await link.rows(`${LEAD_MIRROR} where id = ? for update`, [whole(leadId)])
  const found = await link.rows(CANDIDATES, [whole(leadId), taxId])
  const linked = found[0]?.LINKED === '1'
  const candidates = linked ? [] : found.map((one) => `${one.CLIENT}-${one.CODE}`)
  const first = candidates.length > 1 && (await setting(link, 'ambiguous_taxid')) !== 'first' ? undefined : found[0]
  return { mirror, branch: first === undefined ? null : await lockedBranch(dialect, link, first), linked, candidates }
}

/** The row is locked by itself: `for update` over the join would lock the city as well. */
async function lockedBranch(dialect: SqlDialect, link: Link, { CLIENT = null, CODE = null }: Row): Promise<Row | null> {
  const key = [whole(CLIENT), whole(CODE)]
  await link.rows('select code from branches where client = ? and code = ? for update', key)
  const [branch = null] = await link.rows(branchSelect(dialect), key)
  return branch
}

const setting = async (link: Link, name: string): Promise<string | null> =>
  (await link.rows('select ponte_setting(?) as value from dual', [name]))[0]?.VALUE ?? null

/**
 * Quiet columns first, triggers told to stay out; then the loud ones, which the trigger hands on because it sees them move. A new row
 * of a known branch is inserted without its loud columns for the same reason. A lead that no branch knows is inserted whole and loud:
 * the procedure makes the client from it.
 */
export async function writeLead(
  dialect: SqlDialect,
  link: Link,
  leadId: string,
  sides: LeadSides,
  { quiet, loud }: MirrorWrite,
): Promise<void> {
  if (sides.mirror === null) {
    const makesClient = sides.branch === null
    const columns = makesClient ? { ...quiet, ...loud } : { TAXID: sides.branch!.TAXID ?? null, ...quiet }
    await dialect.mirrorOnly(link, !makesClient)
    await insertLead(link, leadId, columns)
    if (makesClient) return
  } else if (Object.keys(quiet).length > 0) {
    await dialect.mirrorOnly(link, true)
    await writeMirror(link, 'leads', leadId, quiet)
  }
  if (Object.keys(loud).length === 0 && sides.linked) return
  await dialect.mirrorOnly(link, false)
  // Without columns the trigger fires all the same: it links the branch to the lead.
  await writeMirror(link, 'leads', leadId, loud)
}

async function insertLead(link: Link, leadId: string, given: Row): Promise<void> {
  // Its budget and order values of an earlier time: they were sent already.
  const [kept = {}] = await link.rows('select budget_value, order_value from leads_removed where id = ? for update', [whole(leadId)])
  await insertMirror(link, 'leads', { id: whole(leadId) }, { ...given, ...kept })
  await link.changed('delete from leads_removed where id = ?', [whole(leadId)])
}
