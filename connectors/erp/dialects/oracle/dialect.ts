/** How Oracle says what the statements of `sql` leave open. */
import oracledb from 'oracledb'
import { PonteError } from '../../../../base/error.ts'
import type { UpdateQuietly } from '../../sql/full-sync.ts'
import type { Link, SqlDialect, Value, Values } from '../../sql/link.ts'
import { erpError } from './errors.ts'
import { block, changed, changedMany, rowsOf } from './rows.ts'

export interface OracleLink extends Link {
  /** Runs a PL/SQL block, and gives its OUT binds. */
  block<T extends object>(sql: string, binds: oracledb.BindParameters): Promise<T>
}

export function oracleLink(connection: oracledb.Connection): OracleLink {
  return {
    rows: (sql, values) => rowsOf(connection, ...numbered(sql, values)),
    changed: (sql, values) => changed(connection, ...numbered(sql, values)),
    call: async (name, values) => {
      await block(connection, ...numbered(`begin ${name}(${values.map(() => '?').join(', ')}); end;`, values))
    },
    insertAll: (table, columns, rows) => insertAll(connection, table, columns, rows),
    block: (sql, binds) => block(connection, sql, binds),
  }
}

/**
 * `?` as `:1`, `:2`... A list is filled up with its last value to a power of two, so that few different statements arise.
 */
export function numbered(sql: string, values: Values = []): [sql: string, binds: Value[]] {
  const binds: Value[] = []
  const bind = (value: Value) => `:${binds.push(value)}`
  const given = values.values()
  const text = sql.replaceAll('?', () => {
    const value = given.next().value as Values[number]
    if (!Array.isArray(value)) return bind(value as Value)
    const size = 2 ** Math.ceil(Math.log2(value.length))
    return Array.from({ length: size }, (_, at) => bind(value[Math.min(at, value.length - 1)] as Value)).join(', ')
  })
  return [text, binds]
}

/** In one round trip; what is refused is told by its place. @throws PonteError of `erpError` */
async function insertAll(
  connection: oracledb.Connection,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
): Promise<void> {
  const statement = `insert into ${table} (${columns.join(', ')}) values (${columns.map((name) => `:${name}`).join(', ')})`
  const types = Object.fromEntries(columns.map((name, at) => [name, typeOf(rows.map((row) => row[at] ?? null))]))
  const named = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])))
  const { refused } = await changedMany(connection, statement, named, types)
  if (refused.length === 0) return
  const { code, message, hint, cause } = erpError(refused[0]!.error)
  const which = refused.slice(0, 5).map(({ row }) => row + 1)
  throw new PonteError(code, `${message} (${refused.length} of ${rows.length} rows for ${table}, number ${which.join(', ')})`, {
    hint,
    cause,
  })
}

function typeOf(values: readonly Value[]): oracledb.BindDefinition {
  if (values.some((value) => typeof value === 'bigint')) return { type: oracledb.DB_TYPE_NUMBER }
  const longest = Math.max(1, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)))
  return { type: oracledb.DB_TYPE_VARCHAR, maxSize: longest }
}

/** DECODE takes two nulls for equal. */
const differs: SqlDialect['differs'] = (one, other) => `decode(${one}, ${other}, 0, 1) = 1`

const isoTime = (column: string) => `to_char(${column}, 'YYYY-MM-DD HH24:MI:SS') || 'Z'`

export const oracleDialect: SqlDialect = {
  differs,
  concat: (...parts) => parts.join(' || '),
  isText: (column) => `${column} = ?`,
  first: (sql, rows) => `${sql} fetch first ${rows} rows only`,
  isoTime,
  erpTime: isoTime('erp_time(?)'),
  field: (json, name) => `json_value(${json}, '$.${name}')`,
  emailKey: (table) => `${table}.email_key`,
  errorSubject: "regexp_substr(error_info, '^[^:]*')",
  titleCase: 'title_case',
  storeContactId: 'prc_store_lead_contact_id',
  packageCall: (routine, values) => `pkg_crm_client.${routine}(${values})`,
  descriptionKey: (text) => `plain_key(${text})`,
  isShortNumber: (text) => `(${text} = digits_of(${text}) and length(${text}) <= 9)`,
  fingerprints: 'lead_fingerprints',
  lockLead: 'select slot from ponte_locks where slot = 100 + mod(?, 500) for update',
  mirrorOnly: (link, on) => link.call('ponte_session.mirror_only', [on ? 'on' : 'off']),
}

/** Oracle updates no join of these two: a loop on the server, in one round trip. */
export const updateQuietly: UpdateQuietly<OracleLink> = async (link, run, columns) => {
  const { updated } = await link.block<{ updated: string }>(
    `declare
       v_updated number(10) := 0;
     begin
       for r in (
         select d.*
           from (select l.id, ${columns.map(({ column, value }, at) => `l.${column} as old_${at}, ${value} as new_${at}`).join(', ')}
                   from leads_staging s
                   join leads l on l.id = s.id
                   join lead_fingerprints f on f.id = l.id and f.fingerprint = s.mirrored_as
                  where s.run_id = :run and s.state = 'ready') d
          where ${columns.map((_, at) => differs(`d.old_${at}`, `d.new_${at}`)).join(' or ')})
       loop
         update leads set ${columns.map(({ column }, at) => `${column} = r.new_${at}`).join(', ')} where id = r.id;
         v_updated := v_updated + 1;
       end loop;
       :updated := v_updated;
     end;`,
    { run, updated: { dir: oracledb.BIND_OUT, type: oracledb.STRING, maxSize: 20 } },
  )
  return Number(updated)
}
