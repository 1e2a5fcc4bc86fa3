/** A structure file whose tables are there already, of a system before Ponte: they are kept as they are, and completed. */
import type pg from 'pg'
import { PonteError } from '../../base/error.ts'
import { splitStatements } from '../oracle/statements.ts'
import { compareTables, type FoundColumn, isKept, type OwnTable, ownTable } from '../own-table.ts'
import type { MigrationFile } from './migration-files.ts'

/** Rows of logs are found by nothing but their time. */
const LOG = /_log\b|^log_/
/** Tables of the prototype ERP: where they are there, they are the ERP's own. */
const PROTOTYPE = /^\d{4}_erp_/
const ABOUT = /^(?:comment on (?:table|column)|alter table|create index \w+ on|insert into) (\w+)/i

/**
 * Runs the file statement by statement, around what is there.
 * @returns what to tell
 * @throws PonteError `pg.migration_partial_erp`; the server's error
 */
export async function takeOver(client: pg.PoolClient, file: MigrationFile): Promise<string[]> {
  const statements = splitStatements(file.sql)
  const tables = statements.flatMap((statement) => ownTable(statement) ?? [])
  const there = new Map<string, FoundColumn[]>()
  for (const { name } of tables) {
    const columns = await columnsOf(client, name)
    if (columns.length > 0) there.set(name, columns)
  }
  if (PROTOTYPE.test(file.name) && there.size > 0) checkErp(file, tables, there)
  const told: string[] = []
  for (const statement of statements) {
    const own = ownTable(statement)
    const found = own && there.get(own.name)
    if (found !== undefined) told.push(...(await complete(client, own!, found)))
    else if (!(keepsQuiet(file, statement) && there.has(ABOUT.exec(statement)?.[1] ?? ''))) await client.query(besideOthers(statement))
  }
  return told
}

/** Of a table that was there: its comments stay, and an ERP's own gets neither indexes nor rows but for the key columns. */
const keepsQuiet = ({ name }: MigrationFile, statement: string): boolean =>
  /^comment on/i.test(statement) || (PROTOTYPE.test(name) && !/^create index .*_key\b/i.test(statement))

/** The statement as it may meet what is there. */
function besideOthers(statement: string): string {
  if (/^insert into/i.test(statement) && !/on conflict/i.test(statement)) return `${statement} on conflict do nothing`
  return statement
    .replace(/^create (index|sequence) /i, 'create $1 if not exists ')
    .replace(/^(alter table \w+ add column) (?!if not)/i, '$1 if not exists ')
}

async function complete(client: pg.PoolClient, own: OwnTable, found: readonly FoundColumn[]): Promise<string[]> {
  const { missing, withoutDefault, told } = compareTables(own, found, normal)
  for (const { name, definition } of missing) await client.query(`alter table ${own.name} add column ${name} ${definition}`)
  for (const { name, fallback } of withoutDefault)
    await client.query(`alter table ${own.name} alter column ${name} set default ${fallback}`)
  if (!LOG.test(own.name) && own.key.length > 0 && !(await hasKey(client, own.name)))
    await client.query(`alter table ${own.name} add primary key (${own.key.join(', ')})`)
  return [...(missing.length === 0 ? [] : [`${own.name} was there and got ${missing.map(({ name }) => name).join(', ')}`]), ...told]
}

/** @throws PonteError when the ERP has some of the tables only, or they lack a column that is not Ponte's to keep */
function checkErp(file: MigrationFile, tables: readonly OwnTable[], there: ReadonlyMap<string, readonly FoundColumn[]>): void {
  const lacking = tables.flatMap((own) => {
    const found = there.get(own.name)
    if (found === undefined) return [own.name]
    return compareTables(own, found, normal)
      .missing.filter((column) => !isKept(column))
      .map(({ name }) => `${own.name}.${name}`)
  })
  if (lacking.length === 0) return
  throw new PonteError('pg.migration_partial_erp', `the ERP has tables of ${file.name}, but lacks ${lacking.join(', ')}`, {
    hint: 'nothing was changed: make these in the ERP, or views of these names over its own tables, then run ponte migrate again',
  })
}

async function columnsOf(client: pg.PoolClient, table: string): Promise<FoundColumn[]> {
  const { rows } = await client.query<FoundColumn>(
    `select attname as name, format_type(atttypid, atttypmod) as type, attnotnull as mandatory, atthasdef or attidentity <> '' as "hasDefault"
       from pg_attribute where attrelid = to_regclass(quote_ident($1)) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows
}

/** The catalogue's long names as our scripts write them. */
const normal = (type: string): string =>
  type
    .replace('character varying', 'varchar')
    .replace(/^timestamp(\(\d\))? without time zone$/, 'timestamp$1')
    .replaceAll(' ', '')

async function hasKey(client: pg.PoolClient, table: string): Promise<boolean> {
  const { rowCount } = await client.query("select from pg_constraint where conrelid = to_regclass(quote_ident($1)) and contype = 'p'", [
    table,
  ])
  return (rowCount ?? 0) > 0
}
