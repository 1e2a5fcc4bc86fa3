/** The staging tables of a full sync and the swap into the mirror (mission C.14, D-48; sql 0005). */
import type mysql from 'mysql2/promise'
import type { Row } from '../../engine/model.ts'
import type { Erp } from './erp.ts'
import { removeLeads } from './mysql-inbound.ts'
import { checked, LEAD_COLUMNS, mirrorOnly } from './mysql-mirror.ts'
import { type Ask, changed, rowsOf, wholeList } from './mysql-rows.ts'
import { inTransaction } from './mysql-transaction.ts'
import { whole } from './text-rows.ts'

const pageSize = 500

/** A LEADS row as one text: equal texts, equal rows. */
const FINGERPRINT = `md5(concat_ws('|', ${Object.keys(LEAD_COLUMNS)
  .map((name) => `coalesce(concat('=', l.${name.toLowerCase()}), '-')`)
  .join(', ')}))`

export function fullSync(pool: mysql.Pool, ask: Ask): Pick<Erp, 'stageMirror'> {
  return {
    async stageMirror(run) {
      const mirrored = await inTransaction(pool, `full sync ${run}`, (connection) => begin(connection, run))
      return {
        mirrored,
        async leads(rows) {
          const values = rows.map(({ leadId, row }) => [run, whole(leadId), row === null ? 'left-out' : 'ready', json(row)])
          if (values.length > 0) await ask(STAGE_LEADS, [values])
        },
        async contacts(rows) {
          const values = rows.map((one) => [
            run,
            whole(one.personId),
            whole(one.leadId),
            one.row === null ? 'left-out' : 'ready',
            json(one.row),
          ])
          if (values.length > 0) await ask(STAGE_CONTACTS, [values])
        },
        async counts() {
          const [{ ready, leftOut, fresh, gone } = EMPTY] = await ask<typeof EMPTY>(COUNTS, [run])
          return { ready: Number(ready), leftOut: Number(leftOut), fresh: Number(fresh), gone: Number(gone) }
        },
        gone: async () => (await ask<{ id: string }>(GONE, [run])).map(({ id }) => id),
        swap: ({ quiet, remove, job, reason }) =>
          inTransaction(pool, `full sync ${run}`, async (connection) => ({
            updated: await updateQuietly(connection, run, quiet),
            removed: await removeGone(connection, run, { remove, job, reason }),
          })),
        async *ready() {
          for (let after = '0'; ; ) {
            const rows = await ask<{ leadId: string; row: string }>(READY, [run, whole(after), pageSize])
            if (rows.length > 0) yield rows.map(({ leadId, row }) => ({ leadId, row: parsed(row) }))
            if (rows.length < pageSize) return
            after = rows.at(-1)!.leadId
          }
        },
        contactsOf: async (leadIds) =>
          (await ask<{ personId: string; leadId: string; row: string | null }>(CONTACTS_OF, [run, wholeList(leadIds)])).map((one) => ({
            ...one,
            row: one.row === null ? null : parsed(one.row),
          })),
        close: async () => {
          await ask('delete from leads_staging where run_id = ?', [run])
          await ask('delete from contacts_staging where run_id = ?', [run])
        },
      }
    },
  }
}

const EMPTY = { ready: '0', leftOut: '0', fresh: '0', gone: '0' }

/** Null is kept as the empty string, which SQL tells from a missing value in one way on both servers. */
const json = (row: Row | null): string | null => (row === null ? null : JSON.stringify(row, (_, value) => value ?? ''))
const parsed = (text: string): Row => JSON.parse(text, (_, value) => (value === '' ? null : value)) as Row

/** Notes what is mirrored now. One full sync at a time: what other runs left here is of the dead. */
async function begin(connection: mysql.Connection, run: string): Promise<number> {
  await changed(connection, 'delete from leads_staging')
  await changed(connection, 'delete from contacts_staging')
  return changed(
    connection,
    `insert into leads_staging (run_id, id, state, mirrored_as) select ?, l.id, 'unread', ${FINGERPRINT} from leads l`,
    [run],
  )
}

const STAGE_LEADS = `
  insert into leads_staging (run_id, id, state, fields) values ?
  on duplicate key update state = values(state), fields = values(fields)`
const STAGE_CONTACTS = `
  insert into contacts_staging (run_id, id, lead_id, state, fields) values ?
  on duplicate key update lead_id = values(lead_id), state = values(state), fields = values(fields)`
const COUNTS = `
  select coalesce(sum(state = 'ready'), 0) as ready, coalesce(sum(state = 'left-out'), 0) as leftOut,
         coalesce(sum(state = 'ready' and mirrored_as is null), 0) as fresh, coalesce(sum(state = 'unread'), 0) as gone
    from leads_staging where run_id = ?`
const GONE = `select cast(id as char) as id from leads_staging s where run_id = ? and state = 'unread' order by s.id`
const READY = `
  select cast(id as char) as leadId, fields as \`row\`
    from leads_staging s where run_id = ? and s.id > ? and state = 'ready' order by s.id limit ?`
const CONTACTS_OF = `
  select cast(id as char) as personId, cast(lead_id as char) as leadId, fields as \`row\`
    from contacts_staging s where run_id = ? and s.lead_id in (?) order by s.id`

/** Sets these columns of the rows that did not move since the run began; the triggers stay out. */
async function updateQuietly(connection: mysql.Connection, run: string, names: readonly string[]): Promise<number> {
  const columns = checked('leads', LEAD_COLUMNS, Object.fromEntries(names.map((name) => [name, null]))).map(({ column, compared }) => {
    const text = `nullif(json_unquote(json_extract(s.fields, '$.${column.toUpperCase()}')), '')`
    const value = compared === '?' ? text : compared.replace('?', text)
    // D-15: a CRM that was never told the client code does not make the mirror forget it.
    return { column, value: column === 'client_code' ? `coalesce(${value}, l.client_code)` : value }
  })
  await mirrorOnly(connection, true)
  return changed(
    connection,
    `update leads l join leads_staging s on s.run_id = ? and s.id = l.id and s.state = 'ready' and s.mirrored_as = ${FINGERPRINT}
        set ${columns.map(({ column, value }) => `l.${column} = ${value}`).join(', ')}
      where ${columns.map(({ column, value }) => `not (l.${column} <=> ${value})`).join(' or ')}`,
    [run],
  )
}

/** As `removeLead` does for one. */
async function removeGone(
  connection: mysql.Connection,
  run: string,
  { remove, job, reason }: { remove: readonly string[]; job: string; reason: string },
): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    connection,
    `select cast(l.id as char) as id from leads l join leads_staging s on s.run_id = ? and s.id = l.id
      where l.id in (?) and s.state = 'unread' and s.mirrored_as = ${FINGERPRINT} order by l.id for update`,
    [run, wholeList(remove)],
  )
  const ids = rows.map(({ id }) => id)
  await removeLeads(connection, ids.map(whole), job, reason)
  return ids
}
