/** What the mirror holds, for jobs that put all of it beside the CRM (mission C.11, C.14, C.15). */
import type pg from 'pg'
import type { Row } from '../../../../engine/model.ts'
import type { Erp, MirroredStage } from '../../erp.ts'
import { upperKeys } from './extract.ts'
import { CONTACT_COLUMNS, LEAD_COLUMNS } from './mirror.ts'

export type Ask = <T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<T[]>

const pageSize = 1_000

export function mirrorReads(ask: Ask): Pick<Erp, 'mirroredStages' | 'mirroredLeads' | 'mirroredContacts'> {
  return {
    async *mirroredStages() {
      for (let after = '0'; ; ) {
        const rows = await ask<MirroredStage>(STAGES, [after, pageSize])
        if (rows.length > 0) yield rows
        if (rows.length < pageSize) return
        after = rows.at(-1)!.leadId
      }
    },
    mirroredLeads: async (leadIds) => byId(await ask(LEADS, [leadIds])),
    mirroredContacts: async (leadIds) => byId(await ask(CONTACTS, [leadIds])),
  }
}

const STAGES = `
  select id::text as "leadId", stage, taxid_key as "taxId", name from leads where id > $1::bigint order by id limit $2`

const texts = (columns: object): string =>
  Object.keys(columns)
    .map((name) => `${name.toLowerCase()}::text`)
    .join(', ')
const LEADS = `select id::text, ${texts(LEAD_COLUMNS)} from leads where id = any($1::bigint[])`
const CONTACTS = `select id::text, lead_id::text, ${texts(CONTACT_COLUMNS)} from contacts where lead_id = any($1::bigint[])`

function byId(rows: readonly pg.QueryResultRow[]): Map<string, Row> {
  return new Map(rows.map(({ id, ...row }) => [id as string, upperKeys(row)]))
}
