/**
 * A raw ERP value as Ponte sends and remembers it, for leads that the demo says were sent long ago. The rules of
 * record are the field table of the jobs, which a room on this floor cannot read; a test of the whole demo holds the two together.
 */

import type { Cell } from '../../../engine/model.ts'
import { applyRule, type Rule } from '../../../engine/rules.ts'

const trim: Rule = [{ op: 'trim' }]
const cut = (length: number): Rule => [...trim, { op: 'truncate', length }, ...trim]

const rules = {
  name: cut(40),
  text: cut(200),
  district: cut(50),
  zip: [{ op: 'digits' }, { op: 'padLeft', length: 8, fill: '0' }],
  registration: [
    ...trim,
    { op: 'remove', chars: '.-/ ' },
    { op: 'upper' },
    { op: 'map', from: ['ISENTO', 'EXEMPT', '99', '0'], to: 'ISENTO' },
    { op: 'default', value: 'ISENTO' },
  ],
  phone: [{ op: 'digits' }, { op: 'truncate', length: 13 }],
  industry: cut(30),
  email: [...trim, { op: 'lower' }],
  personName: cut(60),
  jobTitle: cut(30),
} satisfies Record<string, Rule>

/** `kind` names what the value is; null when nothing is left of it. */
export const crmForm = (kind: keyof typeof rules, value: Cell): Cell => applyRule(rules[kind], value)

const small = [' De ', ' Da ', ' Do ', ' Dos ', ' Das ', ' E '] as const

/** How the views write places and industries: capitals at the start of words, prepositions small. Equal to SQL's initcap2. */
export function titleCase(text: string): string {
  const capitals = text.toLowerCase().replace(/[\p{L}\p{N}]+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1))
  return small.reduce((rest, word) => rest.replaceAll(word, word.toLowerCase()), capitals)
}
