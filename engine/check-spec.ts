/** What a compare can be asked. */
import { PonteError } from '../base/error.ts'
import type { CompareSpec } from './model.ts'
import { checkRule } from './rules.ts'

/** Throws `engine.bad_spec` or `engine.bad_rule` when the spec cannot be compared. */
export function checkSpec(spec: CompareSpec): void {
  const names = spec.columns.map(({ name }) => name)
  // The entity names a folder.
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(spec.entity) || spec.entity.includes('..'))
    throw badSpec(spec, 'the entity may hold letters, digits, dots and hyphens')
  if (new Set(names).size !== names.length) throw badSpec(spec, 'two columns have the same name')
  if (!spec.columns.some(({ compare }) => compare !== false)) throw badSpec(spec, 'no column is compared')
  if (spec.key.length === 0 || !spec.key.every((part) => names.includes(part))) throw badSpec(spec, 'the key must name columns')
  for (const { rule, compare } of spec.columns) {
    checkRule(rule)
    if (compare) checkRule(compare)
  }
}

function badSpec(spec: CompareSpec, what: string): PonteError {
  return new PonteError('engine.bad_spec', `${spec.entity}: ${what}`, { hint: 'correct the entity in the field table', exitCode: 2 })
}
