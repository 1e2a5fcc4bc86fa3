/** `sql/oracle` without an Oracle: every file parses, names are free, and every statement runs on MariaDB in Oracle mode. */

import { readdir, readFile } from 'node:fs/promises'
import mysql from 'mysql2/promise'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadOracleSchema } from '../../lab/simulators/oracle-schema/load.ts'
import { forMariaDb } from '../../lab/simulators/oracle-schema/rewrite.ts'
import { views } from '../../records/kinds.ts'
import { mariaDbMissing, testMariaDb } from '../mysql/testing.ts'
import { oracleScripts } from './scripts.ts'
import { splitStatements } from './statements.ts'
import { refusedNames, syntaxErrors } from './testing/plsql.ts'

const FOLDER = new URL('../../sql/oracle/', import.meta.url)
/** The grammar takes its time, the more so on a busy machine. */
const PATIENCE = 600_000

describe('the files', () => {
  let files: readonly { name: string; text: string }[]
  beforeAll(async () => {
    const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
    files = await Promise.all(names.map(async (name) => ({ name, text: await readFile(new URL(name, FOLDER), 'utf8') })))
  })

  test(
    'all parse as PL/SQL',
    () => {
      const errors = files.map(({ name, text }) => ({ name, errors: syntaxErrors(text) }))
      const clean = errors.filter((file) => file.errors === 0)
      console.log(`${clean.length} of ${files.length} files parse`)
      expect(errors.filter((file) => file.errors > 0)).toEqual([])
      expect(files.length).toBeGreaterThan(15)
    },
    PATIENCE,
  )

  test('give no name that Oracle reserves or that is longer than 30 characters', () => {
    expect(files.flatMap(({ name, text }) => refusedNames(text).map((refused) => `${name}: ${refused}`))).toEqual([])
  })

  test('write what both Oracle 19c and MariaDB read: no MERGE, no (+), no named arguments, no several rows per insert', () => {
    for (const { name, text } of files) {
      const code = text.replace(/'(?:[^']|'')*'|--.*$/gm, '')
      expect(`${name} ${/\bmerge\s+into\b|\(\+\)|=>|\bbulk\s+collect\b|\bforall\b|\blimit\s+\d|::|\$\$/i.exec(code)?.[0]}`).toBe(
        `${name} undefined`,
      )
      expect(`${name} ${/\bvalues\s*\([^;]*?\)\s*,\s*\(/i.exec(code)?.[0]}`).toBe(`${name} undefined`)
      expect(`${name} ${/\bvarchar2\(\d+\)/i.exec(code)?.[0]}`, 'lengths count characters').toBe(`${name} undefined`)
    }
  })

  test('a text by UNISTR, which is of the national character set, is made VARCHAR2 at once: the two never meet (ORA-12704)', () => {
    for (const { name, text } of files) {
      const code = text.replace(/--.*$/gm, '').replace(/replace\((?:\w+|' '), ' ', unistr\(|\bvarchar2\(\d+ char\) := unistr\(/g, '')
      expect(`${name} ${/.*\b(unistr|to_nchar|nvarchar2|nchar)\b.*/i.exec(code)?.[0]}`).toBe(`${name} undefined`)
    }
  })

  test('a trigger on a table of the ERP fires only for the columns that it reads', () => {
    const own = new Set(['leads', 'contacts', 'log_execution_crm'])
    for (const trigger of splitStatements(files.find(({ name }) => name === 'triggers.sql')!.text)) {
      const [, event, columns = '', table] = / (?:before|after) (insert|update|delete)(?: of (\w+))? on (\w+) for each row/.exec(trigger)!
      if (own.has(table!) || event === 'insert') continue
      expect(`${event} of ${columns} on ${table}`).toMatch(/^update of \w+ on/)
      expect(trigger.match(/:new\.\w+(?! :=)/g)!.slice(-1)).toEqual([`:new.${columns}`])
    }
  })

  test('what is read as of an SCN is granted so: the views and the tables under them', () => {
    const granted = [...files.find(({ name }) => name === 'grants.sql')!.text.matchAll(/^grant flashback on (\w+) to/gm)].map(
      ([, name]) => name,
    )
    expect(granted.sort()).toEqual([...new Set(Object.entries(views).flatMap(([view, { table }]) => [view, table]))].sort())
  })

  test('no view or routine holds the name of a stage', () => {
    for (const { name, text } of files.filter((file) => !file.name.startsWith('table_'))) {
      expect(`${name} ${/Ativa|Activation|Orçamento|Budget\/|Reten[çt]/.exec(text)?.[0]}`).toBe(`${name} undefined`)
    }
  })

  test('every setting is read by a view or routine', () => {
    const of = (table: RegExp) => files.filter(({ name }) => table.test(name)).map(({ text }) => text.replace(/--.*$/gm, ''))
    const settings = [
      ...of(/^table_ponte/)
        .join()
        .matchAll(/into ponte_settings .*? values \('(\w+)'/g),
    ].map(([, name]) => name as string)
    expect(settings.length).toBeGreaterThan(5)
    expect(
      settings.filter(
        (name) =>
          !of(/^(?!table_)/)
            .join()
            .includes(`'${name}'`),
      ),
    ).toEqual([])
  })

  test('no row trigger reads or writes its own table, which Oracle refuses (ORA-04091), nor does what it calls', () => {
    const text = (wanted: string) => files.find(({ name }) => name === wanted)!.text.replace(/--.*$/gm, '')
    const called = splitStatements(text('procedures.sql')).join('\n')
    for (const trigger of splitStatements(text('triggers.sql'))) {
      const table = / on (\w+) for each row/.exec(trigger)![1]!
      const touches = new RegExp(`\\b(from|join|into|update)\\s+${table}\\b`)
      expect(trigger.replace(/^.*for each row/m, '')).not.toMatch(touches)
      if (['leads', 'contacts'].includes(table)) expect(called).not.toMatch(touches)
    }
  })

  test('every broken variant is rejected: by the grammar, or by the lint of names', { timeout: PATIENCE }, () => {
    const text = (wanted: string) => files.find(({ name }) => name === wanted)!.text
    const broken: Readonly<Record<string, string>> = {
      'a function without the type it returns': text('util_pkg.sql').replace('return varchar2;', 'return;'),
      'a table without its last parenthesis': text('table_contatos.sql').replace(/\n\);/, '\n;'),
      'two columns without a comma': text('table_leads.sql').replace('name varchar2(100 char),', 'name varchar2(100 char)'),
      'an IF without END IF': text('ponte_session.sql').replace('end if;', ''),
      'a loop without END LOOP': text('functions.sql')
        .slice(text('functions.sql').indexOf('create or replace function get_client_code'))
        .replace('end loop;', ''),
      'a body without BEGIN': text('pkg_error_mgr.sql').replace(/\n {2}begin\n/, '\n'),
      'an assignment with = alone': text('ponte_session.sql').replace('v_switched_in := null;', 'v_switched_in = null;'),
      'a text without its end': text('tablespaces.sql').replace('tablespace_name,', "'tablespace_name,"),
      'the reserved NUMBER as a column': text('erp_sales.sql').replace('  budget_number number(19)', '  number number(19)'),
      'the reserved DATE as a column': text('erp_sales.sql').replace('  item_date timestamp(6)', '  date timestamp(6)'),
      'the reserved USER as a column': text('erp_clients.sql').replace('  entry_user varchar2', '  user varchar2'),
      'the reserved SIZE as a table': text('table_ponte.sql').replace('create table ponte_locks', 'create table size'),
      'the reserved LEVEL as an alias': text('engine_views.sql').replace('b.client as range_key', 'b.client as level'),
      'a name of 31 characters': text('sequences.sql').replace('seq_error_log_id', `s${'x'.repeat(30)}`),
    }
    const accepted = Object.entries(broken).filter(([, script]) => refusedNames(script).length === 0 && syntaxErrors(script) === 0)
    console.log(`${Object.keys(broken).length - accepted.length} of ${Object.keys(broken).length} broken variants rejected`)
    expect(accepted.map(([name]) => name)).toEqual([])
  })
})

if (!mariaDbMissing('connectors/oracle/scripts on MariaDB'))
  test('every statement runs on MariaDB in Oracle mode, in the order of install.sql, and grants name what is there', async () => {
    const database = await testMariaDb()
    const connection = await mysql.createConnection(database.url)
    const grants = splitStatements(await readFile(new URL('grants.sql', FOLDER), 'utf8'))
    const scripts = await oracleScripts()
    const statements = [...scripts.flatMap((script) => script.statements), ...grants]
    const loaded = await loadOracleSchema(connection, statements)
    const run = Object.values(loaded).reduce((sum, count) => sum + count, 0)
    console.log(
      `${run} of ${statements.length} statements (${Object.entries(loaded)
        .map(([kept, count]) => `${count} ${kept}`)
        .join(', ')})`,
    )
    expect(run).toBe(statements.length)
    for (const wrong of [
      'grant execute on nobody to ponte_app',
      'grant select on nobody to ponte_app',
      "comment on column leads.nobody is ''",
    ])
      await expect(connection.query(forMariaDb(wrong).sql), wrong).rejects.toThrow()
    // What may be made anew is made anew in the database that has it.
    const again = scripts.filter(({ repeatable }) => repeatable).flatMap((script) => script.statements)
    for (const statement of again) await connection.query(forMariaDb(statement).sql)
    await connection.end()
    await database.drop()
  })
