/**
 * The one table of mapped fields (architecture 1): the ERP's column, the queue key, the CRM's field, the owner and the
 * normaliser of each. Everything that maps reads it. Rules are mission B.8; owners are architecture 5; custom fields are mission G.3.
 */
import type { Rule } from '../engine/rules.ts'

/** Where a value lives in the CRM: a property of `lead`/person, or a custom field (choice fields take `options`). */
export type CrmTarget = { readonly property: string } | { readonly custom: string; readonly choice?: boolean }

export interface Field {
  /** Canonical column of mirror and update views, and the key in a queue line. */
  readonly name: string
  /** Other keys that mean the same in lines of any origin: the insert view's column first, then what the old system wrote. */
  readonly aliases: readonly string[]
  readonly crm: CrmTarget | null
  readonly owner: 'erp' | 'crm'
  /** Value as sent and remembered. */
  readonly rule: Rule
  /** Further, for comparing only. */
  readonly compare: Rule
}

const text: Rule = [{ op: 'replace', from: '\u00a0', to: ' ' }, { op: 'trim' }]
/** Cutting may leave a blank at the end, so it is trimmed again: the rule stays idempotent. */
const cut = (length: number): Rule => [...text, { op: 'truncate', length }, { op: 'trim' }]
const anyCase: Rule = [{ op: 'upper' }]
const anyCaseOrAccent: Rule = [{ op: 'unaccent' }, { op: 'upper' }]
const integer: Rule = [{ op: 'before', separator: '.' }, { op: 'digits' }, { op: 'stripZeros' }]

const taxIdRule: Rule = [{ op: 'alnum' }, { op: 'padLeft', length: 14, fill: '0' }]
const emailRule: Rule = [...text, { op: 'lower' }]
export const unknownRep = '99'
export const exempt = 'ISENTO'

export const leadFields: readonly Field[] = [
  { name: 'NAME', aliases: [], crm: { property: 'name' }, owner: 'erp', rule: cut(40), compare: anyCase },
  { name: 'TAXID', aliases: ['CPFCNPJ', 'CNPJ'], crm: { property: 'cpfcnpj' }, owner: 'erp', rule: taxIdRule, compare: [] },
  { name: 'ADDRESS_STREET', aliases: ['ADDRESS', 'END_RUA'], crm: { property: 'address' }, owner: 'erp', rule: cut(200), compare: anyCase },
  {
    name: 'ADDRESS_ZIPCODE',
    aliases: ['ZIPCODE', 'END_CEP'],
    crm: { property: 'zipcode' },
    owner: 'erp',
    rule: [{ op: 'before', separator: '.0' }, { op: 'digits' }, { op: 'padLeft', length: 8, fill: '0' }],
    compare: [],
  },
  {
    name: 'ADDRESS_NUMBER',
    aliases: ['NUMBER', 'NUMERO', 'END_NUMERO'],
    crm: { property: 'addressNumber' },
    owner: 'erp',
    rule: [...integer, { op: 'default', value: '0' }],
    compare: [],
  },
  {
    name: 'ADDRESS_COMPLEMENT',
    aliases: ['COMPLEMENT', 'END_COMPLEMENTO'],
    crm: { property: 'addressComplement' },
    owner: 'erp',
    rule: cut(200),
    compare: anyCase,
  },
  {
    name: 'ADDRESS_DISTRICT',
    aliases: ['DISTRICT', 'NEIGHBORHOOD', 'END_BAIRRO'],
    crm: { property: 'neighborhood' },
    owner: 'erp',
    rule: cut(50),
    compare: anyCase,
  },
  { name: 'CITY', aliases: ['END_CIDADE'], crm: { property: 'city' }, owner: 'erp', rule: cut(50), compare: anyCaseOrAccent },
  { name: 'STATE', aliases: ['END_ESTADO'], crm: { property: 'state' }, owner: 'erp', rule: cut(50), compare: anyCaseOrAccent },
  {
    name: 'SALES_REP',
    aliases: ['REPRESENTANTE'],
    crm: { custom: '_cod.gestores', choice: true },
    owner: 'crm',
    rule: integer,
    compare: [{ op: 'default', value: unknownRep }],
  },
  { name: 'CLIENT_CODE', aliases: ['COD_CLIENTE'], crm: { custom: '_cod.cliente' }, owner: 'erp', rule: integer, compare: [] },
  {
    name: 'TAX_REGISTRATION',
    aliases: ['INSCRICAO_ESTADUAL'],
    crm: { custom: '_inscricaoestadual' },
    owner: 'erp',
    rule: [...text, { op: 'remove', chars: '.-/ ' }, { op: 'upper' }, { op: 'map', from: ['ISENTO', 'EXEMPT', '99', '0'], to: exempt }],
    compare: [{ op: 'default', value: exempt }],
  },
  {
    name: 'FINANCIAL_ANALYSIS',
    aliases: ['ANALISE_FINANCEIRA'],
    crm: { custom: '_analisefinanceira' },
    owner: 'erp',
    rule: [...cut(200), { op: 'map', from: ['Vazio.'], to: '' }],
    compare: [],
  },
]

/** Sent when a lead is created, owned by the CRM from then on (mission B.9). */
export const leadCreationFields: readonly Field[] = [
  {
    name: 'PHONE',
    aliases: ['TELEFONE'],
    crm: { property: 'phone' },
    owner: 'crm',
    rule: [{ op: 'digits' }, { op: 'truncate', length: 13 }],
    compare: [],
  },
  { name: 'INDUSTRY', aliases: ['MERCADO'], crm: { property: 'industry' }, owner: 'crm', rule: cut(30), compare: anyCaseOrAccent },
]

const flag: Rule = [
  ...text,
  { op: 'upper' },
  { op: 'map', from: ['Y', 'S', 'T', 'TRUE', '1'], to: 'S' },
  { op: 'map', from: ['N', 'F', 'FALSE', '0'], to: 'N' },
]

export const contactFields: readonly Field[] = [
  { name: 'NAME', aliases: ['NOME'], crm: { property: 'name' }, owner: 'crm', rule: cut(60), compare: anyCase },
  { name: 'EMAIL', aliases: [], crm: { property: 'email' }, owner: 'crm', rule: emailRule, compare: [] },
  {
    name: 'PHONE',
    aliases: ['PHONE1', 'TELEFONE'],
    crm: { property: 'phone1' },
    owner: 'crm',
    rule: [{ op: 'before', separator: '.0' }, { op: 'digits' }, { op: 'truncate', length: 13 }],
    compare: [],
  },
  {
    name: 'JOB_TITLE',
    aliases: ['JOBTITLE', 'CARGO_DESCRICAO', 'CARGO'],
    crm: { property: 'jobTitle' },
    owner: 'crm',
    rule: cut(30),
    compare: anyCase,
  },
  {
    name: 'IS_PRIMARY',
    aliases: ['MAINCONTACT', 'CONTATO_PRINCIPAL'],
    crm: { property: 'mainContact' },
    owner: 'crm',
    rule: flag,
    compare: [{ op: 'default', value: 'N' }],
  },
]
