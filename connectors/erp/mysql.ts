/** The ERP on MySQL or MariaDB. Views and procedures are those of sql/mysql. */
import type { Row } from '../../engine/model.ts'
import type { Erp } from './erp.ts'
import { commerce } from './mysql-commerce.ts'
import { erpError } from './mysql-errors.ts'
import { openMysqlExtract } from './mysql-extract.ts'
import { fullSync } from './mysql-full-sync.ts'
import { inbound } from './mysql-inbound.ts'
import { lookup } from './mysql-lookup.ts'
import { CONTACT_COLUMNS, LEAD_COLUMNS, storeContact, updateMirror } from './mysql-mirror.ts'
import { mirrorReads } from './mysql-mirror-reads.ts'
import { type Ask, rowsOf } from './mysql-rows.ts'
import { commandPool, type MysqlSettings } from './mysql-settings.ts'
import { inTransaction } from './mysql-transaction.ts'
import { upperKeys, whole } from './text-rows.ts'

/** Opens no connection until something is asked. @throws PonteError `erp.bad_url` */
export function mysqlErp(settings: MysqlSettings): Erp {
  const pool = commandPool(settings)
  const ask: Ask = async <T extends object>(sql: string, values: readonly unknown[] = []) => {
    try {
      return (await pool.query(sql, [...values]))[0] as unknown as T[]
    } catch (error) {
      throw erpError(error)
    }
  }
  return {
    dialect: 'mysql',
    ping: async () => {
      await ask('select 1')
    },
    openExtract: (readers) => openMysqlExtract(settings, readers),
    contactsToInsert: async (leadId) => (await ask(CONTACTS_TO_INSERT, [whole(leadId)])).map(upperKeys),
    ambiguousTaxIds: async () =>
      (await ask<{ taxId: string; branches: string }>(AMBIGUOUS)).map(({ taxId, branches }) => ({ taxId, branches: branches.split(',') })),
    storeLeadId: (taxId, crmId) =>
      inTransaction(pool, `lead ${crmId}`, async (connection) => {
        await connection.query('call prc_store_crm_client_id(?, ?)', [taxId, whole(crmId)])
        const [row] = await rowsOf<{ n: string }>(
          connection,
          'select count(*) as n from branches where taxid_key = taxid_key(?) and id_crm = ?',
          [taxId, whole(crmId)],
        )
        return Number(row!.n)
      }),
    storeContactId: (contact) => inTransaction(pool, `contact ${contact.crmId}`, (connection) => storeContact(connection, contact)),
    writeLeadMirror: (row) => inTransaction(pool, `lead ${row.ID}`, (connection) => updateMirror(connection, 'leads', LEAD_COLUMNS, row)),
    writeContactMirror: (row) =>
      inTransaction(pool, `contact ${row.ID}`, (connection) => updateMirror(connection, 'contacts', CONTACT_COLUMNS, withoutLead(row))),
    ...inbound(pool, ask),
    ...mirrorReads(ask),
    ...fullSync(pool, ask),
    ...commerce(ask),
    ...lookup(pool, ask),
    logExecution: async ({ job, leadId, leadName, field, value }) => {
      await ask('insert into log_execution_crm (job, lead_id, lead_name, field, value) values (?, ?, left(?, 200), ?, left(?, 4000))', [
        job,
        leadId,
        leadName,
        field,
        value,
      ])
    },
    close: () => pool.end(),
  }
}

/** By the branch, whose index finds the few contacts of one lead; the view's lead_id is text. */
const CONTACTS_TO_INSERT = `
  select v.code, v.name, v.email, v.phone, v.job_title, v.is_primary, v.lead_id
    from view_insert_contact_in_crm v where v.lead_id = ? order by v.code`

/** D-64: held back by view_insert_lead_in_crm. */
const AMBIGUOUS = `
  select b.taxid_key as taxId, group_concat(o.client, '-', o.code order by o.client, o.code) as branches
    from (select distinct taxid_key from branches where id_crm is null and integrate_crm in ('S', 'Y')) b
    join branches o on o.taxid_key = b.taxid_key and (o.id_crm is not null or o.integrate_crm in ('S', 'Y'))
   group by b.taxid_key having count(*) > 1 order by b.taxid_key`

/** A contact's lead is not a column of the mirror: it follows from the client code. */
function withoutLead(row: Row): Row {
  const { LEAD_ID: _, ...rest } = row
  return rest
}
