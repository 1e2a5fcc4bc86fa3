/** One person between mirror and ERP contact: what both hold, locked, and the write that hands on only what moved. */
import type mysql from 'mysql2/promise'
import type { ContactSides, Erp, MirrorWrite } from './erp.ts'
import { CONTACT_COLUMNS, checked, mirrorOnly, writeMirror } from './mysql-mirror.ts'
import { changed, rowsOf } from './mysql-rows.ts'
import { upperKeys, whole } from './text-rows.ts'

export const CONTACT_MIRROR = 'name, email_key as email, phone, job_title, is_primary'

export interface FoundContact {
  readonly sides: ContactSides
  /** Found by its e-mail: it does not carry the person's id yet. */
  readonly toAdopt: boolean
  /** Nothing but values could be written: mirrored under this lead and client, and the ERP contact, if any, has the id. */
  readonly inPlace: boolean
}

const OWNER = `
  select o.client from (
    select client, code, 0 as way from branches where id_crm = ?
    union all
    select client, code, 1 from branches where taxid_key = taxid_key(?)) o
   order by o.way, o.client, o.code limit 1`

const CONTACT = `
  select c.name, c.email_key as email, c.phone, coalesce(nullif(c.job_title_desc, ''), t.title) as job_title,
         case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary, not (c.id_crm <=> ?) as adopt
    from contact c left join contact_job_titles t on t.job_title_code = c.job_title_code
   where c.code = ?`

export async function contactSides(connection: mysql.Connection, event: Parameters<Erp['applyContact']>[0]): Promise<FoundContact> {
  const { taxId, email } = event
  const [person, lead] = [whole(event.personId), whole(event.leadId)]
  const [mirror] = await rowsOf(connection, `select ${CONTACT_MIRROR} from contacts where id = ? for update`, [person])
  const [owner] = await rowsOf<{ client: string }>(connection, OWNER, [lead, taxId])
  const clientCode = owner?.client ?? null
  const [meant] = await rowsOf<{ code: string | null }>(connection, 'select contact_of_person(?, ?, ?, ?) as code', [
    person,
    whole(clientCode),
    email,
    lead,
  ])
  const code = whole(meant!.code)
  await rowsOf(connection, 'select code from contact where code = ? for update', [code])
  const [contact] = await rowsOf(connection, CONTACT, [person, code])
  const { adopt = 0, ...held } = contact ?? {}
  const home = await rowsOf(connection, 'select 1 from contacts where id = ? and lead_id = ? and client_code = ?', [
    person,
    lead,
    whole(clientCode),
  ])
  const toAdopt = Number(adopt) === 1
  return {
    sides: {
      mirror: mirror === undefined ? null : upperKeys(mirror),
      contact: contact === undefined ? null : upperKeys(held),
      clientCode,
    },
    toAdopt,
    inPlace: home.length === 1 && !toAdopt,
  }
}

/** A row of its own, triggers out, then its loud columns, so that the procedure sees what moved; a person whom the ERP lacks is inserted loud. */
export async function writeContact(
  connection: mysql.Connection,
  { personId, leadId }: Parameters<Erp['applyContact']>[0],
  { sides, toAdopt }: FoundContact,
  { quiet, loud }: MirrorWrite,
): Promise<void> {
  const [person, lead, client] = [whole(personId), whole(leadId), whole(sides.clientCode)]
  const isNew = sides.mirror === null
  const makesContact = isNew && sides.contact === null
  await mirrorOnly(connection, !makesContact)
  const given = makesContact ? { ...quiet, ...loud } : quiet
  if (isNew) {
    const known = Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(CONTACT_COLUMNS, name)))
    const columns = checked('contacts', CONTACT_COLUMNS, known)
    await changed(
      connection,
      `insert into contacts (${['id', 'lead_id', 'client_code', ...columns.map(({ column }) => column)].join(', ')})
       values (${['?', '?', '?', ...columns.map(() => '?')].join(', ')})`,
      [person, lead, client, ...columns.map(({ value }) => value)],
    )
    if (makesContact) return
  } else {
    await changed(
      connection,
      'update contacts set lead_id = ?, client_code = ? where id = ? and not (lead_id <=> ? and client_code <=> ?)',
      [lead, client, person, lead, client],
    )
    if (Object.keys(quiet).length > 0) await writeMirror(connection, 'contacts', CONTACT_COLUMNS, personId, quiet)
  }
  if (Object.keys(loud).length === 0 && !toAdopt) return
  await mirrorOnly(connection, false)
  // Fired without columns as well: an ERP contact found by its e-mail adopts the person's id (D-44).
  await writeMirror(connection, 'contacts', CONTACT_COLUMNS, personId, loud)
}
