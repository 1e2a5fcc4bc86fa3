/**
 * Normalisation as data. A rule is a list of steps; it is compiled to SQL for engines (rules-sql.ts) and
 * applied to single records here, and a property test holds the two equal. Every step maps null to null (except
 * `default`), the empty string is null before the first step and after each one, and a rule applied twice equals a rule
 * applied once. Lengths and positions count code points.
 */
import { PonteError } from '../base/error.ts'
import { cleanText } from '../base/text.ts'
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
  /** 01310100.0 -> 01310100: a number that a database or a spreadsheet wrote (see `ZERO_FRACTION`). */
  | { readonly op: 'dropZeroFraction' }
  /** The first whole number, without zeros in front: 007 -> 7, 12.0 -> 12, 1.234 -> 1234, 11/2 -> 11, .5 -> 0. */
  | { readonly op: 'wholeNumber' }
  /** The digits of the first phone number: (11) 98765-4321 / 3333-4444 -> 11987654321. */
  | { readonly op: 'phone' }
  | { readonly op: 'map'; readonly from: readonly string[]; readonly to: string }
  /** Kept when listed, else `otherwise`. */
  | { readonly op: 'oneOf'; readonly values: readonly string[]; readonly otherwise: string }
  | { readonly op: 'default'; readonly value: string }

export type Rule = readonly Step[]

/** What `trim` drops: TAB LF VT FF CR, space, no-break space. */
export const BLANKS = '\t\n\v\f\r \u00a0'

/**
 * Patterns that JavaScript, RE2 and Java read alike; sql/*'s house routines hold the same.
 *
 * A zero fraction is one or two zeros at the end, or any number of them behind seven digits in a row: after fewer, `.0000` may
 * be the last group of a phone number written with points.
 */
export const ZERO_FRACTION = { short: '\\.00?$', long: '([0-9]{7})\\.0+$' }
export const WHOLE_NUMBER = { zero: '^[+-]?\\.[0-9]', fraction: '\\.0+$', first: '[0-9]{1,3}(?:\\.[0-9]{3})+|[0-9]+' }
/**
 * A phone number has eight digits, with anything between them, and then goes on over points, hyphens, blanks; a letter, a line break or
 * a sign that parts two numbers ends it. Blanks end it too when there would be more than 13 digits, which no number has.
 */
const PHONE_ENDS = 'A-Za-z/;,|(+:&#*\\n\\t'
export const PHONE = {
  run: `^(?:[^0-9]*[0-9]){8}(?:[^0-9${PHONE_ENDS}]*[0-9])*`,
  shortRun: `^(?:[^0-9]*[0-9]){8}(?:[^0-9${PHONE_ENDS} ]*[0-9])*`,
  longest: 13,
}

/**
 * The value after every step of `rule`; null when it is null or becomes empty. Before the first step control characters and lone
 * surrogates go (`cleanText`), as they do on their way to an engine (frame-column.ts). Throws `engine.bad_rule` when the rule itself is senseless (see `checkRule`).
 */
export function applyRule(rule: Rule, value: string | null): string | null {
  checkRule(rule)
  let current = value === null || value === '' ? null : cleanText(value) || null
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
      return digitsOf(value)
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
    case 'dropZeroFraction':
      return dropZeroFraction(value)
    case 'wholeNumber':
      return wholeNumber(value)
    case 'phone':
      return firstPhone(value)
    case 'map':
      return step.from.includes(value) ? step.to : value
    case 'oneOf':
      return step.values.includes(value) ? value : step.otherwise
    case 'default':
      return value
  }
}

const pattern = (text: string) => new RegExp(text, 'u')
const [shortFraction, longFraction] = [pattern(ZERO_FRACTION.short), pattern(ZERO_FRACTION.long)]
const [zeroPart, zeroFraction, firstWhole] = [pattern(WHOLE_NUMBER.zero), pattern(WHOLE_NUMBER.fraction), pattern(WHOLE_NUMBER.first)]
const [phoneRun, shortPhoneRun] = [pattern(PHONE.run), pattern(PHONE.shortRun)]
const digitsOf = (value: string): string => value.replace(/[^0-9]/g, '')

const stripZeros = (value: string): string => value.replace(/^0+/, '') || '0'

const dropZeroFraction = (value: string): string => value.replace(longFraction, '$1').replace(shortFraction, '')

function wholeNumber(value: string): string {
  if (zeroPart.test(value)) return '0'
  const first = firstWhole.exec(value.replace(zeroFraction, ''))
  return first === null ? '' : stripZeros(digitsOf(first[0]))
}

function firstPhone(value: string): string {
  const whole = dropZeroFraction(value)
  const run = phoneRun.exec(whole)?.[0] ?? whole
  const first = digitsOf(run).length > PHONE.longest ? shortPhoneRun.exec(run)![0] : run
  return digitsOf(dropZeroFraction(first))
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
