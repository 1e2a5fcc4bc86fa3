/** The staging tables of a full sync and the swap into the mirror (mission C.14, D-48; sql 0005). */

import type pg from 'pg'
import { PonteError } from '../../../../base/error.ts'
import { jsonText } from '../../../../base/text.ts'
import type { Row } from '../../../../engine/model.ts'
import type { Erp, StagedContact } from '../../erp.ts'
import { couldBeDone } from '../../undone.ts'
import { LEAD_COLUMNS, mirrorOnly } from './mirror.ts'
import type { Ask } from './mirror-reads.ts'
import { inTransaction } from './transaction.ts'

const pageSize = 500

export function fullSync(pool: pg.Pool, ask: Ask): Pick<Erp, 'stageMirror'> {
  return {
    async stageMirror(run) {
      const mirrored = await inTransaction(pool, `full sync ${run}`, (client) => begin(client, run))
      return {
        mirrored,
        leads: async (rows) => void (await ask(STAGE_LEADS, [run, recordset(rows.map(({ leadId, row }) => ({ id: leadId, row })))])),
        contacts: async (rows) =>
          void (await ask(STAGE_CONTACTS, [run, recordset(rows.map(({ personId, leadId, row }) => ({ id: personId, leadId, row })))])),
        counts: async () => (await ask<Counts>(COUNTS, [run]))[0]!,
        gone: async () => (await ask<{ id: string }>(GONE, [run])).map(({ id }) => id),
        swap: ({ quiet, remove, job, reason }) =>
          inTransaction(pool, `full sync ${run}`, async (client) => ({
            updated: await updateQuietly(client, run, quiet),
            removed: await removeGone(client, run, { remove, job, reason }),
          })),
        takes: (quiet, first, last) =>
          couldBeDone<pg.PoolClient>(
            (work) => inTransaction(pool, `full sync ${run}`, work),
            async (client) => {
              await client.query(LEAVE_OUT_OTHERS, [run, first, last])
              await updateQuietly(client, run, quiet)
            },
          ),
        async *ready() {
          for (let after = '0'; ; ) {
            const rows = await ask<{ leadId: string; row: Row }>(READY, [run, after, pageSize])
            if (rows.length > 0) yield rows
            if (rows.length < pageSize) return
            after = rows.at(-1)!.leadId
          }
        },
        contactsOf: (leadIds) => ask<StagedContact>(CONTACTS_OF, [run, leadIds]),
        close: async () => {
          await ask('delete from leads_staging where run_id = $1', [run])
          await ask('delete from contacts_staging where run_id = $1', [run])
        },
      }
    },
  }
}

interface Counts {
  readonly ready: number
  readonly leftOut: number
  readonly fresh: number
  readonly gone: number
}

/** Notes what is mirrored now. One full sync at a time: what other runs left here is of the dead. */
async function begin(client: pg.PoolClient, run: string): Promise<number> {
  await client.query('delete from leads_staging')
  await client.query('delete from contacts_staging')
  const { rowCount } = await client.query(
    `insert into leads_staging (run_id, id, state, mirrored_as) select $1, l.id, 'unread', md5(l::text) from leads l`,
    [run],
  )
  return rowCount ?? 0
}

/** Of what was found twice the last one counts. */
const recordset = (rows: readonly { readonly id: string }[]): string => jsonText([...new Map(rows.map((row) => [row.id, row])).values()])

const STAGE_LEADS = `
  insert into leads_staging (run_id, id, state, fields)
  select $1, r.id, case when r.row is null then 'left-out' else 'ready' end, r.row
    from jsonb_to_recordset($2::jsonb) as r(id bigint, row jsonb)
  on conflict (run_id, id) do update set state = excluded.state, fields = excluded.fields`
const STAGE_CONTACTS = `
  insert into contacts_staging (run_id, id, lead_id, state, fields)
  select $1, r.id, r."leadId", case when r.row is null then 'left-out' else 'ready' end, r.row
    from jsonb_to_recordset($2::jsonb) as r(id bigint, "leadId" bigint, row jsonb)
  on conflict (run_id, id) do update set lead_id = excluded.lead_id, state = excluded.state, fields = excluded.fields`
const COUNTS = `
  select count(*) filter (where state = 'ready')::int as ready, count(*) filter (where state = 'left-out')::int as "leftOut",
         count(*) filter (where state = 'ready' and mirrored_as is null)::int as fresh,
         count(*) filter (where state = 'unread')::int as gone
    from leads_staging where run_id = $1`
const GONE = `select id::text from leads_staging where run_id = $1 and state = 'unread' order by id`
const LEAVE_OUT_OTHERS = `
  update leads_staging set state = 'left-out' where run_id = $1 and state = 'ready' and id not between $2::bigint and $3::bigint`
const READY = `
  select id::text as "leadId", fields as row
    from leads_staging where run_id = $1 and id > $2::bigint and state = 'ready' order by id limit $3`
const CONTACTS_OF = `
  select id::text as "personId", lead_id::text as "leadId", fields as row
    from contacts_staging where run_id = $1 and lead_id = any($2::bigint[]) order by id`

/** Sets these columns of the rows that did not move since the run began; the triggers stay out. */
async function updateQuietly(client: pg.PoolClient, run: string, names: readonly string[]): Promise<number> {
  const columns = names.map((name) => {
    const type = Object.hasOwn(LEAD_COLUMNS, name) ? LEAD_COLUMNS[name] : undefined
    if (type === undefined)
      throw new PonteError('erp.unknown_column', `leads has no column ${name} that may be written`, {
        hint: 'this is a fault of the caller, report it',
      })
    const value = `nullif(s.fields->>'${name}', '')::${type}`
    // D-15: a CRM that was never told the client code does not make the mirror forget it.
    return { column: name.toLowerCase(), value: name === 'CLIENT_CODE' ? `coalesce(${value}, l.client_code)` : value }
  })
  await mirrorOnly(client, true)
  const { rowCount } = await client.query(
    `update leads l set ${columns.map(({ column, value }) => `${column} = ${value}`).join(', ')}
       from leads_staging s
      where s.run_id = $1 and s.id = l.id and s.state = 'ready' and s.mirrored_as = md5(l::text)
        and (${columns.map(({ column, value }) => `l.${column} is distinct from ${value}`).join(' or ')})`,
    [run],
  )
  return rowCount ?? 0
}

/** As `removeLead` does for one. */
async function removeGone(
  client: pg.PoolClient,
  run: string,
  { remove, job, reason }: { remove: readonly string[]; job: string; reason: string },
): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `with gone as (delete from leads l using leads_staging s
                    where s.run_id = $1 and s.id = l.id and s.id = any($2::bigint[]) and s.state = 'unread' and s.mirrored_as = md5(l::text)
                   returning l.*),
          kept as (insert into leads_removed (id, client_code, budget_value, order_value, stage, reason)
                   select id, client_code, budget_value, order_value, stage, left($4, 200) from gone
                   on conflict (id) do update
                      set client_code = excluded.client_code, budget_value = excluded.budget_value, order_value = excluded.order_value,
                          stage = excluded.stage, removed_on = localtimestamp, reason = excluded.reason),
          told as (insert into log_execution_crm (job, lead_id, lead_name, field, value)
                   select $3, id, name, 'STAGE', left(coalesce(stage, '') || ' -> removed from the mirror: ' || $4, 4000) from gone)
     select id::text from gone order by id`,
    [run, remove, job, reason],
  )
  return rows.map(({ id }) => id)
}
