/** The first half of a full sync: all leads of the CRM, checked, on record and in the staging tables. The mirror is not touched. */

import type { Lead, LeadCustomField, Person } from '../../connectors/crm/spotter/types.ts'
import type { MirrorStaging, StagedContact } from '../../connectors/erp/erp.ts'
import type { ArchiveLetter } from '../../queue-dirs/lane.types.ts'
import { contactFields } from '../../records/contact.ts'
import { leadInboundFields } from '../../records/lead.ts'
import type { Stages } from '../../records/stages.ts'
import type { Context, JobRun } from '../context.ts'
import { leadRow, personRow } from '../receive/crm-rows.ts'
import { mustHold } from '../receive/end-event.ts'
import { quietColumns } from './full-sync-apply.ts'
import { contactProblems, leadProblems, lengthProblems } from './full-sync-checks.ts'

export interface CrmRead {
  /** Leads of any stage. */
  readonly read: number
  readonly contactsReady: number
  readonly contactsLeftOut: number
  readonly unknownStages: number
}

/** @throws what reading the CRM throws, `lease.lost`, `erp.*`; nothing but staging was written */
export async function readCrm(
  context: Context,
  run: JobRun,
  stages: Stages,
  staging: MirrorStaging,
  record: ArchiveLetter | null,
): Promise<CrmRead> {
  const { crm, log } = context
  const total = { read: 0, contactsReady: 0, contactsLeftOut: 0, unknownStages: 0 }
  for await (const leads of crm.leads(run.signal)) {
    const integrated = leads.filter(({ stage }) => stages.isIntegrated(stage))
    const unknown = leads.filter(({ stage }) => stages.find(stage) === null).map(({ id }) => id)
    if (unknown.length > 0)
      log.warn(
        { count: unknown.length, leads: unknown.slice(0, 20) },
        'a stage that no spelling of CRM_STAGES names: these leads are left out',
      )
    const ids = integrated.map(({ id }) => id)
    const [customFields, persons] = await Promise.all([crm.customFieldsOf(ids), crm.personsOf(ids)])
    for (const lead of leads)
      await record?.write(JSON.stringify({ ...lead, customFields: customFields.get(lead.id) ?? [], persons: persons.get(lead.id) ?? [] }))
    mustHold(run)
    const contacts = await stage(context, run, staging, integrated, customFields, persons)
    total.read += leads.length
    total.unknownStages += unknown.length
    total.contactsReady += contacts.ready
    total.contactsLeftOut += contacts.leftOut
    run.progress({ kind: 'pull', entity: 'leads of the CRM', side: 'known', rows: total.read })
  }
  return total
}

/** The swap is one statement: a lead whose values the ERP's own table does not take stops it for all. It is left out and told. */
export async function leaveOutRefused(context: Context, run: JobRun, staging: MirrorStaging): Promise<void> {
  const ready: ReadyLead[] = []
  for await (const page of staging.ready()) for (const { leadId, row } of page) ready.push({ leadId, name: row.NAME ?? '' })
  const refused = await refusedOf(ready, (first, last) => staging.takes(quietColumns, first.leadId, last.leadId))
  for (const { leadId, name } of refused) {
    mustHold(run)
    await tell(context, run, { id: Number(leadId), lead: name }, { field: 'LEADS', value: 'Valor recusado' })
  }
  await staging.leads(refused.map(({ leadId }) => ({ leadId, row: null })))
}

interface ReadyLead {
  readonly leadId: string
  readonly name: string
}

/** Halves until one is left: many leads, and usually none that is refused. */
async function refusedOf(
  leads: readonly ReadyLead[],
  takes: (first: ReadyLead, last: ReadyLead) => Promise<boolean>,
): Promise<readonly ReadyLead[]> {
  const [first, last] = [leads[0], leads.at(-1)]
  if (first === undefined || last === undefined || (await takes(first, last))) return []
  if (leads.length === 1) return leads
  const middle = leads.length >> 1
  return [...(await refusedOf(leads.slice(0, middle), takes)), ...(await refusedOf(leads.slice(middle), takes))]
}

async function stage(
  context: Context,
  run: JobRun,
  staging: MirrorStaging,
  leads: readonly Lead[],
  customFields: ReadonlyMap<number, readonly LeadCustomField[]>,
  persons: ReadonlyMap<number, readonly Person[]>,
): Promise<{ ready: number; leftOut: number }> {
  const contacts: StagedContact[] = []
  const staged = []
  for (const lead of leads) {
    const leadId = String(lead.id)
    const row = leadRow(lead, customFields.get(lead.id) ?? [])
    const problems = [...leadProblems(lead), ...lengthProblems(leadInboundFields, row)]
    for (const problem of problems) await tell(context, run, lead, problem)
    staged.push({ leadId, row: problems.length > 0 ? null : row })
    if (problems.length > 0) continue
    for (const person of persons.get(lead.id) ?? []) {
      const contact = personRow(person)
      const wrong = [...contactProblems(person), ...lengthProblems(contactFields, contact)]
      for (const { field, value } of wrong) await tell(context, run, lead, { field: `contact ${person.id}: ${field}`, value })
      contacts.push({ personId: String(person.id), leadId, row: wrong.length > 0 ? null : contact })
    }
  }
  await staging.leads(staged)
  await staging.contacts(contacts)
  const leftOut = contacts.filter(({ row }) => row === null).length
  return { ready: contacts.length - leftOut, leftOut }
}

function tell(
  { erp }: Context,
  run: JobRun,
  lead: Pick<Lead, 'id' | 'lead'>,
  problem: { readonly field: string; readonly value: string },
): Promise<void> {
  return erp.logExecution({ job: run.job, leadId: String(lead.id), leadName: lead.lead, ...problem })
}
