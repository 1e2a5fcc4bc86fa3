/** Tables of ours that are there already, of a system before Ponte or of a run that was killed: kept as they are, and completed. */
import { PonteError } from '../base/error.ts'
import { compareTables, type FoundColumn, isKept, type OwnColumn, type OwnTable } from './own-table.ts'

/** How a dialect looks at its tables and changes them. */
export interface Catalogue {
  /** None: there is no such table. */
  columnsOf(table: string): Promise<FoundColumn[]>
  hasKey(table: string): Promise<boolean>
  run(statement: string): Promise<unknown>
  /** Brings a type of ours and one of the database's catalogue to one spelling. */
  normal(type: string): string
  /** What stands behind `alter table <name>`. */
  addColumn(column: OwnColumn): string
  setDefault(column: OwnColumn): string
}

/** Rows of logs are found by nothing but their time. */
const LOG = /_log\b|^log_/

/** Adds what the table lacks: columns, defaults, its key. @returns what to tell @throws the server's error */
export async function completeTable(catalogue: Catalogue, own: OwnTable, found: readonly FoundColumn[]): Promise<string[]> {
  const { missing, withoutDefault, told } = compareTables(own, found, catalogue.normal)
  const alter = (change: string) => catalogue.run(`alter table ${own.name} ${change}`)
  for (const column of missing) await alter(catalogue.addColumn(column))
  for (const column of withoutDefault) await alter(catalogue.setDefault(column))
  if (!LOG.test(own.name) && own.key.length > 0 && !(await catalogue.hasKey(own.name)))
    await alter(`add primary key (${own.key.join(', ')})`)
  return [...(missing.length === 0 ? [] : [`${own.name} was there and got ${missing.map(({ name }) => name).join(', ')}`]), ...told]
}

/** Columns that a table lacks and that are the ERP's to make, as `table.column`. */
export const lackingColumns = ({ normal }: Catalogue, own: OwnTable, found: readonly FoundColumn[]): string[] =>
  compareTables(own, found, normal)
    .missing.filter((column) => !isKept(column))
    .map(({ name }) => `${own.name}.${name}`)

/**
 * Of the tables that a file of the prototype ERP makes, the ERP has none, or all with every column but those that Ponte keeps.
 * @param there the tables that are there @throws PonteError `<dialect>.migration_partial_erp`
 */
export function checkErp(
  dialect: 'pg' | 'mysql',
  catalogue: Catalogue,
  file: string,
  tables: readonly OwnTable[],
  there: ReadonlyMap<string, readonly FoundColumn[]>,
): void {
  if (!isPrototype(file) || there.size === 0) return
  const absent = tables.map(({ name }) => name).filter((name) => !name.startsWith('ponte_') && !there.has(name))
  const columns = tables.flatMap((own) => (there.has(own.name) ? lackingColumns(catalogue, own, there.get(own.name)!) : []))
  if (absent.length + columns.length === 0) return
  throw new PonteError(
    `${dialect}.migration_partial_erp`,
    `the ERP has tables of ${file}, but lacks ${[...absent, ...columns].join(', ')}`,
    {
      hint: 'nothing was changed: make these in the ERP, or views of these names over its own tables, then run ponte migrate again',
    },
  )
}

/** Tables of the prototype ERP: where they are there, they are the ERP's own. */
export const isPrototype = (file: string): boolean => /^\d{4}_erp_/.test(file)

/** The tables of these that are there, with their columns. */
export async function tablesThere({ columnsOf }: Catalogue, tables: readonly OwnTable[]): Promise<Map<string, FoundColumn[]>> {
  const there = new Map<string, FoundColumn[]>()
  for (const { name } of tables) {
    const columns = await columnsOf(name)
    if (columns.length > 0) there.set(name, columns)
  }
  return there
}
