/** Rules and entries that fields of several kinds share. */
import type { Rule } from '../engine/rules.ts'
import type { Entry } from './kind.ts'

export const text: Rule = [{ op: 'replace', from: '\u00a0', to: ' ' }, { op: 'trim' }]
/** Cutting may leave a blank at the end, so it is trimmed again: the rule stays idempotent. */
export const cut = (length: number): Rule => [...text, { op: 'truncate', length }, { op: 'trim' }]
export const anyCase: Rule = [{ op: 'upper' }]
export const anyCaseOrAccent: Rule = [{ op: 'unaccent' }, { op: 'upper' }]
export const integer: Rule = [...text, { op: 'wholeNumber' }]
export const phone: Rule = [...text, { op: 'phone' }, { op: 'truncate', length: 13 }]

export const taxIdRule: Rule = [{ op: 'alnum' }, { op: 'padLeft', length: 14, fill: '0' }]
export const emailRule: Rule = [...text, { op: 'lower' }]
export const anyText: Entry = { typed: /\P{C}/u, words: 'a text', required: true }
export const wholeEntry: Entry = { typed: /^\d{1,15}$/, words: 'a whole number' }
export const phoneEntry: Entry = { typed: /^(?=(?:\D*\d){10,13}\D*$)[\d\s()+./-]+$/, words: '10 to 13 digits, with the area code' }
/** CNPJ (alphanumeric since 2026) or CPF, printed or bare; check digits are judged where it is read. */
export const taxIdEntry: Entry = {
  typed: /^(?=(?:[^\dA-Z]*[\dA-Z]){11,14}[^\dA-Z]*$)[\dA-Z./-]+$/i,
  words: 'a CNPJ of 14 positions or a CPF of 11 digits',
  required: true,
}
export const emailEntry: Entry = { typed: /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/, words: 'one e-mail address', required: true }

export const unknownRep = '99'
export const exempt = 'ISENTO'
