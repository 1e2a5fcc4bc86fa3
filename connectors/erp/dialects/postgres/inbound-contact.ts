/** One person between mirror and ERP contact: what both hold, locked, and the write that hands on only what moved. */
import type pg from 'pg'
import type { ContactSides, Erp, MirrorWrite } from '../../erp.ts'
import { upperKeys } from './extract.ts'
import { CONTACT_COLUMNS, mirrorOnly, writeMirror } from './mirror.ts'

export const CONTACT_MIRROR = 'name::text, email_key(email) as email, phone::text, job_title::text, is_primary::text'

export interface FoundContact {
  readonly sides: ContactSides
  /** Found by its e-mail: it does not carry the person's id yet. */
  readonly toAdopt: boolean
  /** Nothing but values could be written: mirrored under this lead and client, and the ERP contact, if any, has the id. */
  readonly inPlace: boolean
}

export async function contactSides(client: pg.PoolClient, event: Parameters<Erp['applyContact']>[0]): Promise<FoundContact> {
  const { personId, leadId, taxId, email } = event
  const { rows: mirror } = await client.query(`select ${CONTACT_MIRROR} from contacts where id = $1 for update`, [personId])
  const { rows: owners } = await client.query<{ client_code: string }>(
    `select client::text as client_code from branches where id_crm = $1 or taxid_key = taxid_key($2) order by (id_crm is distinct from $1), client, code limit 1`,
    [leadId, taxId],
  )
  const clientCode = owners[0]?.client_code ?? null
  const { rows: contact } = await client.query(
    `select c.name::text, email_key(c.email) as email, c.phone::text, coalesce(nullif(c.job_title_desc, ''), t.title)::text as job_title,
            case when c.is_primary in ('S', 'Y') then 'S' else 'N' end as is_primary, c.id_crm is distinct from $1 as adopt
       from contact c left join contact_job_titles t on t.job_title_code = c.job_title_code
      where c.code in (select contacts_of_person($1, $2, $3, $4))
      order by c.code limit 1 for update of c`,
    [personId, clientCode, email, leadId],
  )
  const { adopt = false, ...held } = contact[0] ?? {}
  const { rowCount: home } = await client.query('select from contacts where id = $1 and lead_id = $2 and client_code = $3', [
    personId,
    leadId,
    clientCode,
  ])
  return {
    sides: {
      mirror: mirror[0] === undefined ? null : upperKeys(mirror[0]),
      contact: contact[0] === undefined ? null : upperKeys(held),
      clientCode,
    },
    toAdopt: adopt,
    inPlace: home === 1 && !adopt,
  }
}

/** A row of its own, triggers out, then its loud columns, so that the procedure sees what moved; a person whom the ERP lacks is inserted loud. */
export async function writeContact(
  client: pg.PoolClient,
  { personId, leadId }: Parameters<Erp['applyContact']>[0],
  { sides, toAdopt }: FoundContact,
  { quiet, loud }: MirrorWrite,
): Promise<void> {
  const isNew = sides.mirror === null
  const makesContact = isNew && sides.contact === null
  await mirrorOnly(client, !makesContact)
  const columns = makesContact ? { ...quiet, ...loud } : quiet
  if (isNew) {
    const names = Object.keys(columns).filter((name) => Object.hasOwn(CONTACT_COLUMNS, name))
    await client.query(
      `insert into contacts (${['id', 'lead_id', 'client_code', ...names.map((name) => name.toLowerCase())].join(', ')})
       values (${['$1', '$2', '$3', ...names.map((_, index) => `$${index + 4}`)].join(', ')})`,
      [personId, leadId, sides.clientCode, ...names.map((name) => columns[name] || null)],
    )
    if (makesContact) return
  } else {
    await client.query(
      `update contacts set lead_id = $2, client_code = $3 where id = $1 and (lead_id, client_code) is distinct from ($2::bigint, $3::bigint)`,
      [personId, leadId, sides.clientCode],
    )
    if (Object.keys(quiet).length > 0) await writeMirror(client, 'contacts', CONTACT_COLUMNS, personId, quiet)
  }
  if (Object.keys(loud).length === 0 && !toAdopt) return
  await mirrorOnly(client, false)
  // Fired without columns as well: an ERP contact found by its e-mail adopts the person's id (D-44).
  await writeMirror(client, 'contacts', CONTACT_COLUMNS, personId, loud)
}
