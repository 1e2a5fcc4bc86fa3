/** Events of the CRM into the ERP's database: one transaction per lead or person, with its inbox id (architecture 2, mission C.8-C.11). */
import type mysql from 'mysql2/promise'
import type { Applied, ContactSides, Erp, LeadSides, MirrorWrite, StageAlias } from './erp.ts'
import { CONTACT_MIRROR, contactSides, writeContact } from './mysql-inbound-contact.ts'
import { LEAD_MIRROR, leadSides, writeLead } from './mysql-inbound-lead.ts'
import { type Ask, changed, rowsOf } from './mysql-rows.ts'
import { inTransaction } from './mysql-transaction.ts'
import { upperKeys, whole } from './text-rows.ts'

type Inbound = Pick<Erp, 'applyLead' | 'applyContact' | 'removeLead' | 'mirrorOf' | 'removeContact' | 'stages'>

export function inbound(pool: mysql.Pool, ask: Ask): Inbound {
  return {
    applyLead: (event, decide) =>
      inTransaction(pool, `lead ${event.leadId}`, async (connection): Promise<Applied<LeadSides>> => {
        await lockLead(connection, event.leadId)
        const sides = await leadSides(connection, event.leadId, event.taxId)
        const write = decide(sides)
        const link = sides.branch !== null && !sides.linked
        if (write === null || (sides.mirror !== null && isEmpty(write) && !link)) return { kind: 'unchanged', sides }
        await writeLead(connection, event.leadId, sides, write)
        await markApplied(connection, event.inboxId)
        return { kind: 'applied', sides }
      }),

    applyContact: (event, decide) =>
      inTransaction(pool, `contact ${event.personId}`, async (connection): Promise<Applied<ContactSides>> => {
        await lockLead(connection, event.leadId)
        const found = await contactSides(connection, event)
        const { sides } = found
        const write = decide(sides)
        if (write === null || (found.inPlace && isEmpty(write))) return { kind: 'unchanged', sides }
        await writeContact(connection, event, found, write)
        await markApplied(connection, event.inboxId)
        return { kind: 'applied', sides }
      }),

    removeLead: ({ leadId, job, reason }) =>
      inTransaction(pool, `lead ${leadId}`, async (connection) => {
        await lockLead(connection, leadId)
        return (await removeLeads(connection, [whole(leadId)], job, reason)) === 1
      }),

    mirrorOf: async (leadId) => {
      const [lead] = await ask(`${LEAD_MIRROR} where id = ?`, [whole(leadId)])
      const persons = await ask(`select id, ${CONTACT_MIRROR} from contacts where lead_id = ? order by id`, [whole(leadId)])
      return { lead: lead === undefined ? null : upperKeys(lead), persons: persons.map(upperKeys) }
    },

    removeContact: ({ personId, leadId, job }) =>
      inTransaction(pool, `contact ${personId}`, async (connection) => {
        const gone = await changed(connection, 'delete from contacts where id = ? and lead_id = ?', [whole(personId), whole(leadId)])
        if (gone === 0) return false
        await changed(connection, `insert into log_execution_crm (job, lead_id, field, value) values (?, ?, 'CONTACT', ?)`, [
          job,
          leadId,
          `person ${personId} is no longer in the CRM`,
        ])
        return true
      }),

    stages: async () =>
      (await ask<StageRow>('select alias, name, position, integrated, sold from crm_stages order by position, alias')).map(
        (row): StageAlias => ({ ...row, integrated: row.integrated === 'S', sold: row.sold === 'S' }),
      ),
  }
}

interface StageRow {
  readonly alias: string
  readonly name: string
  readonly position: number
  readonly integrated: string
  readonly sold: string
}

const isEmpty = ({ quiet, loud }: MirrorWrite): boolean => Object.keys(quiet).length + Object.keys(loud).length === 0

/** Events of one lead and its persons come one after another, also when the lead is not there yet. */
async function lockLead(connection: mysql.Connection, leadId: string): Promise<void> {
  await rowsOf(connection, 'select bucket from ponte_locks where bucket = mod(crc32(?), 500) for update', [leadId])
}

async function markApplied(connection: mysql.Connection, inboxId: string): Promise<void> {
  await changed(connection, 'insert into ponte_inbox (event_id) values (?) on duplicate key update event_id = event_id', [inboxId])
}

/** Leads leave the mirror: what was told of them is kept, the reason is written down. Returns how many were mirrored. */
export async function removeLeads(
  connection: mysql.Connection,
  leadIds: readonly (bigint | null)[],
  job: string,
  reason: string,
): Promise<number> {
  if (leadIds.length === 0) return 0
  await rowsOf(connection, 'select id from leads where id in (?) for update', [leadIds])
  await changed(
    connection,
    `insert into leads_removed (id, client_code, budget_value, order_value, stage, reason)
     select id, client_code, budget_value, order_value, stage, left(?, 200) from leads where id in (?)
     on duplicate key update client_code = values(client_code), budget_value = values(budget_value), order_value = values(order_value),
        stage = values(stage), removed_on = current_timestamp(6), reason = values(reason)`,
    [reason, leadIds],
  )
  await changed(
    connection,
    `insert into log_execution_crm (job, lead_id, lead_name, field, value)
     select ?, id, name, 'STAGE', left(concat(coalesce(stage, ''), ' -> removed from the mirror: ', ?), 4000) from leads where id in (?)`,
    [job, reason, leadIds],
  )
  return changed(connection, 'delete from leads where id in (?)', [leadIds])
}
