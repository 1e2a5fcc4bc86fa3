/** Writes to the mirror tables of values that the CRM took from the ERP: the triggers are told to stay out (sql r_06). */
import type mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import type { Row } from '../../engine/model.ts'
import type { Erp } from './erp.ts'
import { changed, rowsOf } from './mysql-rows.ts'
import { whole } from './text-rows.ts'

/** What a column's text is cast to, so that it is compared as what it is. */
type Types = Readonly<Record<string, 'text' | 'signed' | 'decimal(20, 6)'>>

/** Columns of LEADS that may be written. */
export const LEAD_COLUMNS: Types = {
  NAME: 'text',
  STAGE: 'text',
  TAXID: 'text',
  INDUSTRY: 'text',
  SOURCE: 'text',
  PHONE: 'text',
  ADDRESS_STREET: 'text',
  ADDRESS_ZIPCODE: 'text',
  ADDRESS_NUMBER: 'signed',
  ADDRESS_COMPLEMENT: 'text',
  ADDRESS_DISTRICT: 'text',
  CITY: 'text',
  STATE: 'text',
  SALES_REP: 'signed',
  TAX_REGISTRATION: 'text',
  CLIENT_CODE: 'signed',
  BUDGET_VALUE: 'decimal(20, 6)',
  ORDER_VALUE: 'decimal(20, 6)',
  FINANCIAL_ANALYSIS: 'text',
}

export const CONTACT_COLUMNS: Types = { NAME: 'text', EMAIL: 'text', PHONE: 'text', JOB_TITLE: 'text', IS_PRIMARY: 'text' }

/**
 * Sets the given columns of the row with this ID where they differ, triggers out; the empty string is null. Returns rows changed: 0
 * when it is not mirrored or equal already. Call inside a transaction.
 * @throws PonteError `erp.unknown_column` | `erp.no_id`
 */
export async function updateMirror(connection: mysql.Connection, table: 'leads' | 'contacts', types: Types, row: Row): Promise<number> {
  const { ID: id, ...values } = row
  if (id === null || id === undefined) {
    throw new PonteError('erp.no_id', `a row for ${table} carries no ID`, { hint: 'this is a fault of the caller, report it' })
  }
  const columns = checked(table, types, values)
  if (columns.length === 0) return 0
  await mirrorOnly(connection, true)
  const differs = columns.map(({ column, compared }) => `not (${column} <=> ${compared})`)
  const given = columns.map(({ value }) => value)
  return changed(connection, `${setStatement(table, columns)} and (${differs.join(' or ')})`, [...given, whole(id), ...given])
}

/** Sets the given columns whether they differ or not, so that the trigger fires unless it was told to stay out; without columns it only fires. */
export async function writeMirror(
  connection: mysql.Connection,
  table: 'leads' | 'contacts',
  types: Types,
  id: string,
  values: Row,
): Promise<void> {
  const columns = checked(table, types, values)
  if (columns.length === 0) await changed(connection, `update ${table} set id = id where id = ?`, [whole(id)])
  else await changed(connection, setStatement(table, columns), [...columns.map(({ value }) => value), whole(id)])
}

interface Assigned {
  readonly column: string
  readonly value: string | null
  /** The placeholder as the column's type. */
  readonly compared: string
}

/** @throws PonteError `erp.unknown_column` */
export function checked(table: string, types: Types, values: Row): Assigned[] {
  return Object.keys(values).map((name) => {
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (type === undefined) {
      throw new PonteError('erp.unknown_column', `${table} has no column ${name} that may be written`, {
        hint: 'this is a fault of the caller, report it',
      })
    }
    return { column: name.toLowerCase(), value: values[name] || null, compared: type === 'text' ? '?' : `cast(? as ${type})` }
  })
}

const setStatement = (table: string, columns: readonly Assigned[]): string =>
  `update ${table} set ${columns.map(({ column }) => `${column} = ?`).join(', ')} where id = ?`

/** PRC_STORE_CRM_CONTACT_ID for the lead's branch, and the person into CONTACTS when its lead is mirrored. Returns ERP contacts with the id. */
export async function storeContact(connection: mysql.Connection, contact: Parameters<Erp['storeContactId']>[0]): Promise<number> {
  const { email, leadId, crmId, name, phone, jobTitle, isPrimary } = contact
  const [lead, person] = [whole(leadId), whole(crmId)]
  await connection.query('call prc_store_crm_contact_id(?, ?, ?)', [email, person, lead])
  await mirrorOnly(connection, true)
  // A row that is equal already is written again without effect: triggers are out.
  await connection.query(
    `insert into contacts (id, name, email, phone, job_title, client_code, is_primary, lead_id)
     select ?, left(?, 60), lower(trim(?)), nullif(?, ''), nullif(left(?, 30), ''),
            coalesce(l.client_code, (select min(b.client) from branches b where b.id_crm = l.id)), ?, l.id
       from leads l where l.id = ?
     on duplicate key update name = values(name), email = values(email), phone = values(phone), job_title = values(job_title),
        client_code = values(client_code), is_primary = values(is_primary), lead_id = values(lead_id)`,
    [person, name, email, phone, jobTitle, isPrimary ? 'S' : 'N', lead],
  )
  const [row] = await rowsOf<{ n: string }>(
    connection,
    `select count(*) as n from contact c join branches b on b.client = c.branch_client and b.code = c.branch_code
      where c.id_crm = ? and b.id_crm = ?`,
    [person, lead],
  )
  return Number(row!.n)
}

/** `on`: until the transaction ends the triggers leave the ERP alone, because it may have moved on while these values were under way. */
export async function mirrorOnly(connection: mysql.Connection, on: boolean): Promise<void> {
  await connection.query('set @ponte_mirror_only = ?', [on ? 'on' : 'off'])
}
