/** What the compatible routes ask and tell the ERP directly (mission E.1 #8, #30), and what people look up. */
import pg from 'pg'
import type { Erp } from '../../erp.ts'
import { errorSubjects, loggedRows } from '../../logged.ts'
import { upperKeys } from './extract.ts'
import { LEAD_COLUMNS } from './mirror.ts'
import { inTransaction } from './transaction.ts'

type Ask = <T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<T[]>

export function lookup(
  pool: pg.Pool,
  ask: Ask,
): Pick<Erp, 'viewRows' | 'mirroredLead' | 'storeIndustries' | 'logsOf' | 'clock' | 'localTimes'> {
  return {
    async viewRows(view, columns, where) {
      const name = (column: string) => pg.escapeIdentifier(column.toLowerCase())
      const conditions = Object.keys(where).map((column, index) => `${name(column)} = $${index + 1}::text`)
      const sql = `select ${columns.map(name).join(', ')} from ${name(view)} where ${conditions.join(' and ')} limit 50`
      return (await ask(sql, Object.values(where))).map(upperKeys)
    },
    async mirroredLead(leadId) {
      const [row] = await ask(MIRRORED_LEAD, [leadId])
      return row === undefined ? null : upperKeys(row)
    },
    async logsOf(records, limit) {
      const events = await ask(EVENTS, [records.leads, limit])
      const errors = await ask(ERRORS, [errorSubjects(records), limit])
      return loggedRows(events.map(upperKeys), errors.map(upperKeys))
    },
    clock: async () => (await ask<{ at: Date }>('select clock_timestamp() as at'))[0]!.at,
    async localTimes(moments) {
      const [{ zone } = { zone: null }] = await ask<{ zone: string | null }>("select ponte_setting('time_zone') as zone")
      const times = await ask<{ at: string }>(
        `select to_char(erp_time(m), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at from unnest($1::timestamptz[]) with ordinality as u(m, n) order by n`,
        [moments.map((moment) => moment.toISOString())],
      )
      return { zone, times: times.map(({ at }) => new Date(at)) }
    },
    storeIndustries: (industries) => inTransaction(pool, 'industries', (client) => store(client, industries)),
  }
}

const MIRRORED_LEAD = `select ${['ID', ...Object.keys(LEAD_COLUMNS)].map((name) => `${name.toLowerCase()}::text`).join(', ')} from leads where id = $1::bigint`

/** The logs hold the time of the session that wrote: as a rule, of sessions like this one. */
const UTC = `to_char(created_on at time zone current_setting('TimeZone') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`
const EVENTS = `
  select ${UTC}, job, lead_id, field, value from log_execution_crm where lead_id = any($1::text[]) order by log_id desc limit $2`
const ERRORS = `
  select ${UTC}, errorcode::text as errorcode, errorstack, error_info
    from error_log where split_part(error_info, ':', 1) = any($1::text[]) order by log_id desc limit $2`

/** One description after another, so that the list's own repetitions are seen too. */
async function store(client: pg.PoolClient, industries: readonly { id: number; value: string }[]): ReturnType<Erp['storeIndustries']> {
  // Two lists at once would both find a description missing, or choose the same code.
  await client.query('lock table industries in share row exclusive mode')
  const total = { inserted: 0, existing: 0 }
  for (const { id, value } of industries) {
    const { rowCount } = await client.query(INSERT_INDUSTRY, [String(id), value])
    total[rowCount === 1 ? 'inserted' : 'existing']++
  }
  return total
}

/** The CRM's id is the code when the ERP has not given it to another industry; else the next number that is free. */
const INSERT_INDUSTRY = `
  insert into industries (industry, description)
  select case when length($1::text) <= 10 and not exists (select from industries where industry = $1::text) then $1::text
              else (select (coalesce(max(industry::bigint), 0) + 1)::text from industries where industry ~ '^[0-9]{1,9}$') end,
         tidy($2::text)
   where tidy($2::text) is not null
     and not exists (select from industries where description_key = upper(remove_accents(tidy($2::text))))`
