/** What is there already when a script makes it: kept as it is, and completed. Of a system before Ponte, or of a run that was killed. */
import { PonteError } from '../../base/error.ts'
import { isOra } from '../erp/dialects/oracle/errors.ts'
import { compareTables, ownTable } from '../own-table.ts'
import { type Catalogue, completeTable, lackingColumns, tablesThere } from '../take-over.ts'
import type { Session } from './session.ts'

/**
 * After `statement` failed: when it was because its object or row is there already, that is completed.
 * @returns what to tell; undefined: it failed for another reason
 */
export async function takeOver(session: Session, statement: string, cause: unknown): Promise<string[] | undefined> {
  if (isOra(cause, 1408, 2260, 2275) || (isOra(cause, 1) && /^insert\b/i.test(statement))) return []
  if (!isOra(cause, 955)) return undefined
  const own = ownTable(statement)
  if (own === undefined) return []
  const catalogue = catalogueOf(session)
  return completeTable(catalogue, own, await catalogue.columnsOf(own.name))
}

/**
 * Tables of the prototype ERP that are the ERP's own get the key columns, which Ponte keeps; what else they lack is named.
 * @throws PonteError `oracle.migration_partial_erp`
 */
export async function completeErp(session: Session, statements: readonly string[]): Promise<string[]> {
  const catalogue = catalogueOf(session)
  // A synonym has no columns here.
  const tables = statements.flatMap((statement) => ownTable(statement) ?? [])
  const there = await tablesThere(catalogue, tables)
  const own = tables.filter(({ name }) => there.has(name))
  const lacking = own.flatMap((table) => lackingColumns(catalogue, table, there.get(table.name)!))
  if (lacking.length > 0)
    throw new PonteError('oracle.migration_partial_erp', `the ERP's tables lack ${lacking.join(', ')}`, {
      hint: 'nothing was changed: give the ERP’s tables these columns, or make views of these names over them, then run ponte migrate again',
    })
  const told: string[] = []
  for (const table of own) {
    const { missing } = compareTables(table, there.get(table.name)!, catalogue.normal)
    for (const column of missing) await session.run(`alter table ${table.name} ${catalogue.addColumn(column)}`)
    if (missing.length > 0) told.push(`${table.name} of the ERP got ${missing.map(({ name }) => name).join(', ')}`)
  }
  return told
}

/** Keys of rows from before, which no trigger has seen; the ids of persons, as the triggers of CONTACTS keep them. One transaction. */
export async function fillKeys(session: Session): Promise<void> {
  await session.run("begin ponte_session.mirror_only('on'); end;")
  for (const [table, source, key] of KEYS) {
    await session.run(`update ${table} set ${source} = ${source} where ${key} is null and ${source} is not null`)
  }
  await session.run(
    'insert into mirrored_persons (id) select c.id from contacts c where not exists (select 1 from mirrored_persons m where m.id = c.id)',
  )
  await session.commit()
}

/** The key triggers of triggers.sql: table, what they read, what they keep. */
const KEYS = [
  ['states', 'name', 'name_key'],
  ['cities', 'city_name', 'name_key'],
  ['industries', 'description', 'description_key'],
  ['branches', 'taxid', 'taxid_key'],
  ['contact', 'email', 'email_key'],
  ['leads', 'taxid', 'taxid_key'],
] as const

const catalogueOf = (session: Session): Catalogue => ({
  async columnsOf(table) {
    const rows = await session.rows(
      `select column_name, data_type, char_length, char_used, data_precision, data_scale, nullable, default_length
         from user_tab_columns where table_name = '${table.toUpperCase()}' order by column_id`,
    )
    return rows.map((row) => ({
      name: row.COLUMN_NAME!.toLowerCase(),
      type: typeOf(row),
      mandatory: row.NULLABLE === 'N',
      hasDefault: row.DEFAULT_LENGTH !== null,
    }))
  },
  async hasKey(table) {
    const key = `select constraint_name from user_constraints where table_name = '${table.toUpperCase()}' and constraint_type = 'P'`
    return (await session.rows(key)).length > 0
  },
  run: (statement) => session.run(statement),
  normal: (type) => type.replaceAll(' ', ''),
  addColumn: ({ name, definition }) => `add (${name} ${definition})`,
  setDefault: ({ name, fallback }) => `modify (${name} default ${fallback})`,
})

function typeOf(row: Readonly<Record<string, string | null>>): string {
  const type = row.DATA_TYPE!.toLowerCase()
  if (/char/.test(type)) return `${type}(${row.CHAR_LENGTH} ${row.CHAR_USED === 'B' ? 'byte' : 'char'})`
  if (type !== 'number' || row.DATA_PRECISION === null) return type
  return Number(row.DATA_SCALE) === 0 ? `number(${row.DATA_PRECISION})` : `number(${row.DATA_PRECISION}, ${row.DATA_SCALE})`
}
