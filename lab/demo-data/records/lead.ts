/** A linked branch as the CRM holds it, told twice: as rows of the mirror and as records of the CRM itself. */
import type { Row } from '../../../engine/model.ts'
import type { SeedRow } from '../../simulators/crm/state/base-file.ts'
import { isoDay, type Settings } from '../options.ts'
import { Random, streams } from '../random.ts'
import { municipalities } from '../words/municipalities.ts'
import { sectorName } from '../words/sectors.ts'
import { stateName } from '../words/states.ts'
import { jobTitles } from '../words/vocabulary.ts'
import type { Branch, Client } from './client.ts'
import { latestObservation } from './credit.ts'
import { crmForm, titleCase } from './crm-form.ts'

const sources = ['Site', 'Indicação', 'ERP'] as const

const decimal = (cents: number | null): string | null => {
  if (cents === null) return null
  const digits = String(cents).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** The row of LEADS, canonical columns. `branch` must be linked. */
export function mirrorLead(settings: Settings, client: Client, branch: Branch): Row {
  const { address, commerce } = branch
  const place = municipalities[address.city]!
  const random = new Random(settings.seed, streams.mirror, branch.index)
  const industry = branch.industries.map(sectorName).sort()[0]
  return {
    ID: String(branch.crmId),
    NAME: crmForm('name', branch.description),
    STAGE: branch.stage,
    TAXID: branch.taxId.padStart(14, '0'),
    INDUSTRY: industry === undefined ? null : crmForm('industry', titleCase(industry)),
    SOURCE: random.pick(sources),
    PHONE: crmForm('phone', branch.phone),
    ADDRESS_STREET: crmForm('text', address.street),
    ADDRESS_ZIPCODE: crmForm('zip', address.zip),
    ADDRESS_NUMBER: String(address.number ?? 0),
    ADDRESS_COMPLEMENT: crmForm('text', address.complement),
    ADDRESS_DISTRICT: crmForm('district', address.district),
    CITY: titleCase(place.name),
    STATE: titleCase(stateName(place.state)),
    SALES_REP: branch.salesRep === null ? null : String(branch.salesRep),
    TAX_REGISTRATION: crmForm('registration', branch.registration),
    CLIENT_CODE: String(client.code),
    BUDGET_VALUE: decimal(commerce.sentBudgetCents),
    ORDER_VALUE: decimal(commerce.sentOrderCents),
    FINANCIAL_ANALYSIS: crmForm('text', latestObservation(client.credit)),
  }
}

/** The rows of CONTACTS of a linked branch: its contacts that the CRM knows. */
export function mirrorContacts(client: Client, branch: Branch): Row[] {
  return branch.contacts
    .filter((contact) => contact.crmId !== null)
    .map((contact) => ({
      ID: String(contact.crmId),
      NAME: crmForm('personName', contact.name),
      EMAIL: crmForm('email', contact.email),
      PHONE: crmForm('phone', contact.phone),
      JOB_TITLE: crmForm('jobTitle', contact.jobTitle ?? (contact.jobTitleCode === null ? null : jobTitles[contact.jobTitleCode - 1]!)),
      CLIENT_CODE: String(client.code),
      IS_PRIMARY: contact.isPrimary ?? 'N',
      LEAD_ID: String(branch.crmId),
    }))
}

/**
 * What the simulated CRM holds of a linked branch: the lead, its persons, the budget as recommended product, the sale. Empty values are
 * what Ponte sends for them.
 */
export function crmRecords(settings: Settings, client: Client, branch: Branch): SeedRow[] {
  const row = mirrorLead(settings, client, branch)
  const leadId = Number(row.ID)
  const lead: SeedRow = {
    kind: 'lead',
    id: leadId,
    lead: row.NAME!,
    cnpj: row.TAXID!,
    stage: row.STAGE!,
    registerDate: moment(branch.createdDay),
    updateDate: moment(settings.todayNumber - 1 - (branch.index % 20)),
    phone1: row.PHONE!,
    industry: row.INDUSTRY!,
    source: row.SOURCE!,
    street: row.ADDRESS_STREET!,
    cep: row.ADDRESS_ZIPCODE!,
    number: row.ADDRESS_NUMBER === '0' ? 'SN' : row.ADDRESS_NUMBER!,
    complement: row.ADDRESS_COMPLEMENT!,
    district: row.ADDRESS_DISTRICT!,
    city: row.CITY!,
    state: row.STATE!,
    country: 'Brasil',
    customFields: {
      '_cod.gestores': [row.SALES_REP ?? UNKNOWN_REP],
      '_cod.cliente': row.CLIENT_CODE!,
      _inscricaoestadual: row.TAX_REGISTRATION === 'ISENTO' ? '99' : row.TAX_REGISTRATION!,
      _analisefinanceira: row.FINANCIAL_ANALYSIS ?? 'Vazio.',
    },
  }
  return [lead, ...mirrorContacts(client, branch).map((contact) => personRecord(leadId, contact)), ...commerceRecords(leadId, branch, row)]
}

const UNKNOWN_REP = '99'
/** `product` of the budget job's settings. */
const PRODUCT = 10_001
const moment = (dayNumber: number): string => `${isoDay(dayNumber)}T12:00:00.000000Z`
const product = (labelValue: string) => [{ productId: PRODUCT, quantity: 1, labelValue }]

const personRecord = (leadId: number, contact: Row): SeedRow => ({
  kind: 'person',
  id: Number(contact.ID),
  leadId,
  name: contact.NAME!,
  email: contact.EMAIL!,
  phone1: contact.PHONE!,
  jobTitle: contact.JOB_TITLE!,
  mainContact: contact.IS_PRIMARY === 'S',
})

function commerceRecords(leadId: number, branch: Branch, row: Row): SeedRow[] {
  const records: SeedRow[] = []
  if (row.BUDGET_VALUE) records.push({ kind: 'products', leadId, products: product(row.BUDGET_VALUE) })
  if (row.ORDER_VALUE)
    records.push({ kind: 'sale', leadId, products: product(row.ORDER_VALUE), saleDate: moment(branch.createdDay), salesRepEmail: null })
  return records
}
