/** Writes to the mirror tables. Values that the CRM took from the ERP are written with the triggers told to stay out. */
import { PonteError } from '../../../base/error.ts'
import type { Row } from '../../../engine/model.ts'
import { type ColumnKind, mirrorColumns } from '../../../records/kind.ts'
import { type KindName, kindNames, kinds } from '../../../records/kinds.ts'
import type { Erp, LogEntry } from '../erp.ts'
import { whole } from '../text-rows.ts'
import { cut, type Link, type SqlDialect, type Transact, type Value } from './link.ts'

export const LEAD_COLUMNS = mirrorColumns(kinds.leads)
export const CONTACT_COLUMNS = mirrorColumns(kinds.contacts)

const COLUMNS = Object.fromEntries(kindNames.map((name) => [name, mirrorColumns(kinds[name])])) as Readonly<
  Record<KindName, typeof LEAD_COLUMNS>
>

/** What a text is cast to, so that it is compared as what it is. */
export const asKind = (kind: ColumnKind, text: string): string =>
  kind === 'text' ? text : `cast(${text} as ${kind === 'whole' ? 'decimal(19)' : 'decimal(20, 6)'})`

type MirrorWrites = Pick<Erp, 'storeLeadId' | 'storeContactId' | 'writeMirror'>

export function mirrorWrites(dialect: SqlDialect, transact: Transact): MirrorWrites {
  return {
    storeLeadId: (taxId, crmId) =>
      transact(`lead ${crmId}`, async (link) => {
        await link.call('prc_store_crm_client_id', [taxId, whole(crmId)])
        return count(link, 'from branches where taxid_key = taxid_key(?) and id_crm = ?', [taxId, whole(crmId)])
      }),
    storeContactId: (contact) => transact(`contact ${contact.crmId}`, (link) => storeContact(dialect, link, contact)),
    // Whose lead a record is follows from the client code: it is no column of the mirror.
    writeMirror: (kind, { LEAD_ID: _, ...row }, entry) =>
      transact(`${kinds[kind].label} ${row.ID}`, async (link) => {
        const changed = await updateMirror(dialect, link, kind, row)
        if (changed > 0 && entry !== undefined) await addLogEntry(link, entry)
        return changed
      }),
  }
}

export async function addLogEntry(link: Link, { job, leadId, leadName, field, value }: LogEntry): Promise<void> {
  await link.changed('insert into log_execution_crm (job, lead_id, lead_name, field, value) values (?, ?, ?, ?, ?)', [
    ...[job, leadId, cut(leadName, 200), field, cut(value, 4_000)],
  ])
}

/** Sets the given columns of the row with this ID where they differ, triggers out. @throws PonteError `erp.unknown_column` | `erp.no_id` */
async function updateMirror(dialect: SqlDialect, link: Link, table: KindName, { ID: id, ...values }: Row): Promise<number> {
  if (id === null || id === undefined) {
    throw new PonteError('erp.no_id', `a row for ${table} carries no ID`, { hint: 'this is a fault of the caller, report it' })
  }
  const columns = checked(table, values)
  if (columns.length === 0) return 0
  await dialect.mirrorOnly(link, true)
  const differs = columns.map(({ column, kind }) => dialect.differs(column, kind === 'decimal' ? asKind(kind, '?') : '?'))
  const given = columns.map(({ value }) => value)
  return link.changed(`${setStatement(table, columns)} and (${differs.join(' or ')})`, [...given, whole(id), ...given])
}

/** Sets the given columns whether they differ or not, so that the trigger fires unless it was told to stay out; without columns it only fires. */
export async function writeMirror(link: Link, table: KindName, id: string, values: Row): Promise<void> {
  const columns = checked(table, values)
  if (columns.length === 0) await link.changed(`update ${table} set id = id where id = ?`, [whole(id)])
  else await link.changed(setStatement(table, columns), [...columns.map(({ value }) => value), whole(id)])
}

/** Inserts a row with these columns of its own beside the given ones, of which those that are no column of the table are left out. */
export async function insertMirror(link: Link, table: KindName, own: Readonly<Record<string, bigint | null>>, given: Row): Promise<void> {
  const known = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(COLUMNS[table], name)))
  const columns = checked(table, known)
  const names = [...Object.keys(own), ...columns.map(({ column }) => column)]
  await link.changed(`insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`, [
    ...Object.values(own),
    ...columns.map(({ value }) => value),
  ])
}

interface Assigned {
  readonly column: string
  readonly kind: ColumnKind
  readonly value: Value
}

/** @throws PonteError `erp.unknown_column`; `erp.value_refused` for a whole number that is none */
export function checked(table: KindName, values: Row): Assigned[] {
  return Object.entries(values).map(([name, value]) => {
    const kind = Object.hasOwn(COLUMNS[table], name) ? COLUMNS[table][name] : undefined
    if (kind === undefined) {
      throw new PonteError('erp.unknown_column', `${table} has no column ${name} that may be written`, {
        hint: 'this is a fault of the caller, report it',
      })
    }
    return { column: name.toLowerCase(), kind, value: kind === 'whole' ? whole(value || null) : value || null }
  })
}

const setStatement = (table: string, columns: readonly Assigned[]): string =>
  `update ${table} set ${columns.map(({ column }) => `${column} = ?`).join(', ')} where id = ?`

const count = async (link: Link, from: string, values: readonly Value[]): Promise<number> =>
  Number((await link.rows(`select count(*) as n ${from}`, values))[0]!.N)

/** PRC_STORE_CRM_CONTACT_ID for the lead's branch, and the person into CONTACTS when its lead is mirrored. Returns ERP contacts with the id. */
async function storeContact(dialect: SqlDialect, link: Link, contact: Parameters<Erp['storeContactId']>[0]): Promise<number> {
  const [lead, person] = [whole(contact.leadId), whole(contact.crmId)]
  await link.call(dialect.storeContactId, [contact.email, person, lead])
  await dialect.mirrorOnly(link, true)
  const [mirrored] = await link.rows(
    `select coalesce(l.client_code, (select min(b.client) from branches b where b.id_crm = l.id)) as client_code
       from leads l where l.id = ?`,
    [lead],
  )
  if (mirrored !== undefined) {
    const values = {
      NAME: cut(contact.name, 60),
      EMAIL: contact.email.trim().toLowerCase(),
      PHONE: contact.phone,
      JOB_TITLE: contact.jobTitle === null ? null : cut(contact.jobTitle, 30),
      IS_PRIMARY: contact.isPrimary ? 'S' : 'N',
    }
    const own = { client_code: whole(mirrored.CLIENT_CODE ?? null), lead_id: lead }
    const columns = checked('contacts', values)
    const names = [...columns.map(({ column }) => column), ...Object.keys(own)]
    const updated = await link.changed(`update contacts set ${names.map((name) => `${name} = ?`).join(', ')} where id = ?`, [
      ...columns.map(({ value }) => value),
      ...Object.values(own),
      person,
    ])
    if (updated === 0) await insertMirror(link, 'contacts', { id: person, ...own }, values)
  }
  return count(
    link,
    `from contact c join branches b on b.client = c.branch_client and b.code = c.branch_code
      where c.id_crm = ? and b.id_crm = ?`,
    [person, lead],
  )
}
