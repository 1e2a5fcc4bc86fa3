/** What the compatible routes ask and tell the ERP directly (mission E.1 #8, #30). */
import type mysql from 'mysql2/promise'
import type { Erp } from './erp.ts'
import { LEAD_COLUMNS } from './mysql-mirror.ts'
import { type Ask, changed, rowsOf } from './mysql-rows.ts'
import { inTransaction } from './mysql-transaction.ts'
import { upperKeys, whole } from './text-rows.ts'

export function lookup(pool: mysql.Pool, ask: Ask): Pick<Erp, 'mirroredLead' | 'storeIndustries'> {
  return {
    async mirroredLead(leadId) {
      const [row] = await ask(`select id, ${Object.keys(LEAD_COLUMNS).join(', ').toLowerCase()} from leads where id = ?`, [whole(leadId)])
      return row === undefined ? null : upperKeys(row)
    },
    storeIndustries: (industries) => inTransaction(pool, 'industries', (connection) => store(connection, industries)),
  }
}

/** One description after another, so that the list's own repetitions are seen too. */
async function store(
  connection: mysql.Connection,
  industries: readonly { id: number; value: string }[],
): ReturnType<Erp['storeIndustries']> {
  // Two lists at once would both find a description missing, or choose the same code.
  await rowsOf(connection, "select value from ponte_settings where name = 'default_industry' for update")
  const total = { inserted: 0, existing: 0 }
  for (const { id, value } of industries) total[(await storeOne(connection, String(id), value)) ? 'inserted' : 'existing']++
  return total
}

/** The CRM's id is the code when the ERP has not given it to another industry; else the next number that is free. */
async function storeOne(connection: mysql.Connection, id: string, value: string): Promise<boolean> {
  const [tidied] = await rowsOf<{ description: string | null }>(connection, 'select tidy(?) as description', [value])
  const description = tidied!.description
  if (description === null) return false
  if ((await rowsOf(connection, 'select 1 from industries where description_key = ? limit 1', [description])).length > 0) return false
  const free = id.length <= 10 && (await rowsOf(connection, 'select 1 from industries where industry = ?', [id])).length === 0
  const [next] = free ? [{ code: id }] : await rowsOf<{ code: string }>(connection, NEXT_CODE)
  await changed(connection, 'insert into industries (industry, description) values (?, ?)', [next!.code, description])
  return true
}

const NEXT_CODE = `
  select cast(coalesce(max(cast(industry as signed)), 0) + 1 as char) as code from industries where industry regexp '^[0-9]{1,9}$'`
