/** The ERP on PostgreSQL. Views and procedures are those of sql/postgres. */
import type pg from 'pg'
import { cleanText } from '../../../../base/text.ts'
import type { Row } from '../../../../engine/model.ts'
import { refuseLetters } from '../../../pg/encoding.ts'
import type { Erp, LogEntry } from '../../erp.ts'
import { commerce } from './commerce.ts'
import { erpError } from './errors.ts'
import { openPostgresExtract, upperKeys } from './extract.ts'
import { fullSync } from './full-sync.ts'
import { inbound } from './inbound.ts'
import { lookup } from './lookup.ts'
import { CONTACT_COLUMNS, LEAD_COLUMNS, storeContact, updateMirror } from './mirror.ts'
import { mirrorReads } from './mirror-reads.ts'
import { commandPool, type PostgresSettings } from './settings.ts'
import { inTransaction } from './transaction.ts'

/** Opens no connection until something is asked. @throws PonteError `erp.bad_url` */
export function postgresErp(settings: PostgresSettings): Erp {
  const pool = commandPool(settings)
  const ask = async <T extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    try {
      return (await pool.query<T>(sql, [...values])).rows
    } catch (error) {
      throw erpError(error)
    }
  }
  return {
    dialect: 'postgres',
    ping: () => refuseLetters(pool).catch((error) => Promise.reject(erpError(error))),
    openExtract: (readers) => openPostgresExtract(settings, readers),
    contactsToInsert: async (leadId) => (await ask(CONTACTS_TO_INSERT, [leadId])).map(upperKeys),
    contactsOfNewLeads: async () => {
      const rows = await ask<{ branch: string; contacts: number }>(CONTACTS_OF_NEW_LEADS)
      return new Map(rows.map(({ branch, contacts }) => [branch, contacts]))
    },
    ambiguousTaxIds: () => ask<{ taxId: string; branches: string[] }>(AMBIGUOUS),
    storeLeadId: (taxId, crmId) =>
      inTransaction(pool, `lead ${crmId}`, async (client) => {
        await client.query('call prc_store_crm_client_id($1, $2)', [taxId, crmId])
        const { rows } = await client.query<{ n: number }>(
          'select count(*)::int as n from branches where taxid_key = taxid_key($1) and id_crm = $2',
          [taxId, crmId],
        )
        return rows[0]!.n
      }),
    storeContactId: (contact) => inTransaction(pool, `contact ${contact.crmId}`, (client) => storeContact(client, contact)),
    writeLeadMirror: (row, entry) =>
      inTransaction(pool, `lead ${row.ID}`, async (client) => {
        const changed = await updateMirror(client, 'leads', LEAD_COLUMNS, row)
        if (changed > 0 && entry !== undefined) await client.query(LOG, logged(entry))
        return changed
      }),
    writeContactMirror: (row) =>
      inTransaction(pool, `contact ${row.ID}`, (client) => updateMirror(client, 'contacts', CONTACT_COLUMNS, withoutLead(row))),
    ...inbound(pool, ask),
    ...mirrorReads(ask),
    ...fullSync(pool, ask),
    ...commerce(ask),
    ...lookup(pool, ask),
    logExecution: async (entry) => {
      await ask(LOG, logged(entry))
    },
    close: () => pool.end(),
  }
}

const LOG = 'insert into log_execution_crm (job, lead_id, lead_name, field, value) values ($1, $2, left($3, 200), $4, left($5, 4000))'
const logged = ({ job, leadId, leadName, field, value }: LogEntry) => [job, leadId, cleanText(leadName), field, cleanText(value)]

const CONTACTS_TO_INSERT = `
  select code, name, email, phone, job_title, is_primary, lead_id
    from insert_contacts where lead_id = $1 order by range_key`

/** As `view_insert_contact_in_crm` will show them. */
const CONTACTS_OF_NEW_LEADS = `
  select v.client_code || '-' || v.branch_code as branch, count(distinct email_key(v.email))::int as contacts
    from vw_crm_clients_contacts v
   where v.id_crm is null and v.lead_id is null and email_key(v.email) is not null and length(v.name) > 0
     and not exists (select from contact d
                      where email_key(d.email) = email_key(v.email) and d.branch_client = v.client_code and d.branch_code = v.branch_code
                        and d.id_crm is not null)
   group by v.client_code, v.branch_code`

/** D-64: held back by view_insert_lead_in_crm. */
const AMBIGUOUS = `
  select b.taxid_key as "taxId", array_agg(o.client || '-' || o.code order by o.client, o.code) as branches
    from (select distinct taxid_key from branches where id_crm is null and integrate_crm in ('S', 'Y')) b
    join branches o on o.taxid_key = b.taxid_key and (o.id_crm is not null or o.integrate_crm in ('S', 'Y'))
   group by b.taxid_key having count(*) > 1 order by b.taxid_key`

/** A contact's lead is not a column of the mirror: it follows from the client code. */
function withoutLead(row: Row): Row {
  const { LEAD_ID: _, ...rest } = row
  return rest
}
