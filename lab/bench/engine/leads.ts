/** The rows of the engine bench: 15 columns like those of a lead, the rules that a lead's columns have, 1% changed. */
import type { Column, Row } from '../../../engine/model.ts'

const text = (name: string): Column => ({ name, rule: [{ op: 'trim' }] })
const upper = (name: string): Column => ({ name, rule: [{ op: 'trim' }, { op: 'upper' }] })

export const columns: readonly Column[] = [
  text('ID'),
  { name: 'TAXID', rule: [{ op: 'alnum' }, { op: 'padLeft', length: 14, fill: '0' }] },
  { name: 'NAME', rule: [{ op: 'trim' }, { op: 'upper' }, { op: 'truncate', length: 40 }] },
  upper('ADDRESS_STREET'),
  upper('ADDRESS_COMPLEMENT'),
  { name: 'CITY', rule: [{ op: 'trim' }, { op: 'upper' }], compare: [{ op: 'unaccent' }] },
  { name: 'ADDRESS_NUMBER', rule: [{ op: 'trim' }, { op: 'default', value: 'SN' }] },
  { name: 'ADDRESS_ZIPCODE', rule: [{ op: 'digits' }, { op: 'truncate', length: 14 }] },
  upper('ADDRESS_DISTRICT'),
  text('EMAIL'),
  text('STATE'),
  text('PHONE'),
  { name: 'SALES_REP', rule: [{ op: 'wholeNumber' }] },
  { name: 'CLIENT_CODE', rule: [{ op: 'wholeNumber' }] },
  text('FINANCIAL_ANALYSIS'),
]

export const CHANGED_EVERY = 100

/** How the queue lines of both sides are made: the same serialiser, the same envelope. */
export const envelope = { run: 'bench', entity: 'leads.update' }

export type Line = { readonly row: Row; readonly hash: string; readonly key: string }
