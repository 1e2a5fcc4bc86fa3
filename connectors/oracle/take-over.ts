/** What is there already when a script makes it: kept as it is, and completed. Of a system before Ponte, or of a run that was killed. */
import { PonteError } from '../../base/error.ts'
import { isOra } from '../erp/dialects/oracle/errors.ts'
import { compareTables, type FoundColumn, isKept, type OwnTable, ownTable } from '../own-table.ts'
import type { Session } from './session.ts'

/** Rows of logs are found by nothing but their time. */
const LOG = /_log\b|^log_/

/**
 * After `statement` failed: when it was because its object or row is there already, that is completed.
 * @returns what to tell; undefined: it failed for another reason
 */
export async function takeOver(session: Session, statement: string, cause: unknown): Promise<string[] | undefined> {
  if (isOra(cause, 1408, 2260, 2275) || (isOra(cause, 1) && /^insert\b/i.test(statement))) return []
  if (!isOra(cause, 955)) return undefined
  const own = ownTable(statement)
  return own === undefined ? [] : complete(session, own)
}

async function complete(session: Session, own: OwnTable): Promise<string[]> {
  const { missing, withoutDefault, told } = compareTables(own, await columnsOf(session, own.name), normal)
  for (const { name, definition } of missing) await session.run(`alter table ${own.name} add (${name} ${definition})`)
  for (const { name, fallback } of withoutDefault) await session.run(`alter table ${own.name} modify (${name} default ${fallback})`)
  if (!LOG.test(own.name) && own.key.length > 0 && !(await hasKey(session, own.name)))
    await session.run(`alter table ${own.name} add primary key (${own.key.join(', ')})`)
  const added = missing.map(({ name }) => name)
  const done = added.length === 0 ? [] : [`${own.name} was there and got ${added.join(', ')}`]
  return [...done, ...told]
}

/**
 * Tables of the prototype ERP that are the ERP's own get the key columns, which Ponte keeps; what else they lack is named.
 * @throws PonteError `oracle.migration_partial_erp`
 */
export async function completeErp(session: Session, statements: readonly string[]): Promise<string[]> {
  const tables = statements.flatMap((statement) => ownTable(statement) ?? [])
  const compared = []
  for (const own of tables) {
    const found = await columnsOf(session, own.name)
    // A synonym has no columns here.
    if (found.length > 0) compared.push({ own, ...compareTables(own, found, normal) })
  }
  const lacking = compared.flatMap(({ own, missing }) => missing.filter((one) => !isKept(one)).map(({ name }) => `${own.name}.${name}`))
  if (lacking.length > 0)
    throw new PonteError('oracle.migration_partial_erp', `the ERP's tables lack ${lacking.join(', ')}`, {
      hint: 'nothing was changed: give the ERP’s tables these columns, or make views of these names over them, then run ponte migrate again',
    })
  const told: string[] = []
  for (const { own, missing } of compared) {
    for (const { name, definition } of missing) await session.run(`alter table ${own.name} add (${name} ${definition})`)
    if (missing.length > 0) told.push(`${own.name} of the ERP got ${missing.map(({ name }) => name).join(', ')}`)
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

async function columnsOf(session: Session, table: string): Promise<FoundColumn[]> {
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
}

function typeOf(row: Readonly<Record<string, string | null>>): string {
  const type = row.DATA_TYPE!.toLowerCase()
  if (/char/.test(type)) return `${type}(${row.CHAR_LENGTH} ${row.CHAR_USED === 'B' ? 'byte' : 'char'})`
  if (type !== 'number' || row.DATA_PRECISION === null) return type
  return Number(row.DATA_SCALE) === 0 ? `number(${row.DATA_PRECISION})` : `number(${row.DATA_PRECISION}, ${row.DATA_SCALE})`
}

const normal = (type: string): string => type.replaceAll(' ', '')

async function hasKey(session: Session, table: string): Promise<boolean> {
  const rows = await session.rows(
    `select constraint_name from user_constraints where table_name = '${table.toUpperCase()}' and constraint_type = 'P'`,
  )
  return rows.length > 0
}
