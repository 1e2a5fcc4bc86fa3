/** How MySQL and MariaDB say what the statements of `sql` leave open. */
import type mysql from 'mysql2/promise'
import type { UpdateQuietly } from '../../sql/full-sync.ts'
import type { Link, SqlDialect } from '../../sql/link.ts'
import { LEAD_COLUMNS } from '../../sql/mirror.ts'
import { upperKeys } from '../../text-rows.ts'
import { changed, rowsOf } from './rows.ts'

export function mysqlLink(connection: mysql.Connection): Link {
  return {
    rows: async (sql, values) => (await rowsOf(connection, sql, values)).map(upperKeys),
    changed: (sql, values) => changed(connection, sql, values),
    call: async (name, values) => {
      await connection.query(`call ${name}(${values.map(() => '?').join(', ')})`, [...values])
    },
    insertAll: async (table, columns, rows) => {
      if (rows.length > 0) await changed(connection, `insert into ${table} (${columns.join(', ')}) values ?`, [rows])
    },
  }
}

/** A LEADS row as one text. */
const FINGERPRINT = `md5(concat_ws('|', ${Object.keys(LEAD_COLUMNS)
  .map((name) => `coalesce(concat('=', l.${name.toLowerCase()}), '-')`)
  .join(', ')}))`

const differs: SqlDialect['differs'] = (one, other) => `not (${one} <=> ${other})`

const isoTime = (column: string) => `date_format(${column}, '%Y-%m-%dT%H:%i:%s.%fZ')`

export const mysqlDialect: SqlDialect = {
  differs,
  concat: (...parts) => `concat(${parts.join(', ')})`,
  isText: (column) => `cast(${column} as binary) = cast(? as binary)`,
  first: (sql, rows) => `${sql} limit ${rows}`,
  isoTime,
  erpTime: isoTime('erp_time(?)'),
  field: (json, name) => `json_value(${json}, '$.${name}')`,
  emailKey: (table) => `${table}.email_key`,
  errorSubject: "regexp_substr(error_info, '^[^:]*')",
  titleCase: 'initcap2',
  storeContactId: 'prc_store_crm_contact_id',
  packageCall: (routine, values) => `pkg_crm_client_${routine}(${values})`,
  // Its collation sees neither accents nor case.
  descriptionKey: (text) => text,
  isShortNumber: (text) => `${text} regexp '^[0-9]{1,9}$'`,
  fingerprints: `(select l.id, ${FINGERPRINT} as fingerprint from leads l)`,
  lockLead: 'select bucket from ponte_locks where bucket = mod(crc32(?), 500) for update',
  mirrorOnly: async (link, on) => {
    await link.changed('set @ponte_mirror_only = ?', [on ? 'on' : 'off'])
  },
}

export const updateQuietly: UpdateQuietly<Link> = (link, run, columns) =>
  link.changed(
    `update leads l join leads_staging s on s.run_id = ? and s.id = l.id and s.state = 'ready' and s.mirrored_as = ${FINGERPRINT}
        set ${columns.map(({ column, value }) => `l.${column} = ${value}`).join(', ')}
      where ${columns.map(({ column, value }) => differs(`l.${column}`, value)).join(' or ')}`,
    [run],
  )
