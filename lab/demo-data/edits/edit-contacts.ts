import type { Cell } from '../../../engine/model.ts'
import type { DemoDatabase, Found } from '../database/database.ts'
import { Random, streams } from '../random.ts'
import { crmForm } from '../records/crm-form.ts'
import { drawPerson, drawPhone } from '../records/people.ts'
import { freeJobTitles } from '../words/vocabulary.ts'
import { chosen } from './chosen.ts'

export interface ContactEdit {
  /** CRM person id. */
  readonly id_crm: string
  /** CRM lead id. */
  readonly lead_id: string
  readonly field: 'NAME' | 'PHONE' | 'JOB_TITLE'
  /** Both in the form that is sent to the CRM; they differ. */
  readonly before: Cell
  readonly after: Cell
}

interface Contact extends Found {
  readonly code: string
  readonly id_crm: string
  readonly lead_id: string
  readonly name: string
  readonly phone: Cell
  readonly job_title: Cell
}

const KNOWN = `
  select c.code, c.id_crm, b.id_crm as lead_id, c.name, c.phone, coalesce(nullif(c.job_title_desc, ''), t.title) as job_title
    from contact c
    join branches b on b.client = c.branch_client and b.code = c.branch_code
    join leads l on l.id = b.id_crm
    join contacts m on m.id = c.id_crm
    left join contact_job_titles t on t.job_title_code = c.job_title_code
   where l.stage in (select alias from crm_stages where integrated = 'S')`

type Draw = (
  random: Random,
  found: Contact,
) => { readonly column: string; readonly value: string; readonly before: Cell; readonly after: Cell }

const edits: Record<ContactEdit['field'], Draw> = {
  NAME: (random, { name }) => {
    const value = drawPerson(random).name
    return { column: 'name', value, before: crmForm('personName', name), after: crmForm('personName', value) }
  },
  PHONE: (random, { phone }) => {
    const value = drawPhone(random, '11')
    return { column: 'phone', value, before: crmForm('phone', phone), after: crmForm('phone', value) }
  },
  JOB_TITLE: (random, { job_title }) => {
    const value = random.pick(freeJobTitles)
    return { column: 'job_title_desc', value, before: crmForm('jobTitle', job_title), after: crmForm('jobTitle', value) }
  },
}
const fields = Object.keys(edits) as ContactEdit['field'][]

/** Edits up to `count` contacts that the CRM knows, one field each, in one transaction; the counterpart of `editBranches`. */
export async function editContacts(
  database: DemoDatabase,
  options: { readonly count: number; readonly seed: number },
): Promise<ContactEdit[]> {
  return database.transaction(async (session) => {
    const done: ContactEdit[] = []
    for (const found of chosen(await session.rows<Contact>(KNOWN), options)) {
      const random = new Random(options.seed, streams.edit, Number(found.id_crm))
      const field = fields[done.length % fields.length]!
      let edit = edits[field](random, found)
      while (edit.before?.toUpperCase() === edit.after?.toUpperCase()) edit = edits[field](random, found)
      await session.rows(`update contact set ${edit.column} = ? where code = ?`, [edit.value, found.code])
      done.push({ id_crm: found.id_crm, lead_id: found.lead_id, field, before: edit.before, after: edit.after })
    }
    return done
  })
}
