/** What the compatible routes ask and tell the ERP directly, what is held back, and the log of business events. */
import { PonteError } from '../../../base/error.ts'
import type { Row } from '../../../engine/model.ts'
import type { Erp } from '../erp.ts'
import { errorSubjects, loggedRows } from '../logged.ts'
import { whole } from '../text-rows.ts'
import type { Ask, Link, SqlDialect, Transact } from './link.ts'
import { addLogEntry, LEAD_COLUMNS } from './mirror.ts'

type Lookup = Pick<
  Erp,
  | 'viewRows'
  | 'mirroredLead'
  | 'storeIndustries'
  | 'contactsToInsert'
  | 'contactsOfNewLeads'
  | 'ambiguousTaxIds'
  | 'logExecution'
  | 'logsOf'
  | 'clock'
  | 'localTimes'
>

export function lookup(dialect: SqlDialect, transact: Transact, ask: Ask): Lookup {
  return {
    viewRows(view, columns, where) {
      const conditions = Object.keys(where).map((column) => dialect.isText(plain(column)))
      const sql = `select ${columns.map(plain).join(', ')} from ${plain(view)} where ${conditions.join(' and ')}`
      return ask(dialect.first(sql, 50), Object.values(where))
    },
    async mirroredLead(leadId) {
      const [row = null] = await ask(`select id, ${Object.keys(LEAD_COLUMNS).join(', ').toLowerCase()} from leads where id = ?`, [
        whole(leadId),
      ])
      return row
    },
    storeIndustries: (industries) => transact('industries', (link) => store(dialect, link, industries)),
    contactsToInsert: (leadId) => ask(CONTACTS_TO_INSERT, [whole(leadId)]),
    async contactsOfNewLeads() {
      const rows = await ask(contactsOfNewLeads(dialect))
      return new Map(rows.map(({ CLIENT_CODE, BRANCH_CODE, CONTACTS }) => [`${CLIENT_CODE}-${BRANCH_CODE}`, Number(CONTACTS)]))
    },
    async ambiguousTaxIds() {
      const found = new Map<string, string[]>()
      for (const { TAXID_KEY, CLIENT, CODE } of await ask(AMBIGUOUS)) {
        found.set(TAXID_KEY!, [...(found.get(TAXID_KEY!) ?? []), `${CLIENT}-${CODE}`])
      }
      return [...found].map(([taxId, branches]) => ({ taxId, branches }))
    },
    async logsOf(records, limit) {
      const newest = (sql: string, names: readonly string[]): Promise<Row[]> =>
        names.length === 0 ? Promise.resolve([]) : ask(dialect.first(`${sql} order by log_id desc`, limit), [names])
      const at = `${dialect.isoTime('created_on')} as at`
      const events = await newest(`select ${at}, job, lead_id, field, value from log_execution_crm where lead_id in (?)`, records.leads)
      const errors = await newest(
        `select ${at}, errorcode, errorstack, error_info from error_log where ${dialect.errorSubject} in (?)`,
        errorSubjects(records),
      )
      return loggedRows(events, errors)
    },
    clock: async () => new Date((await ask(`select ${dialect.isoTime('localtimestamp(6)')} as at from dual`))[0]!.AT!),
    async localTimes(moments) {
      const [{ ZONE: zone = null } = {}] = await ask("select value as zone from ponte_settings where name = 'time_zone'")
      const times: Date[] = []
      for (const moment of moments) {
        const [row] = await ask(`select ${dialect.erpTime} as at from dual`, [moment.toISOString().slice(0, -1)])
        times.push(new Date(row!.AT!))
      }
      return { zone, times }
    },
    logExecution: (entry) => transact(`log of lead ${entry.leadId}`, (link) => addLogEntry(link, entry)),
  }
}

/** A name of the contract, in the form in which no dialect has to quote it. */
function plain(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return name.toLowerCase()
  throw new PonteError('erp.unknown_view', 'this is not a view or column of the ERP', { hint: 'this is a fault of the caller, report it' })
}

/** By the branch, whose index finds the few contacts of one lead; the engine's view has lead_id as text. */
const CONTACTS_TO_INSERT = `
  select v.code, v.name, v.email, v.phone, v.job_title, v.is_primary, v.lead_id
    from view_insert_contact_in_crm v where v.lead_id = ? order by v.code`

/** As `view_insert_contact_in_crm` will show them. */
const contactsOfNewLeads = ({ emailKey }: SqlDialect): string => `
  select v.client_code, v.branch_code, count(distinct ${emailKey('v')}) as contacts
    from vw_crm_clients_contacts v
   where v.id_crm is null and v.lead_id is null and ${emailKey('v')} is not null and length(v.name) > 0
     and not exists (select 1 from contact d
                      where ${emailKey('d')} = ${emailKey('v')} and d.branch_client = v.client_code and d.branch_code = v.branch_code
                        and d.id_crm is not null)
   group by v.client_code, v.branch_code`

/** Held back by view_insert_lead_in_crm. First the few tax ids of branches that wait. */
const AMBIGUOUS = `
  select o.taxid_key, o.client, o.code
    from (select w.taxid_key
            from (select distinct taxid_key from branches where id_crm is null and integrate_crm in ('S', 'Y')) w
            join branches b on b.taxid_key = w.taxid_key and (b.id_crm is not null or b.integrate_crm in ('S', 'Y'))
           group by w.taxid_key having count(*) > 1) s
    join branches o on o.taxid_key = s.taxid_key and (o.id_crm is not null or o.integrate_crm in ('S', 'Y'))
   order by o.taxid_key, o.client, o.code`

/** One description after another, so that the list's own repetitions are seen too. */
async function store(
  dialect: SqlDialect,
  link: Link,
  industries: readonly { id: number; value: string }[],
): ReturnType<Erp['storeIndustries']> {
  // Two lists at once would both find a description missing, or choose the same code.
  await link.rows("select value from ponte_settings where name = 'default_industry' for update")
  const total = { inserted: 0, existing: 0 }
  for (const { id, value } of industries) total[(await storeOne(dialect, link, String(id), value)) ? 'inserted' : 'existing']++
  return total
}

/** The CRM's id is the code when the ERP has not given it to another industry; else the next number that is free. */
async function storeOne(dialect: SqlDialect, link: Link, id: string, value: string): Promise<boolean> {
  const description = (await link.rows('select tidy(?) as description from dual', [value]))[0]?.DESCRIPTION ?? null
  if (description === null) return false
  const same = await link.rows(`select industry from industries where description_key = ${dialect.descriptionKey('?')}`, [description])
  if (same.length > 0) return false
  const free = id.length <= 10 && (await link.rows('select industry from industries where industry = ?', [id])).length === 0
  const code = free ? id : (await link.rows(nextCode(dialect)))[0]!.CODE!
  await link.changed('insert into industries (industry, description) values (?, ?)', [code, description])
  return true
}

/** The case keeps the cast from codes that are no numbers. */
const nextCode = ({ isShortNumber }: SqlDialect): string => `
  select coalesce(max(case when ${isShortNumber('industry')} then cast(industry as decimal(9)) end), 0) + 1 as code from industries`
