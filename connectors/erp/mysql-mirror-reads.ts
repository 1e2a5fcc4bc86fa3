/** What the mirror holds, for jobs that put all of it beside the CRM (mission C.11, C.14, C.15). */
import type { Row } from '../../engine/model.ts'
import type { Erp, MirroredStage } from './erp.ts'
import { CONTACT_COLUMNS, LEAD_COLUMNS } from './mysql-mirror.ts'
import { type Ask, wholeList } from './mysql-rows.ts'
import { upperKeys, whole } from './text-rows.ts'

const pageSize = 1_000

export function mirrorReads(ask: Ask): Pick<Erp, 'mirroredStages' | 'mirroredLeads' | 'mirroredContacts'> {
  return {
    async *mirroredStages() {
      for (let after = '0'; ; ) {
        const rows = await ask<MirroredStage>(STAGES, [whole(after), pageSize])
        if (rows.length > 0) yield rows
        if (rows.length < pageSize) return
        after = rows.at(-1)!.leadId
      }
    },
    mirroredLeads: async (leadIds) => byId(await ask(LEADS, [wholeList(leadIds)])),
    mirroredContacts: async (leadIds) => byId(await ask(CONTACTS, [wholeList(leadIds)])),
  }
}

const STAGES = `
  select cast(id as char) as leadId, stage, taxid_key as taxId, name from leads where id > ? order by id limit ?`

const names = (columns: object): string => Object.keys(columns).join(', ').toLowerCase()
const LEADS = `select id, ${names(LEAD_COLUMNS)} from leads where id in (?)`
const CONTACTS = `select id, lead_id, ${names(CONTACT_COLUMNS)} from contacts where lead_id in (?)`

function byId(rows: readonly Record<string, unknown>[]): Map<string, Row> {
  return new Map(rows.map(({ id, ...row }) => [String(id), upperKeys(row)]))
}
