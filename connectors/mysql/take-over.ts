/** Tables of a structure file that are there already, of a system before Ponte: they are kept as they are, and completed. */
import type mysql from 'mysql2/promise'
import { PonteError } from '../../base/error.ts'
import { compareTables, type FoundColumn, isKept, type OwnTable, ownTable } from '../own-table.ts'

/** Rows of logs are found by nothing but their time. */
const LOG = /_log\b|^log_/
/** Tables of the prototype ERP: where they are there, they are the ERP's own. */
const PROTOTYPE = /^\d{4}_erp_/

/**
 * Completes what is there before the file's statements run, each of which leaves a table alone that is there.
 * @param file its name @param statements with the server's own names of collations
 * @param begun an earlier run was killed in it: some of the tables may be its own
 * @returns what to tell @throws PonteError `mysql.migration_partial_erp`; the server's error
 */
export async function takeOver(
  connection: mysql.Connection,
  file: string,
  statements: readonly string[],
  begun: boolean,
): Promise<string[]> {
  const tables = statements.flatMap((statement) => ownTable(statement) ?? [])
  const there: { readonly own: OwnTable; readonly found: FoundColumn[] }[] = []
  for (const own of tables) {
    const found = await columnsOf(connection, own.name)
    if (found.length > 0) there.push({ own, found })
  }
  if (PROTOTYPE.test(file) && there.length > 0 && !begun) checkErp(file, tables, there)
  const told: string[] = []
  for (const { own, found } of there) told.push(...(await complete(connection, own, found)))
  return told
}

async function complete(connection: mysql.Connection, own: OwnTable, found: readonly FoundColumn[]): Promise<string[]> {
  const { missing, withoutDefault, told } = compareTables(own, found, normal)
  for (const { name, definition } of missing) await connection.query(`alter table ${own.name} add column ${name} ${definition}`)
  for (const { name, fallback } of withoutDefault)
    await connection.query(`alter table ${own.name} alter column ${name} set default (${fallback})`)
  if (!LOG.test(own.name) && own.key.length > 0 && !(await hasKey(connection, own.name)))
    await connection.query(`alter table ${own.name} add primary key (${own.key.join(', ')})`)
  return [...(missing.length === 0 ? [] : [`${own.name} was there and got ${missing.map(({ name }) => name).join(', ')}`]), ...told]
}

/** @throws PonteError when the ERP has some of the tables only, or they lack a column that is not Ponte's to keep */
function checkErp(
  file: string,
  tables: readonly OwnTable[],
  there: readonly { readonly own: OwnTable; readonly found: readonly FoundColumn[] }[],
): void {
  const absent = tables
    .filter(({ name }) => !name.startsWith('ponte_') && !there.some(({ own }) => own.name === name))
    .map(({ name }) => name)
  const columns = there.flatMap(({ own, found }) =>
    compareTables(own, found, normal)
      .missing.filter((column) => !isKept(column))
      .map(({ name }) => `${own.name}.${name}`),
  )
  if (absent.length + columns.length === 0) return
  throw new PonteError('mysql.migration_partial_erp', `the ERP has tables of ${file}, but lacks ${[...absent, ...columns].join(', ')}`, {
    hint: 'nothing was changed: make these in the ERP, or views of these names over its own tables, then run ponte migrate again',
  })
}

async function columnsOf(connection: mysql.Connection, table: string): Promise<FoundColumn[]> {
  const [rows] = await connection.query<mysql.RowDataPacket[]>(
    `select column_name as name, column_type as type, is_nullable = 'NO' as mandatory,
            coalesce(column_default, 'NULL') <> 'NULL' or extra <> '' as has_default
       from information_schema.columns where table_schema = database() and table_name = ? order by ordinal_position`,
    [table],
  )
  return rows.map(({ name, type, mandatory, has_default }) => ({
    name,
    type: String(type),
    mandatory: Number(mandatory) === 1,
    hasDefault: Number(has_default) === 1,
  }))
}

/** MariaDB tells a width of whole numbers, which means nothing. */
const normal = (type: string): string =>
  type
    .toLowerCase()
    .replace(/^(big|small|tiny)?int\(\d+\)/, '$1int')
    .replace(/^integer$/, 'int')
    .replace(/^boolean$/, 'tinyint')
    .replaceAll(' ', '')

async function hasKey(connection: mysql.Connection, table: string): Promise<boolean> {
  const [rows] = await connection.query<mysql.RowDataPacket[]>(
    "select 1 from information_schema.table_constraints where table_schema = database() and table_name = ? and constraint_type = 'PRIMARY KEY'",
    [table],
  )
  return rows.length > 0
}
