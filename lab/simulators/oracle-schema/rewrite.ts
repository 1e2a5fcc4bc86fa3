/**
 * Oracle's DDL into what MariaDB runs in Oracle mode. Everything that no rule names goes word for word.
 * What is stood in for (comments, grants) is still checked: the objects that it names must be there.
 */
export type Kept = 'word for word' | 'rewritten' | 'stood in for'

export interface Rewritten {
  readonly sql: string
  readonly kept: Kept
}

/** In order; each with what MariaDB 10.11 lacks. */
const RULES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Lengths are in characters anyway.
  [/\b(varchar2\(\d+) char\)/g, '$1)'],
  // A bare NUMBER would be a DOUBLE.
  [/\breturn number\b(?!\s*\()/g, 'return number(38,12)'],
  [/\bp_days number\b/g, 'p_days number(10)'],
  // No autonomous transactions; the table that is written so keeps its rows through a rollback instead.
  [/^\s*pragma autonomous_transaction;\n/gm, ''],
  [/^\s*commit;\n/gm, ''],
  // INSERT ... SELECT refuses to leave out a column that only a trigger fills.
  [/^(create table log_execution_crm \(\s+log_id number\(28\))/, '$1 default seq_log_execution_crm.nextval'],
  [/^(create table error_log \([\s\S]*\))$/, '$1 engine = aria transactional = 0'],
  [/\bcast\(from_tz\((\w+), 'UTC'\) at time zone (\w+) as date\)/g, 'shim_at_time_zone($1, $2)'],
  [/\bsys_extract_utc\(systimestamp\)/g, 'utc_timestamp(6)'],
  [/\bp_utc timestamp\b/g, 'p_utc datetime(6)'],
  // Any DDL on the server empties the variables of packages, in all sessions; variables of the session stay.
  [/^ {2}v_switched_in varchar2.*;\n/m, ''],
  [/\bv_switched_in :=/g, 'set @ponte_switched_in :='],
  [/\bv_switched_in\b/g, '@ponte_switched_in'],
  [/\buser\b(?!\s*\()/g, 'current_user()'],
  // Its own numbers mean other things in Oracle.
  [/(?<=:= )sqlcode\b/g, 'shim_ora_code(sqlcode)'],
  [/^alter table (\w+) modify \((\w+) default (.*)\)$/, 'alter table $1 alter column $2 set default ($3)'],
  // A trigger fires for every column.
  [/\bbefore update of \w+ on\b/g, 'before update on'],
  [/\brestart start with\b/g, 'restart with'],
]

export function forMariaDb(statement: string): Rewritten {
  const comment = /^comment on (table|column) (\w+)(?:\.(\w+))? is\b/i.exec(statement)
  if (comment) return { sql: `select ${comment[3] ?? '1'} from ${comment[2]} where 1 = 0`, kept: 'stood in for' }
  const grant = /^grant ([\w, ]+) on (\w+) to \w+$/i.exec(statement)
  // Of the system.
  if (/^grant execute on sys\.\w+ to \w+$/i.test(statement)) return { sql: 'do 0', kept: 'stood in for' }
  if (grant) return { sql: standIn(grant[1]!, grant[2]!), kept: 'stood in for' }
  const sql = RULES.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), statement)
  return { sql, kept: sql === statement ? 'word for word' : 'rewritten' }
}

/** Fails when the object of the grant is not there. */
function standIn(rights: string, object: string): string {
  if (!/execute/i.test(rights)) return `select 1 from ${object} where 1 = 0`
  const found = `(select count(*) from information_schema.routines where routine_schema = database() and routine_name = '${object}')`
  // Two rows where one is wanted are an error; a division by zero is none in MariaDB.
  return `select case when ${found} > 0 then 1 else (select 1 union all select 2) end`
}
