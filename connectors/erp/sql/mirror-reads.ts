/** What the mirror holds, for jobs that put all of it beside the CRM. */
import type { Row } from '../../../engine/model.ts'
import type { Erp } from '../erp.ts'
import { whole } from '../text-rows.ts'
import { type Ask, inPages, type SqlDialect } from './link.ts'
import { CONTACT_COLUMNS, LEAD_COLUMNS } from './mirror.ts'

const pageSize = 1_000

export function mirrorReads({ first }: SqlDialect, ask: Ask): Pick<Erp, 'mirroredStages' | 'mirroredLeads' | 'mirroredContacts'> {
  const byId = async (statement: string, ids: readonly string[]): Promise<Map<string, Row>> => {
    const rows = await inPages(
      ids.map((id) => whole(id)!),
      (page) => ask(statement, [page]),
    )
    return new Map(rows.map(({ ID, ...row }) => [ID!, row]))
  }
  return {
    async *mirroredStages() {
      for (let after = '0'; ; ) {
        const rows = await ask(first(STAGES, pageSize), [whole(after)])
        if (rows.length > 0) {
          yield rows.map((row) => ({ leadId: row.ID!, stage: row.STAGE ?? null, taxId: row.TAXID_KEY ?? null, name: row.NAME ?? null }))
        }
        if (rows.length < pageSize) return
        after = rows.at(-1)!.ID!
      }
    },
    mirroredLeads: (leadIds) => byId(LEADS, leadIds),
    mirroredContacts: (leadIds) => byId(CONTACTS, leadIds),
  }
}

const STAGES = 'select id, stage, taxid_key, name from leads where id > ? order by id'
const names = (columns: object): string => Object.keys(columns).join(', ').toLowerCase()
const LEADS = `select id, ${names(LEAD_COLUMNS)} from leads where id in (?)`
const CONTACTS = `select id, lead_id, ${names(CONTACT_COLUMNS)} from contacts where lead_id in (?)`
