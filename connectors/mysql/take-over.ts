/** Tables of a structure file that are there already, of a system before Ponte: they are kept as they are, and completed. */
import type mysql from 'mysql2/promise'
import { ownTable } from '../own-table.ts'
import { type Catalogue, checkErp, completeTable, tablesThere } from '../take-over.ts'

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
  const catalogue = catalogueOf(connection)
  const there = await tablesThere(catalogue, tables)
  if (!begun) checkErp('mysql', catalogue, file, tables, there)
  const told: string[] = []
  for (const own of tables) {
    const found = there.get(own.name)
    if (found !== undefined) told.push(...(await completeTable(catalogue, own, found)))
  }
  return told
}

const catalogueOf = (connection: mysql.Connection): Catalogue => ({
  async columnsOf(table) {
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
  },
  async hasKey(table) {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      "select 1 from information_schema.table_constraints where table_schema = database() and table_name = ? and constraint_type = 'PRIMARY KEY'",
      [table],
    )
    return rows.length > 0
  },
  run: (statement) => connection.query(statement),
  // MariaDB tells a width of whole numbers, which means nothing.
  normal: (type) =>
    type
      .toLowerCase()
      .replace(/^(big|small|tiny)?int\(\d+\)/, '$1int')
      .replace(/^integer$/, 'int')
      .replace(/^boolean$/, 'tinyint')
      .replaceAll(' ', ''),
  addColumn: ({ name, definition }) => `add column ${name} ${definition}`,
  setDefault: ({ name, fallback }) => `alter column ${name} set default (${fallback})`,
})
