/** Events of the CRM into the ERP's database: one transaction per lead or person, with its inbox id (architecture 2, mission C.8-C.11). */
import type pg from 'pg'
import type { Applied, ContactSides, Erp, LeadSides, MirrorWrite, StageAlias } from '../../erp.ts'
import { upperKeys } from './extract.ts'
import { CONTACT_MIRROR, contactSides, writeContact } from './inbound-contact.ts'
import { LEAD_MIRROR, leadSides, writeLead } from './inbound-lead.ts'
import { inTransaction } from './transaction.ts'

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
        const found = await contactSides(client, event)
        const { sides } = found
        const write = decide(sides)
        if (write === null || (found.inPlace && isEmpty(write))) return { kind: 'unchanged', sides }
        await writeContact(client, event, found, write)
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
