/**
 * Normalisation as data (mission B.8). A rule is a list of steps; it is compiled to SQL for engines (rules-sql.ts) and
 * applied to single records here, and a property test holds the two equal. Every step maps null to null (except
 * `default`), the empty string is null before the first step and after each one, and a rule applied twice equals a rule
 * applied once. Lengths and positions count code points.
 */
import { PonteError } from '../base/error.ts'
import { isAscii, lowerLetters, unaccentLetters, upperLetters } from './letters.ts'

export type Step =
  /** Drops spaces, no-break spaces, tabs and line breaks (see `BLANKS`) at both ends. */
  | { readonly op: 'trim' }
  /** Letters of ASCII, Latin-1 and Latin Extended-A; ß, ı, ligatures and other scripts stay as they are. */
  | { readonly op: 'upper' }
  | { readonly op: 'lower' }
  /** Drops the marks of Latin letters: Á -> A, ç -> c. */
  | { readonly op: 'unaccent' }
  /** Keeps 0-9 only. */
  | { readonly op: 'digits' }
  /** Upper case, then keeps 0-9 A-Z only (tax ids: alphanumeric CNPJ since July 2026). */
  | { readonly op: 'alnum' }
  /** Removes each of these characters. */
  | { readonly op: 'remove'; readonly chars: string }
  | { readonly op: 'replace'; readonly from: string; readonly to: string }
  | { readonly op: 'padLeft'; readonly length: number; readonly fill: string }
  | { readonly op: 'truncate'; readonly length: number }
  /** The text before the first `separator`; all of it when there is none. */
  | { readonly op: 'before'; readonly separator: string }
  /** 007 -> 7, 000 -> 0. */
  | { readonly op: 'stripZeros' }
  | { readonly op: 'map'; readonly from: readonly string[]; readonly to: string }
  /** Kept when listed, else `otherwise`. */
  | { readonly op: 'oneOf'; readonly values: readonly string[]; readonly otherwise: string }
  | { readonly op: 'default'; readonly value: string }

export type Rule = readonly Step[]

/** What `trim` drops: TAB LF VT FF CR, space, no-break space. */
export const BLANKS = '\t\n\v\f\r \u00a0'

/**
 * The value after every step of `rule`; null when it is null or becomes empty. Lone surrogates become U+FFFD, as they
 * would on their way to an engine. Throws `engine.bad_rule` when the rule itself is senseless (see `checkRule`).
 */
export function applyRule(rule: Rule, value: string | null): string | null {
  checkRule(rule)
  let current = value === null || value === '' ? null : wellFormed(value)
  for (const step of rule) {
    if (current === null) {
      if (step.op === 'default') current = step.value
      continue
    }
    current = applyStep(step, current) || null
  }
  return current
}

function applyStep(step: Step, value: string): string {
  switch (step.op) {
    case 'trim':
      return value.replace(/^[\t-\r \u00a0]+/, '').replace(/(?<![\t-\r \u00a0])[\t-\r \u00a0]+$/, '')
    case 'upper':
      return upperLetters(value)
    case 'lower':
      return lowerLetters(value)
    case 'unaccent':
      return unaccentLetters(value)
    case 'digits':
      return value.replace(/[^0-9]/g, '')
    case 'alnum':
      return value.replace(/[^0-9A-Za-z]/g, '').toUpperCase()
    case 'remove':
      return codePoints(value)
        .filter((char) => !step.chars.includes(char))
        .join('')
    case 'replace':
      return value.replaceAll(step.from, () => step.to)
    case 'padLeft':
      return padLeft(value, step.length, step.fill)
    case 'truncate':
      return value.length <= step.length ? value : codePoints(value).slice(0, step.length).join('')
    case 'before':
      return value.split(step.separator, 1)[0]!
    case 'stripZeros':
      return value.replace(/^0+/, '') || '0'
    case 'map':
      return step.from.includes(value) ? step.to : value
    case 'oneOf':
      return step.values.includes(value) ? value : step.otherwise
    case 'default':
      return value
  }
}

/** Refuses steps that mean nothing or that engines read differently. Throws `engine.bad_rule` naming the step. */
export function checkRule(rule: Rule): void {
  for (const step of rule) if (isSenseless(step)) throw badRule(step)
}

function isSenseless(step: Step): boolean {
  switch (step.op) {
    case 'remove':
      return step.chars === ''
    case 'replace':
      return step.from === ''
    case 'padLeft':
      return !isCount(step.length) || step.fill === ''
    case 'truncate':
      return !isCount(step.length)
    case 'before':
      return step.separator === ''
    case 'map':
      return step.from.length === 0
    case 'oneOf':
      return step.values.length === 0
    case 'default':
      return step.value === ''
    default:
      return false
  }
}

function badRule(step: Step): PonteError {
  return new PonteError('engine.bad_rule', `rule step \`${step.op}\` needs a length of 1 to 10000 and texts that are not empty`, {
    hint: 'correct the rule of the column in the field table',
    exitCode: 2,
  })
}

function isCount(length: number): boolean {
  return Number.isInteger(length) && length >= 1 && length <= 10_000
}

function padLeft(value: string, length: number, fill: string): string {
  const missing = length - codePointCount(value)
  if (missing <= 0) return value
  const unit = codePoints(fill)
  return Array.from({ length: missing }, (_, index) => unit[index % unit.length]).join('') + value
}

/** How many code points `value` has; a UTF-16 length counts an emoji twice. */
export function codePointCount(value: string): number {
  return isAscii(value) ? value.length : codePoints(value).length
}

function codePoints(value: string): string[] {
  return Array.from(value)
}

/** Replaces lone surrogates by U+FFFD: they have no UTF-8 form. */
export function wellFormed(value: string): string {
  return isAscii(value) ? value : value.replace(/\p{Surrogate}/gu, '\ufffd')
}
