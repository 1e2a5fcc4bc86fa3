/** What a person types for a field of a refused line, checked and brought into the field's form. */
import { cnpj, cpf } from 'cpf-cnpj-validator'
import type { Cell } from '../engine/model.ts'
import { applyRule, codePointCount, type Rule } from '../engine/rules.ts'
import type { Field } from '../records/kind.ts'

/** wrong: completes "<field>: ", without the value, which may be personal data. */
export type EntryRead = { readonly value: Cell } | { readonly wrong: string }

/** @param text as typed; empty or null: the value is taken out */
export function readEntry(field: Field, text: string | null): EntryRead {
  const typed = (text ?? '').trim()
  const { entry } = field
  if (typed === '') return entry?.required ? { wrong: 'may not be empty' } : { value: applyRule(field.rule, null) }
  if (/\p{Cc}/u.test(typed)) return { wrong: 'holds a control character or a line break' }
  if (entry && !entry.typed.test(typed)) return { wrong: `expected: ${entry.words}` }
  if (field.name === 'TAXID' && !isTaxId(typed)) return { wrong: 'its check digits are wrong' }
  const longest = Math.min(...field.rule.map((step) => (step.op === 'truncate' ? step.length : Number.POSITIVE_INFINITY)))
  // Of digits the rule keeps fewer characters than were typed; a text it would cut unseen.
  if (!keepsDigits(field.rule) && codePointCount(typed) > longest) return { wrong: `at most ${longest} characters` }
  return { value: applyRule(field.rule, typed) }
}

const keepsDigits = (rule: Rule): boolean => rule.some((step) => ['digits', 'wholeNumber', 'phone'].includes(step.op))

function isTaxId(typed: string): boolean {
  const bare = typed.toUpperCase().replace(/[^\dA-Z]/g, '')
  // A number that lost its zeros in front is a tax id all the same.
  return (bare.length === 11 && cpf.isValid(bare)) || cnpj.isValid(bare.padStart(14, '0'))
}
