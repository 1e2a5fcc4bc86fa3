/** Writes to the mirror tables of values that the CRM took from the ERP: the triggers are told to stay out (sql r_06). */
import type pg from 'pg'
import { PonteError } from '../../../../base/error.ts'
import type { Row } from '../../../../engine/model.ts'
import type { Erp } from '../../erp.ts'

type Types = Readonly<Record<string, 'text' | 'bigint' | 'integer' | 'numeric'>>

/** Columns of LEADS that may be written, and what their text is cast to. */
export const LEAD_COLUMNS: Types = {
  NAME: 'text',
  STAGE: 'text',
  TAXID: 'text',
  INDUSTRY: 'text',
  SOURCE: 'text',
  PHONE: 'text',
  ADDRESS_STREET: 'text',
  ADDRESS_ZIPCODE: 'text',
  ADDRESS_NUMBER: 'integer',
  ADDRESS_COMPLEMENT: 'text',
  ADDRESS_DISTRICT: 'text',
  CITY: 'text',
  STATE: 'text',
  SALES_REP: 'bigint',
  TAX_REGISTRATION: 'text',
  CLIENT_CODE: 'bigint',
  BUDGET_VALUE: 'numeric',
  ORDER_VALUE: 'numeric',
  FINANCIAL_ANALYSIS: 'text',
}

export const CONTACT_COLUMNS: Types = { NAME: 'text', EMAIL: 'text', PHONE: 'text', JOB_TITLE: 'text', IS_PRIMARY: 'text' }

/**
 * Sets the given columns of the row with this ID where they differ, triggers out; the empty string is null. Returns rows changed: 0
 * when it is not mirrored or equal already. Call inside a transaction.
 * @throws PonteError `erp.unknown_column` | `erp.no_id`
 */
export async function updateMirror(client: pg.PoolClient, table: 'leads' | 'contacts', types: Types, row: Row): Promise<number> {
  const { ID: id, ...values } = row
  if (id === null || id === undefined) {
    throw new PonteError('erp.no_id', `a row for ${table} carries no ID`, { hint: 'this is a fault of the caller, report it' })
  }
  const columns = checked(table, types, values)
  if (columns.length === 0) return 0
  await mirrorOnly(client, true)
  const differs = columns.map(({ column, value }) => `${column} is distinct from ${value}`)
  const { rowCount } = await client.query(`${setStatement(table, columns)} and (${differs.join(' or ')})`, [
    id,
    ...columns.map(({ name }) => values[name] || null),
  ])
  return rowCount ?? 0
}

/** Sets the given columns whether they differ or not, so that the trigger fires unless it was told to stay out; without columns it only fires. */
export async function writeMirror(
  client: pg.PoolClient,
  table: 'leads' | 'contacts',
  types: Types,
  id: string,
  values: Row,
): Promise<void> {
  const columns = checked(table, types, values)
  if (columns.length === 0) await client.query(`update ${table} set id = id where id = $1`, [id])
  else await client.query(setStatement(table, columns), [id, ...columns.map(({ name }) => values[name] || null)])
}

interface Assigned {
  readonly name: string
  readonly column: string
  readonly value: string
}

function checked(table: string, types: Types, values: Row): Assigned[] {
  return Object.keys(values).map((name, index) => {
    if (!Object.hasOwn(types, name)) {
      throw new PonteError('erp.unknown_column', `${table} has no column ${name} that may be written`, {
        hint: 'this is a fault of the caller, report it',
      })
    }
    return { name, column: name.toLowerCase(), value: `$${index + 2}::text::${types[name]}` }
  })
}

const setStatement = (table: string, columns: readonly Assigned[]): string =>
  `update ${table} set ${columns.map(({ column, value }) => `${column} = ${value}`).join(', ')} where id = $1`

/** PRC_STORE_CRM_CONTACT_ID for the lead's branch, and the person into CONTACTS when its lead is mirrored. Returns ERP contacts with the id. */
export async function storeContact(client: pg.PoolClient, contact: Parameters<Erp['storeContactId']>[0]): Promise<number> {
  const { email, leadId, crmId, name, phone, jobTitle, isPrimary } = contact
  await client.query('call prc_store_crm_contact_id($1, $2, $3)', [email, crmId, leadId])
  await mirrorOnly(client, true)
  await client.query(
    `insert into contacts as c (id, name, email, phone, job_title, client_code, is_primary, lead_id)
     select $2, left($3, 60), lower(trim($4)), nullif($5, ''), nullif(left($6, 30), ''),
            coalesce(l.client_code, (select min(b.client) from branches b where b.id_crm = l.id)), $7, l.id
       from leads l where l.id = $1
     on conflict (id) do update
        set name = excluded.name, email = excluded.email, phone = excluded.phone, job_title = excluded.job_title,
            client_code = excluded.client_code, is_primary = excluded.is_primary, lead_id = excluded.lead_id
      where (c.name, c.email, c.phone, c.job_title, c.client_code, c.is_primary, c.lead_id)
            is distinct from (excluded.name, excluded.email, excluded.phone, excluded.job_title, excluded.client_code, excluded.is_primary, excluded.lead_id)`,
    [leadId, crmId, name, email, phone, jobTitle, isPrimary ? 'S' : 'N'],
  )
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from contact c join branches b on b.client = c.branch_client and b.code = c.branch_code
      where c.id_crm = $1 and b.id_crm = $2`,
    [crmId, leadId],
  )
  return rows[0]!.n
}

/** `on`: until the transaction ends the triggers leave the ERP alone, because it may have moved on while these values were under way. */
export async function mirrorOnly(client: pg.PoolClient, on: boolean): Promise<void> {
  await client.query(`set local ponte.mirror_only = '${on ? 'on' : 'off'}'`)
}
