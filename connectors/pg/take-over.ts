/** A structure file whose tables are there already, of a system before Ponte: they are kept as they are, and completed. */
import type pg from 'pg'
import { splitStatements } from '../oracle/statements.ts'
import { type FoundColumn, ownTable } from '../own-table.ts'
import { type Catalogue, checkErp, completeTable, isPrototype, tablesThere } from '../take-over.ts'
import type { MigrationFile } from './migration-files.ts'

const ABOUT = /^(?:comment on (?:table|column)|alter table|create index \w+ on|insert into) (\w+)/i

/**
 * Runs the file statement by statement, around what is there.
 * @returns what to tell
 * @throws PonteError `pg.migration_partial_erp`; the server's error
 */
export async function takeOver(client: pg.PoolClient, file: MigrationFile): Promise<string[]> {
  const statements = splitStatements(file.sql)
  const tables = statements.flatMap((statement) => ownTable(statement) ?? [])
  const catalogue = catalogueOf(client)
  const there = await tablesThere(catalogue, tables)
  checkErp('pg', catalogue, file.name, tables, there)
  const told: string[] = []
  for (const statement of statements) {
    const own = ownTable(statement)
    const found = own && there.get(own.name)
    if (found !== undefined) told.push(...(await completeTable(catalogue, own!, found)))
    else if (!(keepsQuiet(file, statement) && there.has(ABOUT.exec(statement)?.[1] ?? ''))) await client.query(besideOthers(statement))
  }
  return told
}

/** Of a table that was there: its comments stay, and an ERP's own gets neither indexes nor rows but for the key columns. */
const keepsQuiet = ({ name }: MigrationFile, statement: string): boolean =>
  /^comment on/i.test(statement) || (isPrototype(name) && !/^create index .*_key\b/i.test(statement))

/** The statement as it may meet what is there. */
function besideOthers(statement: string): string {
  if (/^insert into/i.test(statement) && !/on conflict/i.test(statement)) return `${statement} on conflict do nothing`
  return statement
    .replace(/^create (index|sequence) /i, 'create $1 if not exists ')
    .replace(/^(alter table \w+ add column) (?!if not)/i, '$1 if not exists ')
}

const catalogueOf = (client: pg.PoolClient): Catalogue => ({
  async columnsOf(table) {
    const { rows } = await client.query<FoundColumn>(
      `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as mandatory, atthasdef or attidentity <> '' as "hasDefault"
         from pg_attribute where attrelid = to_regclass(quote_ident($1)) and attnum > 0 and not attisdropped order by attnum`,
      [table],
    )
    return rows
  },
  async hasKey(table) {
    const key = "select from pg_constraint where conrelid = to_regclass(quote_ident($1)) and contype = 'p'"
    return ((await client.query(key, [table])).rowCount ?? 0) > 0
  },
  run: (statement) => client.query(statement),
  // The catalogue's long names as our scripts write them.
  normal: (type) =>
    type
      .replace('character varying', 'varchar')
      .replace(/^timestamp(\(\d\))? without time zone$/, 'timestamp$1')
      .replaceAll(' ', ''),
  addColumn: ({ name, definition }) => `add column ${name} ${definition}`,
  setDefault: ({ name, fallback }) => `alter column ${name} set default ${fallback}`,
})
