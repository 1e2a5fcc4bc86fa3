import type { z } from 'zod'
import { type Crm, commit, leadKey } from '../state/crm.ts'
import type { LeadRow } from '../state/model.ts'
import { type Call, withBody } from './call.ts'
import { mergeCustomFields } from './custom-fields.ts'
import { type LeadDto, leadBody } from './dto.ts'
import { idReply, type Reply, refuse } from './reply.ts'

type LeadBody = z.output<typeof leadBody>

/** POST LeadsAdd: 201 with the new id. The CRM decides stage and SDR. No idempotency key: sent twice, added twice. */
export const addLead = withBody(leadBody, (call: Call, body: LeadBody): Reply => {
  const { crm } = call
  const id = crm.state.nextLeadId
  const onCreate = crm.policies.customFieldsOnCreate
  if (onCreate === 'refuse' && body.lead.customFields?.length) return refuse('Custom fields are not accepted here.')
  const dto = onCreate === 'ignore' ? { ...body.lead, customFields: null } : body.lead
  if (!dto.name?.trim()) return refuse('lead.name : The name field is required.')
  const time = crm.clock.next()
  const lead = merge(crm, blankLead(crm, id, time, dto.sdrEmail), dto, time, body.duplicityValidation === true)
  if (typeof lead === 'string') return refuse(lead)
  commit(crm, { kind: 'leadAdded', id, key: leadKey(lead), body: call.body, time, after: { lead } })
  return idReply(201, id)
})

/** PUT LeadsUpdate/{id}: 201. What is not sent stays; a body that changes nothing still touches `updateDate`. */
export const updateLead = withBody(leadBody, (call: Call, body: LeadBody): Reply => {
  const { crm, id } = call
  const held = crm.state.lead(id)
  if (!held) return refuse('Lead not found')
  if (typeof body.lead.name === 'string' && !body.lead.name.trim()) return refuse('lead.name : The name field is required.')
  const time = crm.clock.next()
  const lead = merge(crm, held, body.lead, time, body.duplicityValidation === true)
  if (typeof lead === 'string') return refuse(lead)
  commit(crm, { kind: 'leadUpdated', id, key: leadKey(lead), body: call.body, time, after: { lead } })
  return idReply(201, id)
})

/** A lead at its first stage, before any of its own values are known. */
export function blankLead(crm: Crm, id: number, time: string, sdrEmail?: string | null): LeadRow {
  const { sdrs, firstStage } = crm.catalogue
  const sdr = sdrs.find(({ email }) => email === sdrEmail) ?? sdrs[id % sdrs.length]!
  return {
    id,
    lead: '',
    cnpj: null,
    stage: firstStage,
    funnelId: 1,
    registerDate: time,
    updateDate: time,
    phone1: null,
    phone2: null,
    website: null,
    industry: null,
    source: null,
    subSource: null,
    sdrEmail: sdr.email,
    salesRepEmail: null,
    street: null,
    cep: null,
    number: null,
    complement: null,
    district: null,
    city: null,
    state: null,
    country: null,
    description: null,
    customFields: {},
    answered: [],
  }
}

/** `held` with the sent values over it, or the text of the refusal. */
function merge(crm: Crm, held: LeadRow, sent: LeadDto, time: string, duplicityValidation: boolean): LeadRow | string {
  const cnpj = sent.cpfcnpj || held.cnpj
  if (duplicityValidation && sent.cpfcnpj && crm.policies.duplicatePolicy === 'refuse') {
    // The real text is not public.
    const twin = crm.state.leadsByTaxId(sent.cpfcnpj).find(({ id }) => id !== held.id)
    if (twin) return 'Duplicity validation: a lead with this cpfcnpj already exists.'
  }
  if (sent.industry && crm.policies.unknownIndustry === 'refuse' && !crm.state.industries.has(sent.industry)) return 'Industry not found'
  const customFields = mergeCustomFields(crm, held.id, held.customFields, sent.customFields ?? [])
  if (typeof customFields === 'string') return customFields
  return {
    ...held,
    lead: sent.name ?? held.lead,
    cnpj,
    updateDate: time,
    phone1: phone(sent.ddiPhone, sent.phone) ?? held.phone1,
    phone2: phone(sent.ddiPhone2, sent.phone2) ?? held.phone2,
    website: sent.website ?? held.website,
    industry: sent.industry || held.industry,
    source: sent.source || held.source,
    subSource: sent.subSource || held.subSource,
    street: sent.address ?? held.street,
    cep: sent.zipcode ?? held.cep,
    number: sent.addressNumber ?? held.number,
    complement: sent.addressComplement ?? held.complement,
    district: sent.neighborhood ?? held.district,
    city: sent.city ?? held.city,
    state: sent.state ?? held.state,
    country: sent.country ?? held.country,
    description: sent.description ?? held.description,
    customFields,
  }
}

/** Country code and number, digits only (`phone1` has no plus sign). Null when no number was sent. */
export function phone(ddi: string | null | undefined, number: string | null | undefined): string | null {
  return number === null || number === undefined ? null : `${ddi ?? ''}${number}`.replace(/\D/g, '')
}
