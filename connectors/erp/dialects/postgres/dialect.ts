/** How PostgreSQL says what the statements of `sql` leave open. */
import type pg from 'pg'
import { withoutNul } from '../../../../base/text.ts'
import type { Row } from '../../../../engine/model.ts'
import type { UpdateQuietly } from '../../sql/full-sync.ts'
import type { Link, SqlDialect, Values } from '../../sql/link.ts'
import { upperKeys } from '../../text-rows.ts'

/** Every value as the server wrote it. */
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig

/** `?` as `$1`, `$2`...; a list is one array. There is no DUAL, and nothing to select from takes its place. */
function numbered(sql: string, values: Values = []): pg.QueryConfig {
  let count = 0
  const text = sql.replaceAll(/ from dual\b/g, '').replaceAll(/\bin \(\?\)|\?/g, (mark) => {
    count += 1
    return mark === '?' ? `$${count}` : `= any($${count})`
  })
  return { text, values: values.map(withoutNul), types: asText }
}

export const rowsOf = async (on: Pick<pg.ClientBase, 'query'>, sql: string, values?: Values): Promise<Row[]> =>
  (await on.query(numbered(sql, values))).rows.map(upperKeys)

export function postgresLink(client: pg.ClientBase): Link {
  const changed: Link['changed'] = async (sql, values) => (await client.query(numbered(sql, values))).rowCount ?? 0
  return {
    rows: (sql, values) => rowsOf(client, sql, values),
    changed,
    call: async (name, values) => void (await changed(`call ${name}(${values.map(() => '?').join(', ')})`, values)),
    insertAll: async (table, columns, rows) => {
      const tuple = `(${columns.map(() => '?').join(', ')})`
      if (rows.length > 0)
        await changed(`insert into ${table} (${columns.join(', ')}) values ${rows.map(() => tuple).join(', ')}`, rows.flat())
    },
  }
}

const differs: SqlDialect['differs'] = (one, other) => `${one} is distinct from ${other}`
const FINGERPRINT = 'md5(l::text)'

export const postgresDialect: SqlDialect = {
  differs,
  concat: (...parts) => parts.join(' || '),
  isText: (column) => `${column} = ?`,
  first: (sql, rows) => `${sql} limit ${rows}`,
  // The logs hold the time of the session that wrote: as a rule, of sessions like this one.
  isoTime: (column) => `to_char(${column} at time zone current_setting('TimeZone') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  erpTime: `to_char(erp_time(cast(? as timestamp) at time zone 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
  field: (json, name) => `(${json}->>'${name}')`,
  emailKey: (table) => `email_key(${table}.email)`,
  errorSubject: "split_part(error_info, ':', 1)",
  titleCase: 'initcap2',
  storeContactId: 'prc_store_crm_contact_id',
  packageCall: (routine, values) => `pkg_crm_client.${routine}(${values})`,
  descriptionKey: (text) => `upper(remove_accents(${text}))`,
  isShortNumber: (text) => `${text} ~ '^[0-9]{1,9}$'`,
  fingerprints: `(select l.id, ${FINGERPRINT} as fingerprint from leads l)`,
  lockLead: `select pg_advisory_xact_lock(hashtextextended('ponte.lead.' || ?, 0)) as locked`,
  mirrorOnly: async (link, on) => {
    await link.changed(`set local ponte.mirror_only = '${on ? 'on' : 'off'}'`)
  },
}

export const updateQuietly: UpdateQuietly<Link> = (link, run, columns) =>
  link.changed(
    `update leads l set ${columns.map(({ column, value }) => `${column} = ${value}`).join(', ')}
       from leads_staging s
      where s.run_id = ? and s.id = l.id and s.state = 'ready' and s.mirrored_as = ${FINGERPRINT}
        and (${columns.map(({ column, value }) => differs(`l.${column}`, value)).join(' or ')})`,
    [run],
  )
