import { expect, test } from 'vitest'
import { oracleScripts } from './scripts.ts'
import { splitStatements } from './statements.ts'

test('a plain statement ends at ; and loses it, a block ends at / and keeps its ;', () => {
  const script = [
    '-- about t',
    'create table t (',
    '  a number(1), -- it;s',
    '  b number(1)',
    ');',
    "comment on table t is 'a; b''s;",
    " c';",
    'create or replace procedure p is',
    'begin',
    '  null;',
    'end;',
    '/',
    '',
    'begin',
    '  p;',
    'end;',
    '/',
    'select 4 / 2 from dual;',
  ]
  for (const lineEnd of ['\n', '\r\n'])
    expect(splitStatements(script.join(lineEnd))).toEqual([
      'create table t (\n  a number(1), -- it;s\n  b number(1)\n)',
      "comment on table t is 'a; b''s;\n c'",
      'create or replace procedure p is\nbegin\n  null;\nend;',
      'begin\n  p;\nend;',
      'select 4 / 2 from dual',
    ])
})

test('nothing gives nothing, and a last statement without its end is still one', () => {
  expect(splitStatements('\n-- only words\n')).toEqual([])
  expect(splitStatements('select 1 from dual')).toEqual(['select 1 from dual'])
})

test('install.sql is the list: structure once, then what may be made anew', async () => {
  const scripts = await oracleScripts()
  const names = scripts.map(({ name }) => name)
  for (const name of ['sequences', 'table_leads', 'table_contatos', 'table_error_log', 'procedures', 'triggers', 'views'])
    expect(names).toContain(`${name}.sql`)
  for (const { repeatable, statements } of scripts) {
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) {
      expect(statement).not.toMatch(/^\/$/m)
      if (repeatable) expect(statement).toMatch(/^(create or replace|comment on|delete from ponte_settings)\b/)
    }
  }
  expect(scripts.findIndex(({ repeatable }) => repeatable)).toBe(scripts.filter(({ repeatable }) => !repeatable).length)
})
