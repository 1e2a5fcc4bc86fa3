/** A line's record as ERP and CRM hold it at this moment, by canonical columns. */

import type { Person, Spotter } from '../connectors/crm/spotter/types.ts'
import type { Erp } from '../connectors/erp/erp.ts'
import type { Row } from '../engine/model.ts'
import { changeOf, normaliseRow } from '../engine/record.ts'
import { contactPrefix } from '../jobs/receive/contact-letters.ts'
import { leadRow, personRow } from '../jobs/receive/crm-rows.ts'
import { type Entity, entityNamed } from '../records/kinds.ts'
import { readTexts } from '../records/lines.ts'
import type { DeadLine } from './dead-line.ts'

export type ErpReads = Pick<Erp, 'viewRows'>
export type CrmReads = Pick<Spotter, 'leadById' | 'leadsByTaxId' | 'leadCustomFields' | 'persons'>

/** Desired and known as a compare would find them now; null: the view does not name the record. */
export interface ErpRecord {
  readonly desired: { readonly key: string; readonly hash: string; readonly row: Row } | null
  readonly known: { readonly hash: string } | null
}

/** @returns null when the line does not say enough to find its record */
export async function erpRecord(erp: ErpReads, entity: Entity, line: DeadLine): Promise<ErpRecord | null> {
  const where = whereOf(entity, line)
  if (where === null) return null
  const columns = entity.columns.map(({ name }) => name)
  const spec = { ...entity, entity: entity.name }
  const [desired, known] = await Promise.all(
    [entity.desired, entity.known].map(async (view) => {
      const [raw] = view === null ? [] : await erp.viewRows(view, columns, where)
      return raw === undefined ? null : changeOf(spec, raw)
    }),
  )
  return { desired: desired!, known: known ?? null }
}

/** By the key of the compare; lines of other origin also by what identifies their record. */
function whereOf(entity: Entity, { ids, sent }: DeadLine): Record<string, string> | null {
  const parts = entity.key.map((name) => [name, ids[name as keyof typeof ids]] as const)
  const found = parts.every(([, value]) => value) ? parts : [...(entity.name === 'leads.insert' ? [['TAXID', sent.TAXID] as const] : [])]
  return found.length > 0 && found.every(([, value]) => value) ? (Object.fromEntries(found) as Record<string, string>) : null
}

/** What the ERP says of the record that a line or an event is about; null: nothing. */
export async function erpRow(erp: ErpReads, line: DeadLine, entity: Entity | null): Promise<Row | null> {
  if (entity !== null) {
    const desired = (await erpRecord(erp, entity, line))?.desired
    return desired ? canonical(entity, desired.row) : null
  }
  const isContact = line.about.entity === contactPrefix
  const of = entityNamed(isContact ? 'contacts.update' : 'leads.update')
  const where = isContact ? { ID: line.ids.ID ?? '', LEAD_ID: line.ids.LEAD_ID ?? '' } : { ID: line.about.leadId ?? '' }
  if (Object.values(where).includes('')) return null
  const [raw] = await erp.viewRows(
    of.desired,
    of.columns.map(({ name }) => name),
    where,
  )
  return raw === undefined ? null : canonical(of, normaliseRow(of.columns, raw))
}

/** The insert view spells some columns its own way. */
function canonical(entity: Entity, row: Row): Row {
  const texts = new Map(Object.entries(row))
  return readTexts(entity.fields, (...names) => names.map((name) => texts.get(name)).find((value) => value != null) ?? null)
}

/** What the CRM holds of it; null: nothing. By id, else as it would be found again: tax id, e-mail. @throws `crm.*` */
export async function crmRow(crm: CrmReads, line: DeadLine, entity: Entity | null): Promise<{ id: number; row: Row } | null> {
  const isContact = entity === null ? line.about.entity === contactPrefix : entity.kind === 'contacts'
  const leadId = Number(line.about.leadId)
  if (isContact) {
    if (!leadId) return null
    const isMeant = ({ id, email }: Person) =>
      entity?.name === 'contacts.insert' ? sameEmail(email, line.sent.EMAIL) : String(id) === line.ids.ID
    const person = (await crm.persons(leadId)).find(isMeant)
    return person === undefined ? null : { id: person.id, row: personRow(person) }
  }
  const lead = leadId ? await crm.leadById(leadId) : line.about.taxId ? (await crm.leadsByTaxId(line.about.taxId))[0] : undefined
  if (!lead) return null
  return { id: lead.id, row: leadRow(lead, await crm.leadCustomFields(lead.id)) }
}

const sameEmail = (one: string | null | undefined, other: string | null | undefined): boolean =>
  Boolean(one) && one?.trim().toLowerCase() === other?.trim().toLowerCase()
