import { properties } from '../odata/properties.ts'
import type { EntitySet } from '../odata/query.ts'
import type { Crm } from '../state/crm.ts'
import type { LeadRow } from '../state/model.ts'

/** GET Leads: the fields that are publicly known. */
export function leadSet({ state, catalogue }: Crm): EntitySet<LeadRow> {
  return {
    name: 'Leads',
    properties: leadProperties,
    all: () => state.leads(),
    order: ({ id }) => id,
    indexed(property, value) {
      if (property === 'id') return [state.lead(Number(value))].filter((row) => row !== undefined)
      return property === 'cnpj' && typeof value === 'string' ? state.leadsByCnpj(value) : null
    },
    show({ industry, source, subSource, sdrEmail, salesRepEmail, customFields: _values, answered: _answered, ...plain }) {
      const sdr = catalogue.sdrs.findIndex(({ email }) => email === sdrEmail)
      return {
        ...plain,
        industry: industry === null ? null : { id: state.industries.get(industry), value: industry },
        source: source === null ? null : { id: state.sources.get(source), value: source },
        subSource: subSource === null ? null : { id: state.subSources.get(subSource), value: subSource },
        sdr: { id: sdr + 1, name: catalogue.sdrs[sdr]?.name ?? '', lastName: '', email: sdrEmail, active: true },
        salesRep: salesRepEmail === null ? null : { name: '', lastName: '', email: salesRepEmail, active: true },
      }
    },
  }
}

const leadProperties = properties<LeadRow>({
  id: ['number', (row) => row.id],
  lead: ['text', (row) => row.lead],
  cnpj: ['text', (row) => row.cnpj],
  stage: ['text', (row) => row.stage],
  funnelId: ['number', (row) => row.funnelId],
  registerDate: ['date', (row) => row.registerDate],
  updateDate: ['date', (row) => row.updateDate],
  phone1: ['text', (row) => row.phone1],
  phone2: ['text', (row) => row.phone2],
  website: ['text', (row) => row.website],
  'industry/value': ['text', (row) => row.industry],
  'source/value': ['text', (row) => row.source],
  'subSource/value': ['text', (row) => row.subSource],
  'sdr/email': ['text', (row) => row.sdrEmail],
  'salesRep/email': ['text', (row) => row.salesRepEmail],
  street: ['text', (row) => row.street],
  cep: ['text', (row) => row.cep],
  number: ['text', (row) => row.number],
  complement: ['text', (row) => row.complement],
  district: ['text', (row) => row.district],
  city: ['text', (row) => row.city],
  state: ['text', (row) => row.state],
  country: ['text', (row) => row.country],
  description: ['text', (row) => row.description],
})
