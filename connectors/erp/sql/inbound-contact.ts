/** One person between mirror and ERP contact: what both hold, locked, and the write that hands on only what moved. */
import type { ContactSides, Erp, MirrorWrite } from '../erp.ts'
import { whole } from '../text-rows.ts'
import type { Link, SqlDialect } from './link.ts'
import { insertMirror, writeMirror } from './mirror.ts'

export const CONTACT_MIRROR = 'name, email_key(email) as email, phone, job_title, is_primary'

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
   order by o.way, o.client, o.code`

/** Of the client's contacts with the e-mail: not another lead's branch's, nor another mirrored person's (sql: PRC_UPDATE_LEAD_CONTACTS). */
const byEmail = ({ emailKey }: SqlDialect): string => `
  select min(c.code) as code from contact c
   where c.branch_client = ? and ${emailKey('c')} = email_key(?)
     and not exists (select 1 from contacts m where m.id = c.id_crm)
     and not exists (select 1 from branches b where b.client = c.branch_client and b.code = c.branch_code and b.id_crm <> ?)`

const contactSelect = ({ differs, emailKey }: SqlDialect): string => `
  select c.name, ${emailKey('c')} as email, c.phone, coalesce(nullif(c.job_title_desc, ''), t.title) as job_title,
         case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary,
         case when ${differs('c.id_crm', '?')} then 1 else 0 end as adopt
    from contact c left join contact_job_titles t on t.job_title_code = c.job_title_code
   where c.code = ?`

type Event = Parameters<Erp['applyContact']>[0]

export async function contactSides(dialect: SqlDialect, link: Link, event: Event): Promise<FoundContact> {
  const [person, lead] = [whole(event.personId), whole(event.leadId)]
  const [mirror = null] = await link.rows(`select ${CONTACT_MIRROR} from contacts where id = ? for update`, [person])
  const [owner] = await link.rows(dialect.first(OWNER, 1), [lead, event.taxId])
  const clientCode = owner?.CLIENT ?? null
  const code = await contactOf(dialect, link, person, whole(clientCode), event.email, lead)
  await link.rows('select code from contact where code = ? for update', [code])
  const [contact] = await link.rows(contactSelect(dialect), [person, code])
  const { ADOPT, ...held } = contact ?? {}
  const home = await link.rows('select id from contacts where id = ? and lead_id = ? and client_code = ?', [
    person,
    lead,
    whole(clientCode),
  ])
  const toAdopt = ADOPT === '1'
  return {
    sides: { mirror, contact: contact === undefined ? null : held, clientCode },
    toAdopt,
    inPlace: home.length === 1 && !toAdopt,
  }
}

/** The ERP contact that the person stands for: the one with its id, else by its e-mail. */
async function contactOf(
  dialect: SqlDialect,
  link: Link,
  person: bigint | null,
  client: bigint | null,
  email: string | null,
  lead: bigint | null,
): Promise<bigint | null> {
  const [known] = await link.rows('select min(code) as code from contact where id_crm = ?', [person])
  if (known?.CODE != null) return whole(known.CODE)
  const [found] = await link.rows(byEmail(dialect), [client, email, lead])
  return whole(found?.CODE ?? null)
}

/** A row of its own, triggers out, then its loud columns, so that the procedure sees what moved; a person whom the ERP lacks is inserted loud. */
export async function writeContact(
  dialect: SqlDialect,
  link: Link,
  { personId, leadId }: Event,
  { sides, toAdopt }: FoundContact,
  { quiet, loud }: MirrorWrite,
): Promise<void> {
  const [person, lead, client] = [whole(personId), whole(leadId), whole(sides.clientCode)]
  const isNew = sides.mirror === null
  const makesContact = isNew && sides.contact === null
  await dialect.mirrorOnly(link, !makesContact)
  if (isNew) {
    const own = { id: person, lead_id: lead, client_code: client }
    await insertMirror(link, 'contacts', own, makesContact ? { ...quiet, ...loud } : quiet)
    if (makesContact) return
  } else {
    const { differs } = dialect
    await link.changed(
      `update contacts set lead_id = ?, client_code = ? where id = ? and (${differs('lead_id', '?')} or ${differs('client_code', '?')})`,
      [lead, client, person, lead, client],
    )
    if (Object.keys(quiet).length > 0) await writeMirror(link, 'contacts', personId, quiet)
  }
  if (Object.keys(loud).length === 0 && !toAdopt) return
  await dialect.mirrorOnly(link, false)
  // Fired without columns as well: an ERP contact found by its e-mail adopts the person's id.
  await writeMirror(link, 'contacts', personId, loud)
}
