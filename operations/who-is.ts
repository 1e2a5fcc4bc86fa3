/** From what a person knows (a tax id, a lead, a client code) to every name that the systems have for that company. */

import { PonteError } from '../base/error.ts'
import type { Spotter } from '../connectors/crm/spotter/types.ts'
import type { Erp } from '../connectors/erp/erp.ts'
import { agreedLeads, createdFrom, knownPersons, type Subject } from '../connectors/state/changes/history.ts'
import type { Row } from '../engine/model.ts'
import { whatHappened } from '../jobs/run/error-text.ts'
import { padTaxId } from './find-dead.ts'
import type { Operator } from './operator.ts'

export type Question = { readonly taxId: string } | { readonly leadId: string } | { readonly clientCode: string }

export interface Who extends Subject {
  readonly taxIds: readonly string[]
  readonly names: readonly string[]
  /** Of the CRM, by id. */
  readonly persons: readonly string[]
  /** Systems that did not answer. */
  readonly away: readonly ('ERP' | 'CRM')[]
  /** What could not be asked. */
  readonly notes: readonly string[]
}

export interface Sources {
  readonly state: Operator['state']
  readonly erp: Pick<Erp, 'viewRows' | 'logsOf' | 'clock'>
  /** null: the CRM is not asked. */
  readonly crm: Pick<Spotter, 'leadsByTaxId' | 'leadById' | 'persons'> | null
}

/** @throws PonteError `why.bad_question`, exit code 2; `state.*` */
export async function whoIs({ state, erp, crm }: Sources, question: Question): Promise<Who> {
  const { field, value } = asked(question)
  const leads = new Set<string>(field === 'ID' ? [value] : await agreedLeads(state, field, value))
  const [branches, contacts, taxIds, names] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()]
  const persons = new Set<string>()
  const notes: string[] = []
  const away: ('ERP' | 'CRM')[] = []
  if (field === 'TAXID') taxIds.add(value)
  const learn = (row: Row) => {
    if (row.TAXID) taxIds.add(row.TAXID)
    if (row.NAME) names.add(row.NAME)
  }
  const askErp = async () => {
    const columns = ['ID', 'NAME', 'TAXID', 'CLIENT_CODE']
    for (const view of ['desired_leads', 'known_leads'] as const)
      for (const row of await erp.viewRows(view, columns, { [field]: value })) {
        learn(row)
        leads.add(row.ID!)
      }
    const fresh = field === 'ID' ? [...taxIds].map((taxId) => ({ TAXID: taxId })) : [{ [field]: value }]
    for (const where of fresh)
      for (const row of await erp.viewRows('insert_leads', columns, where as Record<string, string>)) {
        learn(row)
        branches.add(row.ID!)
      }
    for (const lead of leads) for (const row of await erp.viewRows('insert_contacts', ['CODE'], { LEAD_ID: lead })) contacts.add(row.CODE!)
  }
  const askCrm = async () => {
    if (crm === null) return
    const found =
      field === 'ID' ? [await crm.leadById(Number(value))] : (await Promise.all([...taxIds].map((taxId) => crm.leadsByTaxId(taxId)))).flat()
    for (const lead of found) {
      if (lead === null) continue
      leads.add(String(lead.id))
      if (lead.lead) names.add(lead.lead)
      if (lead.cnpj) taxIds.add(padTaxId(lead.cnpj))
      for (const { id } of await crm.persons(lead.id)) persons.add(String(id))
    }
  }
  for (const [name, ask] of [
    ['ERP', askErp],
    ['CRM', askCrm],
  ] as const)
    await ask().catch((error) => {
      away.push(name)
      notes.push(`The ${name} cannot be asked now: ${whatHappened(error)} ${missing[name]}`)
    })
  const created = await createdFrom(state, [...leads])
  for (const branch of created.branches) branches.add(branch)
  for (const contact of created.contacts) contacts.add(contact)
  for (const person of await knownPersons(state, [...leads])) persons.add(person)
  return {
    leads: [...leads],
    branches: [...branches],
    contacts: [...contacts],
    persons: [...persons],
    taxIds: [...taxIds],
    names: [...names],
    away,
    notes,
  }
}

const missing = {
  ERP: 'What follows is what Ponte remembers; the ERP’s own logs (LOG_EXECUTION_CRM, ERROR_LOG) are missing.',
  CRM: 'What follows is what Ponte and the ERP remember.',
}

function asked(question: Question): { field: 'TAXID' | 'ID' | 'CLIENT_CODE'; value: string } {
  if ('taxId' in question && /[\dA-Za-z]/.test(question.taxId)) return { field: 'TAXID', value: padTaxId(question.taxId) }
  if ('leadId' in question && /^\d{1,15}$/.test(question.leadId)) return { field: 'ID', value: String(Number(question.leadId)) }
  if ('clientCode' in question && /^\d{1,15}$/.test(question.clientCode))
    return { field: 'CLIENT_CODE', value: String(Number(question.clientCode)) }
  throw new PonteError('why.bad_question', 'this is no tax id, no lead of the CRM and no client code', {
    hint: 'a tax id in any form, or the number of a lead or client',
    exitCode: 2,
  })
}
