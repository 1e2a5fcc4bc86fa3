/** Events of the CRM into the ERP's database: one transaction per lead or person, with its inbox id. */
import type { StageAlias } from '../../../records/stages.ts'
import type { Applied, Erp, MirrorWrite } from '../erp.ts'
import { whole } from '../text-rows.ts'
import { CONTACT_MIRROR, contactSides, writeContact } from './inbound-contact.ts'
import { LEAD_MIRROR, leadSides, writeLead } from './inbound-lead.ts'
import { type Ask, cut, inPages, type Link, type SqlDialect, type Transact } from './link.ts'

type Inbound = Pick<Erp, 'applyLead' | 'applyContact' | 'removeLead' | 'mirrorOf' | 'removeContact' | 'stages'>

export function inbound(dialect: SqlDialect, transact: Transact, ask: Ask): Inbound {
  /** One event. The answer to its commit lost, its inbox id says whether it is in: it is written with the effect or not at all. */
  const apply = <Sides>(
    subject: string,
    { inboxId, leadId }: { readonly inboxId: string; readonly leadId: string },
    work: (link: Link) => Promise<Applied<Sides>>,
  ): Promise<Applied<Sides>> => {
    // An id that was there before says nothing of this attempt.
    let isFirst = false
    return transact(
      subject,
      async (link) => {
        isFirst = false
        await lockLead(dialect, link, leadId)
        const applied = await work(link)
        if (applied.kind === 'applied') isFirst = await markApplied(link, inboxId)
        return applied
      },
      async (link) => {
        await lockLead(dialect, link, leadId)
        return isFirst && (await link.rows('select event_id from ponte_inbox where event_id = ?', [inboxId])).length === 1
      },
    )
  }
  return {
    applyLead: (event, decide) =>
      apply(`lead ${event.leadId}`, event, async (link) => {
        const sides = await leadSides(dialect, link, event.leadId, event.taxId)
        const write = decide(sides)
        const toLink = sides.branch !== null && !sides.linked
        if (write === null || (sides.mirror !== null && isEmpty(write) && !toLink)) return { kind: 'unchanged', sides }
        await writeLead(dialect, link, event.leadId, sides, write)
        return { kind: 'applied', sides }
      }),

    applyContact: (event, decide) =>
      apply(`contact ${event.personId}`, event, async (link) => {
        const found = await contactSides(dialect, link, event)
        const { sides } = found
        const write = decide(sides)
        if (write === null || (found.inPlace && isEmpty(write))) return { kind: 'unchanged', sides }
        await writeContact(dialect, link, event, found, write)
        return { kind: 'applied', sides }
      }),

    removeLead: ({ leadId, job, reason }) =>
      transact(`lead ${leadId}`, async (link) => {
        await lockLead(dialect, link, leadId)
        return (await removeLeads(dialect, link, [whole(leadId)!], job, reason)) === 1
      }),

    mirrorOf: async (leadId) => {
      const [lead = null] = await ask(`${LEAD_MIRROR} where id = ?`, [whole(leadId)])
      const persons = await ask(`select id, ${CONTACT_MIRROR} from contacts where lead_id = ? order by id`, [whole(leadId)])
      return { lead, persons }
    },

    removeContact: ({ personId, leadId, job }) =>
      transact(`contact ${personId}`, async (link) => {
        const gone = await link.changed('delete from contacts where id = ? and lead_id = ?', [whole(personId), whole(leadId)])
        if (gone === 0) return false
        await link.changed("insert into log_execution_crm (job, lead_id, field, value) values (?, ?, 'CONTACT', ?)", [
          job,
          leadId,
          `person ${personId} is no longer in the CRM`,
        ])
        return true
      }),

    stages: async () =>
      (await ask('select alias, name, position, integrated, sold from crm_stages order by position, alias')).map(
        (row): StageAlias => ({
          alias: row.ALIAS!,
          name: row.NAME!,
          position: Number(row.POSITION),
          integrated: row.INTEGRATED === 'S',
          sold: row.SOLD === 'S',
        }),
      ),
  }
}

const isEmpty = ({ quiet, loud }: MirrorWrite): boolean => Object.keys(quiet).length + Object.keys(loud).length === 0

const lockLead = (dialect: SqlDialect, link: Link, leadId: string) => link.rows(dialect.lockLead, [whole(leadId)])

/** False when the id was there already. */
async function markApplied(link: Link, inboxId: string): Promise<boolean> {
  const statement = `
    insert into ponte_inbox (event_id)
    select ? from dual where not exists (select 1 from ponte_inbox where event_id = ?)`
  return (await link.changed(statement, [inboxId, inboxId])) === 1
}

/** Leads leave the mirror: what was told of them is kept, the reason is written down. Returns how many were mirrored. */
export async function removeLeads(
  { concat }: SqlDialect,
  link: Link,
  leadIds: readonly bigint[],
  job: string,
  reason: string,
): Promise<number> {
  const removed = await inPages(leadIds, async (page) => {
    await link.rows('select id from leads where id in (?) for update', [page])
    await link.changed('delete from leads_removed where id in (?)', [page])
    await link.changed(
      `insert into leads_removed (id, client_code, budget_value, order_value, stage, reason)
       select id, client_code, budget_value, order_value, stage, ? from leads where id in (?)`,
      [cut(reason, 200), page],
    )
    await link.changed(
      `insert into log_execution_crm (job, lead_id, lead_name, field, value)
       select ?, id, name, 'STAGE', ${concat("coalesce(stage, '')", "' -> removed from the mirror: '", '?')} from leads where id in (?)`,
      [job, cut(reason, 800), page],
    )
    return [await link.changed('delete from leads where id in (?)', [page])]
  })
  return removed.reduce((sum, part) => sum + part, 0)
}
