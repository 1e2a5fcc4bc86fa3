/**
 * The one table of mapped fields (architecture 1): the ERP's column, the queue key, the CRM's field as it is written, as it is read
 * and as webhooks carry it, the owner, the direction and the normaliser of each. Everything that maps reads it. Rules are mission B.8;
 * owners are architecture 5, directions mission B.9; custom fields are mission G.3, webhooks mission F.
 */
import type { Rule } from '../engine/rules.ts'

/** Where a value lives in the CRM: a property of `lead`/person, or a custom field (choice fields take `options`). */
export type CrmTarget = { readonly property: string } | { readonly custom: string; readonly choice?: boolean }

/**
 * to-crm: a change in the CRM is corrected · to-erp: a change in the ERP stays there · both: whoever moved alone wins, the owner when
 * both did · mirror: kept in LEADS only
 */
export type Flow = 'to-crm' | 'to-erp' | 'both' | 'mirror'

export interface Field {
  /** Canonical column of mirror and update views, and the key in a queue line. */
  readonly name: string
  /** Other keys that mean the same in lines of any origin: the insert view's column first, then what the old system wrote. */
  readonly aliases: readonly string[]
  readonly crm: CrmTarget | null
  /** Where a value comes from when the CRM is read: a path of the row (`industry.value`); custom fields are found by `crm`. */
  readonly read: string | null
  /** The same in a webhook's `Lead` (or contact): null when it is not there on its own. */
  readonly webhook: string | null
  readonly owner: 'erp' | 'crm'
  readonly flow: Flow
  /** Value as sent and remembered. */
  readonly rule: Rule
  /** Further, for comparing only. */
  readonly compare: Rule
  /**
   * Characters of the longest value that counts as one; the column of the mirror holds one more. Fields whose rule cuts need none.
   * What is longer in the CRM stands in the mirror cut to one character too many: it differs from every value, so the ERP's is sent.
   */
  readonly longest?: number
  /** What a person may type for it (edit of a refused line); without it any text that fits. */
  readonly entry?: Entry
}

export interface Entry {
  /** Of the text as typed, blanks at its ends cut off. */
  readonly typed: RegExp
  /** Completes "expected: ". */
  readonly words: string
  /** An empty value is refused. */
  readonly required?: true
}

const text: Rule = [{ op: 'replace', from: '\u00a0', to: ' ' }, { op: 'trim' }]
/** Cutting may leave a blank at the end, so it is trimmed again: the rule stays idempotent. */
const cut = (length: number): Rule => [...text, { op: 'truncate', length }, { op: 'trim' }]
const anyCase: Rule = [{ op: 'upper' }]
const anyCaseOrAccent: Rule = [{ op: 'unaccent' }, { op: 'upper' }]
const integer: Rule = [...text, { op: 'wholeNumber' }]
const phone: Rule = [...text, { op: 'phone' }, { op: 'truncate', length: 13 }]

const taxIdRule: Rule = [{ op: 'alnum' }, { op: 'padLeft', length: 14, fill: '0' }]
const emailRule: Rule = [...text, { op: 'lower' }]
const anyText: Entry = { typed: /\P{C}/u, words: 'a text', required: true }
const wholeEntry: Entry = { typed: /^\d{1,15}$/, words: 'a whole number' }
const phoneEntry: Entry = { typed: /^(?=(?:\D*\d){10,13}\D*$)[\d\s()+./-]+$/, words: '10 to 13 digits, with the area code' }
/** CNPJ (alphanumeric since 2026) or CPF, printed or bare; check digits are judged where it is read. */
const taxIdEntry: Entry = {
  typed: /^(?=(?:[^\dA-Z]*[\dA-Z]){11,14}[^\dA-Z]*$)[\dA-Z./-]+$/i,
  words: 'a CNPJ of 14 positions or a CPF of 11 digits',
  required: true,
}
const emailEntry: Entry = { typed: /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/, words: 'one e-mail address', required: true }

export const unknownRep = '99'
export const exempt = 'ISENTO'

export const leadFields: readonly Field[] = [
  {
    name: 'NAME',
    aliases: [],
    crm: { property: 'name' },
    read: 'lead',
    webhook: 'Company',
    owner: 'erp',
    flow: 'to-crm',
    rule: cut(40),
    compare: anyCase,
    entry: anyText,
  },
  {
    name: 'TAXID',
    aliases: ['CPFCNPJ', 'CNPJ'],
    crm: { property: 'cpfcnpj' },
    read: 'cnpj',
    webhook: 'CpfCnpj',
    owner: 'erp',
    flow: 'to-crm',
    rule: taxIdRule,
    longest: 19,
    compare: [],
    entry: taxIdEntry,
  },
  {
    name: 'ADDRESS_STREET',
    aliases: ['ADDRESS', 'END_RUA'],
    crm: { property: 'address' },
    read: 'street',
    webhook: null,
    owner: 'erp',
    flow: 'to-crm',
    rule: cut(200),
    compare: anyCase,
  },
  {
    name: 'ADDRESS_ZIPCODE',
    aliases: ['ZIPCODE', 'END_CEP'],
    crm: { property: 'zipcode' },
    read: 'cep',
    webhook: 'Address.ZipCode',
    owner: 'erp',
    flow: 'to-crm',
    rule: [...text, { op: 'dropZeroFraction' }, { op: 'digits' }, { op: 'padLeft', length: 8, fill: '0' }],
    longest: 9,
    compare: [],
    entry: { typed: /^\d{5}-?\d{3}$/, words: '8 digits' },
  },
  {
    name: 'ADDRESS_NUMBER',
    aliases: ['NUMBER', 'NUMERO', 'END_NUMERO'],
    crm: { property: 'addressNumber' },
    read: 'number',
    webhook: null,
    owner: 'erp',
    flow: 'to-crm',
    rule: [...integer, { op: 'default', value: '0' }],
    longest: 8,
    compare: [],
    entry: { typed: /^(\d{1,9}|SN)$/i, words: 'a whole number, or SN for none' },
  },
  {
    name: 'ADDRESS_COMPLEMENT',
    aliases: ['COMPLEMENT', 'END_COMPLEMENTO'],
    crm: { property: 'addressComplement' },
    read: 'complement',
    webhook: 'Address.AddAddressInformation',
    owner: 'erp',
    flow: 'to-crm',
    rule: cut(200),
    compare: anyCase,
  },
  {
    name: 'ADDRESS_DISTRICT',
    aliases: ['DISTRICT', 'NEIGHBORHOOD', 'END_BAIRRO'],
    crm: { property: 'neighborhood' },
    read: 'district',
    webhook: null,
    owner: 'erp',
    flow: 'to-crm',
    rule: cut(50),
    compare: anyCase,
  },
  {
    name: 'CITY',
    aliases: ['END_CIDADE'],
    crm: { property: 'city' },
    read: 'city',
    webhook: 'Address.City',
    owner: 'erp',
    flow: 'to-crm',
    rule: cut(50),
    compare: anyCaseOrAccent,
  },
  {
    name: 'STATE',
    aliases: ['END_ESTADO'],
    crm: { property: 'state' },
    read: 'state',
    webhook: 'Address.State',
    owner: 'erp',
    flow: 'to-crm',
    rule: cut(50),
    compare: anyCaseOrAccent,
  },
  {
    name: 'SALES_REP',
    aliases: ['REPRESENTANTE'],
    crm: { custom: '_cod.gestores', choice: true },
    read: null,
    webhook: null,
    owner: 'crm',
    flow: 'both',
    rule: integer,
    longest: 17,
    compare: [{ op: 'default', value: unknownRep }],
    entry: wholeEntry,
  },
  {
    name: 'CLIENT_CODE',
    aliases: ['COD_CLIENTE'],
    crm: { custom: '_cod.cliente' },
    read: null,
    webhook: null,
    owner: 'erp',
    flow: 'to-crm',
    rule: integer,
    longest: 17,
    compare: [],
    entry: wholeEntry,
  },
  {
    name: 'TAX_REGISTRATION',
    aliases: ['INSCRICAO_ESTADUAL'],
    crm: { custom: '_inscricaoestadual' },
    read: null,
    webhook: null,
    owner: 'erp',
    flow: 'both',
    rule: [...text, { op: 'remove', chars: '.-/ ' }, { op: 'upper' }, { op: 'map', from: ['ISENTO', 'EXEMPT', '99', '0'], to: exempt }],
    longest: 19,
    compare: [{ op: 'default', value: exempt }],
  },
  {
    name: 'FINANCIAL_ANALYSIS',
    aliases: ['ANALISE_FINANCEIRA'],
    crm: { custom: '_analisefinanceira' },
    read: null,
    webhook: null,
    owner: 'erp',
    flow: 'both',
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
    read: 'phone1',
    webhook: 'Phone',
    owner: 'crm',
    flow: 'to-erp',
    rule: phone,
    compare: [],
    entry: phoneEntry,
  },
  {
    name: 'INDUSTRY',
    aliases: ['MERCADO'],
    crm: { property: 'industry' },
    read: 'industry.value',
    webhook: 'Industry.value',
    owner: 'crm',
    flow: 'to-erp',
    rule: cut(30),
    compare: anyCaseOrAccent,
  },
]

/** Known of a lead and kept in the mirror alone (mission B.9). */
export const leadMirrorFields: readonly Field[] = [
  { name: 'STAGE', aliases: [], crm: null, read: 'stage', webhook: 'Stage', owner: 'crm', flow: 'mirror', rule: cut(50), compare: [] },
  {
    name: 'SOURCE',
    aliases: ['ORIGEM'],
    crm: null,
    read: 'source.value',
    webhook: 'Origin.value',
    owner: 'crm',
    flow: 'mirror',
    rule: cut(60),
    compare: [],
  },
]

/** Everything that the CRM tells of a lead. */
export const leadInboundFields: readonly Field[] = [...leadFields, ...leadCreationFields, ...leadMirrorFields]

const flag: Rule = [
  ...text,
  { op: 'upper' },
  { op: 'map', from: ['Y', 'S', 'T', 'TRUE', '1'], to: 'S' },
  { op: 'map', from: ['N', 'F', 'FALSE', '0'], to: 'N' },
  { op: 'oneOf', values: ['S', 'N'], otherwise: 'N' },
]

/** What a contact without a phone is sent with (mission C.7). */
export const noPhone = '5500000000'

export const contactFields: readonly Field[] = [
  {
    name: 'NAME',
    aliases: ['NOME'],
    crm: { property: 'name' },
    read: 'name',
    webhook: 'Name',
    owner: 'crm',
    flow: 'both',
    rule: cut(60),
    compare: anyCase,
    entry: anyText,
  },
  {
    name: 'EMAIL',
    aliases: [],
    crm: { property: 'email' },
    read: 'email',
    webhook: 'Email',
    owner: 'crm',
    flow: 'both',
    rule: emailRule,
    longest: 199,
    compare: [],
    entry: emailEntry,
  },
  {
    name: 'PHONE',
    aliases: ['PHONE1', 'TELEFONE'],
    crm: { property: 'phone1' },
    read: 'phone1',
    webhook: 'Phone',
    owner: 'crm',
    flow: 'both',
    rule: [...phone, { op: 'map', from: [noPhone], to: '' }],
    compare: [],
    entry: phoneEntry,
  },
  {
    name: 'JOB_TITLE',
    aliases: ['JOBTITLE', 'CARGO_DESCRICAO', 'CARGO'],
    crm: { property: 'jobTitle' },
    read: 'jobTitle',
    webhook: 'Position',
    owner: 'crm',
    flow: 'both',
    rule: cut(30),
    compare: anyCase,
  },
  {
    name: 'IS_PRIMARY',
    aliases: ['MAINCONTACT', 'CONTATO_PRINCIPAL'],
    crm: { property: 'mainContact' },
    read: 'mainContact',
    webhook: null,
    owner: 'crm',
    flow: 'both',
    rule: flag,
    compare: [{ op: 'default', value: 'N' }],
    entry: { typed: /^[SYN]$/i, words: 'S (main contact) or N' },
  },
]
