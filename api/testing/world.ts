/** Random histories on both sides: what people do in ERP and CRM, what jobs run, what breaks. Data, so that a seed repeats them. */
import fc from '../../base/testing/fast-check.ts'
import type { FaultsInput } from '../../lab/simulators/crm/http/fault-settings.ts'
import type { TwoWay } from './two-way.ts'

/** An ERP branch and its CRM lead, with one contact that both sides know. */
export interface Pair {
  readonly client: number
  readonly leadId: number
  readonly personId: number
}

type Values = Readonly<Record<string, readonly string[]>>

/** Columns of BRANCHES that people edit, three values each: so values come back (X, Y, X). */
export const erpLeadValues: Values = {
  description: ['Casa Alfa', 'Casa Béta', 'CASA GAMA LTDA'],
  address: ['Rua Um', 'Avenida Dois', 'Praça Três'],
  address_number: ['1', '22', '333'],
  complement: ['Sala 1', 'Fundos', 'Bloco Ç'],
  district: ['Centro', 'Ipê', 'Sul'],
  zipcode: ['01310-100', '01001000', '04567-000'],
  sales_rep: ['7', '8', '4711'],
  tax_registration: ['ISENTO', '123.456', '00789'],
}
/** Fields of `GET Leads` that people edit at the CRM's screen. */
export const crmLeadValues: Values = {
  lead: ['Alfa no CRM', 'Casa Béta', 'Outra'],
  street: ['Rua Um', 'Rua do CRM', 'Travessa'],
  number: ['1', 'SN', '9'],
  complement: ['', 'Sala 1', 'Loja'],
  district: ['Centro', 'Norte', 'Leste'],
  cep: ['01310100', '09999-000', ''],
  phone1: ['5511911111111', '5511922222222', '551133333333'],
  industry: ['Varejo', 'Atacado', 'Serviços'],
  source: ['Site', 'Indicação', 'ERP'],
  cnpj: ['', '99888777000166', ''],
}
export const crmCustomValues: Values = {
  '_cod.gestores': ['7', '9', '10'],
  _inscricaoestadual: ['99', '123456', '555'],
  _analisefinanceira: ['Vazio.', 'Bom', 'Ruim'],
  '_cod.cliente': ['', '999999', ''],
}
export const erpContactValues: Values = {
  name: ['Ana', 'Ana Maria', 'ANA M.'],
  phone: ['11 91111-1111', '', '1133334444'],
  job_title_desc: ['Compras', 'Diretora', 'Sócia'],
  is_primary: ['S', 'N', 'N'],
}
export const crmContactValues: Values = {
  name: ['Ana', 'Aninha', 'A. Maria'],
  phone1: ['11911111111', '11955555555', '1133334444'],
  jobTitle: ['Compras', 'Gerente', 'Sócia'],
  mainContact: ['true', 'false', 'true'],
}

export const jobNames = [
  'job_execute_spark',
  'job_insert_leads_in_spotter',
  'job_insert_contacts_in_spotter',
  'job_update_leads_in_spotter',
  'job_update_contacts_in_spotter',
  'job_update_leads_in_erp',
  'job_update_converted_lead_in_erp',
  'job_update_contact_in_erp',
  'job_descarta_lead',
] as const

export type Step =
  | {
      readonly do: 'erp-lead' | 'crm-lead' | 'crm-custom' | 'erp-contact' | 'crm-contact'
      readonly pair: number
      readonly field: string
      readonly value: number
    }
  | { readonly do: 'analysis'; readonly pair: number; readonly value: number }
  | { readonly do: 'stage'; readonly pair: number; readonly stage: string }
  | { readonly do: 'erp-new-contact' | 'crm-new-person' | 'erp-new-branch' | 'crm-new-lead'; readonly pair: number }
  | { readonly do: 'job'; readonly job: string }
  | { readonly do: 'crash'; readonly job: string; readonly at: number; readonly after: boolean }
  | { readonly do: 'crm-faults'; readonly kind: 'none' | 'answersLost' | 'errors5xx' | 'storm429' }
  | { readonly do: 'webhook-faults'; readonly kind: 'none' | 'duplicate' | 'reorder' | 'lose' }
  /** webhooks-arrive: they lie in the queue. way-out: compare and deliver, before anybody looks at what came in. */
  | { readonly do: 'webhooks-arrive' | 'way-out' }

const field = (values: Values) => fc.constantFrom(...Object.keys(values))
const edit = (kind: 'erp-lead' | 'crm-lead' | 'crm-custom' | 'erp-contact' | 'crm-contact', values: Values) =>
  fc.record({ do: fc.constant(kind), pair: fc.nat(1), field: field(values), value: fc.nat(2) })
const job = fc.constantFrom(...jobNames)

/** One history over two pairs, 8 to 30 steps. */
export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: edit('erp-lead', erpLeadValues) },
    { weight: 6, arbitrary: edit('crm-lead', crmLeadValues) },
    { weight: 4, arbitrary: edit('crm-custom', crmCustomValues) },
    { weight: 3, arbitrary: edit('erp-contact', erpContactValues) },
    { weight: 3, arbitrary: edit('crm-contact', crmContactValues) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('analysis' as const), pair: fc.nat(1), value: fc.nat(2) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('stage' as const),
        pair: fc.nat(1),
        stage: fc.constantFrom('Desenvolvimento/Orçamento', 'Ativação', 'Retenção/Expansão', 'Passagem de bastão', 'Descartado'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('erp-new-contact' as const, 'crm-new-person' as const, 'erp-new-branch' as const, 'crm-new-lead' as const),
        pair: fc.nat(1),
      }),
    },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('job' as const), job }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('crash' as const), job, at: fc.integer({ min: 1, max: 40 }), after: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('crm-faults' as const),
        kind: fc.constantFrom('none', 'answersLost', 'errors5xx', 'storm429'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('webhook-faults' as const), kind: fc.constantFrom('none', 'duplicate', 'reorder', 'lose') }),
    },
    { weight: 7, arbitrary: fc.record({ do: fc.constantFrom('webhooks-arrive' as const, 'way-out' as const) }) },
  ),
  { minLength: 8, maxLength: 30 },
)

export const crmFaults: Readonly<Record<'none' | 'answersLost' | 'errors5xx' | 'storm429', FaultsInput>> = {
  none: {},
  answersLost: { answersLost: { share: 0.4, methods: ['POST', 'PUT', 'DELETE'] } },
  errors5xx: { errors5xx: 0.3 },
  storm429: { storm429: { share: 0.3, seconds: 0 } },
}

export const webhookFaults = { none: {}, duplicate: { duplicate: 0.7 }, reorder: { reorder: 0.7 }, lose: { lose: 0.5 } } as const

/** Of every row that integration may write: equal before and after means that nothing was written. */
export const erpVersions = (it: TwoWay): Promise<string> =>
  it.bridge.sql.versions([
    'clients',
    'branches',
    'contact',
    'leads',
    'contacts',
    'credit_limit_history',
    'client_industries',
    'sales_rep_branches',
  ])
