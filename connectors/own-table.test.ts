/** The tables of our scripts, read and held against others. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { statementsOf } from './mysql/migrate.ts'
import { splitStatements } from './oracle/statements.ts'
import { compareTables, type FoundColumn, ownTable } from './own-table.ts'

const read = (name: string) => readFileSync(new URL(`../sql/${name}`, import.meta.url), 'utf8')
const tables = [
  ...[
    'postgres/0001_erp_clients',
    'postgres/0003_integration',
    'postgres/0005_full_sync',
    'postgres/0002_erp_sales',
    'oracle/erp_clients',
    'oracle/erp_sales',
    'oracle/table_leads',
    'oracle/table_error_log',
  ].flatMap((name) => splitStatements(read(`${name}.sql`)).map((statement) => ({ name, statement }))),
  ...['mysql/0001_erp_clients', 'mysql/0002_erp_sales', 'mysql/0003_integration'].flatMap((name) =>
    statementsOf(read(`${name}.sql`)).map((statement) => ({ name, statement })),
  ),
].flatMap(({ name, statement }) => ownTable(statement) ?? (/create\b.*\btable\b/i.test(statement) ? [{ name, columns: [], key: [] }] : []))

test('every table of a script is read, each with columns that have a type', () => {
  expect(tables.length).toBeGreaterThan(40)
  for (const { name, columns } of tables) {
    expect(columns, name).not.toEqual([])
    for (const column of columns) expect(`${name}.${column.name} ${column.type}`).toMatch(/^\w+\.\w+ \w+(?: ?\([^)]+\))?$/)
  }
  const leads = tables.filter(({ name }) => name === 'leads')
  expect(leads.map(({ columns, key }) => [columns.length, key])).toEqual([
    [21, ['id']],
    [21, ['id']],
    [21, ['id']],
  ])
})

describe('a table that is there', () => {
  const own = ownTable(
    'create table t (\n  id bigint primary key,\n  name varchar(60) not null,\n  at timestamp(6) default localtimestamp(6) not null\n)',
  )!
  const column = (name: string, type: string, mandatory = false, hasDefault = false): FoundColumn => ({ name, type, mandatory, hasDefault })

  test('is told what it lacks, and a column is added so that rows without it stay', () => {
    const { missing, told } = compareTables(own, [column('ID', 'bigint', true)], (type) => type)
    expect(missing.map(({ name, definition }) => [name, definition])).toEqual([
      ['name', 'varchar(60)'],
      ['at', 'timestamp(6) default localtimestamp(6) not null'],
    ])
    expect(told).toEqual([])
  })

  test('keeps other types, which are told, and so is a column that would refuse our rows', () => {
    const found = [column('id', 'bigint', true), column('name', 'number(14)'), column('at', 'timestamp(6)'), column('owner', 'text', true)]
    const { missing, withoutDefault, told } = compareTables(own, found, (type) => type)
    expect([missing, withoutDefault.map(({ name, fallback }) => [name, fallback])]).toEqual([[], [['at', 'localtimestamp(6)']]])
    expect(told).toEqual([
      't.name is number(14) and stays so; ours is varchar(60)',
      't.owner may not be null and has no default: give it one, or Ponte cannot insert',
    ])
  })
})
