/**
 * Rules as SQL, inside the subset that DuckDB and Spark both accept. Each step is guarded by a cheap test, because the
 * exact functions are slow (`translate` 60 ns per table entry and row, `trim` 160 ns) and most values are clean already.
 *
 * A guarded step names its operand several times, so steps are not nested into one expression (it would grow
 * exponentially) but stacked as stages: select ... from (select ... from ...).
 */
import { accentTable, caseTable, combiningMarks, portugueseTable } from './letters.ts'
import { BLANKS, checkRule, PHONE, type Rule, type Step, WHOLE_NUMBER, ZERO_FRACTION } from './rules.ts'

/** What engines spell differently: regular expressions. Patterns are such that RE2 and Java read them alike. */
export interface SqlDialect {
  matches(x: string, pattern: string): string
  removeAll(x: string, pattern: string): string
  /** The first match replaced; `to` may name groups: \\1. */
  replaceFirst(x: string, pattern: string, to: string): string
  /** The first match; '' when there is none. */
  firstMatch(x: string, pattern: string): string
}

const duckdbDialect: SqlDialect = {
  matches: (x, pattern) => `regexp_matches(${x}, ${literal(pattern)})`,
  removeAll: (x, pattern) => `regexp_replace(${x}, ${literal(pattern)}, '', 'g')`,
  replaceFirst: (x, pattern, to) => `regexp_replace(${x}, ${literal(pattern)}, ${literal(to)})`,
  firstMatch: (x, pattern) => `regexp_extract(${x}, ${literal(pattern)})`,
}

/** A column of a staged select: `rule` applied to column `from`, called `as`. Both are plain SQL names; `from` holds no ''. */
export interface StagedColumn {
  readonly from: string
  readonly rule: Rule
  readonly as: string
}

interface StepSql {
  /** Names the operand once: it may be any expression. Otherwise it must be a column. */
  readonly once: boolean
  readonly sql: (x: string, d: SqlDialect) => string
}

/**
 * `select <carried>, <columns> from <from>`, with the rules applied in nested stages. `from` is a table or a
 * parenthesised select. Empty results are null; inputs must be null or not empty. Throws `engine.bad_rule`.
 */
export function stagedSelect(columns: readonly StagedColumn[], carried: readonly string[], from: string, dialect = duckdbDialect): string {
  const plans = columns.map((column) => ({ column, stages: stagesOf(column.rule, dialect) }))
  const depth = Math.max(1, ...plans.map(({ stages }) => stages.length))
  let source = from
  for (let level = 0; level < depth; level += 1) {
    const items = plans.map(({ column, stages }) => {
      const x = level === 0 ? column.from : column.as
      return `${stages[level]?.(x) ?? x} as ${column.as}`
    })
    source = `(select ${[...carried, ...items].join(', ')} from ${source})`
  }
  return source.slice(1, -1)
}

/** The stages of a rule: each maps a column name to an expression. */
function stagesOf(rule: Rule, dialect: SqlDialect): ((column: string) => string)[] {
  checkRule(rule)
  const stages: ((column: string) => string)[] = []
  for (const step of rule) {
    for (const { once, sql } of stepSql(step)) {
      const last = stages.at(-1)
      if (once && last !== undefined) stages[stages.length - 1] = (column) => sql(last(column), dialect)
      else stages.push((column) => sql(column, dialect))
    }
  }
  return stages
}

const once = (sql: StepSql['sql']): StepSql => ({ once: true, sql })
const several = (sql: StepSql['sql']): StepSql => ({ once: false, sql })

function stepSql(step: Step): StepSql[] {
  switch (step.op) {
    case 'trim':
      return [several((x) => `case when ${blankAtAnEnd(x)} then nullif(trim(both ${literal(BLANKS)} from ${x}), '') else ${x} end`)]
    case 'upper':
      return [several((x, d) => changeCase('upper', caseTable.from, caseTable.to, x, d))]
    case 'lower':
      return [several((x, d) => changeCase('lower', caseTable.to, caseTable.from, x, d))]
    case 'unaccent':
      return [several(unaccent)]
    case 'digits':
      return [several((x, d) => `case when ${d.matches(x, '[^0-9]')} then nullif(${d.removeAll(x, '[^0-9]')}, '') else ${x} end`)]
    case 'alnum':
      return [
        several((x, d) => `case when ${d.matches(x, '[^0-9A-Z]')} then nullif(upper(${d.removeAll(x, '[^0-9A-Za-z]')}), '') else ${x} end`),
      ]
    case 'remove':
      return [once((x, d) => `nullif(${d.removeAll(x, `[${hexClass(step.chars)}]`)}, '')`)]
    case 'replace':
      return [once((x) => `nullif(replace(${x}, ${literal(step.from)}, ${literal(step.to)}), '')`)]
    case 'padLeft':
      // lpad alone would cut what is longer.
      return [
        several((x) => `case when char_length(${x}) < ${step.length} then lpad(${x}, ${step.length}, ${literal(step.fill)}) else ${x} end`),
      ]
    case 'truncate':
      return [several((x) => `case when char_length(${x}) > ${step.length} then left(${x}, ${step.length}) else ${x} end`)]
    case 'dropZeroFraction':
      return [
        several(
          (x, d) => `case when ${x} like '%.0' or ${x} like '%.00' or ${x} like '%.000%' then ${withoutZeroFraction(x, d)} else ${x} end`,
        ),
      ]
    case 'wholeNumber':
      return [several((x, d) => `case when ${x} like '0%' or ${d.matches(x, '[^0-9]')} then ${wholeNumber(x, d)} else ${x} end`)]
    case 'phone':
      return [
        several(
          (x, d) => `case when ${d.matches(x, '[^0-9]')} or char_length(${x}) > ${PHONE.longest} then ${firstPhone(x, d)} else ${x} end`,
        ),
      ]
    case 'map':
      return [several((x) => `case when ${x} in (${step.from.map(literal).join(', ')}) then nullif(${literal(step.to)}, '') else ${x} end`)]
    case 'oneOf':
      return [
        several(
          (x) =>
            `case when ${x} is null or ${x} in (${step.values.map(literal).join(', ')}) then ${x} else nullif(${literal(step.otherwise)}, '') end`,
        ),
      ]
    case 'default':
      return [once((x) => `coalesce(${x}, ${literal(step.value)})`)]
  }
}

/** True when every character is one byte. */
function isAsciiSql(x: string): string {
  return `bit_length(${x}) = 8 * char_length(${x})`
}

/** Text is compared by bytes: below '!' starts with a control character or a space; the second pair is the no-break space. */
function blankAtAnEnd(x: string): string {
  const ends = Array.from(BLANKS, (blank) => `${x} like ${literal(`%${blank}`)}`)
  return [`${x} < '!'`, `(${x} >= ${literal('\u00a0')} and ${x} < ${literal('\u00a1')})`, ...ends].join(' or ')
}

/** Characters on whose case every engine agrees with our table: ASCII, Latin-1, Extended-A less µ ß İ ı ŉ ſ, and dashes and quotes. */
const AGREED_CASE = '[^\\x{0}-\\x{7f}\\x{a0}-\\x{b4}\\x{b6}-\\x{de}\\x{e0}-\\x{12f}\\x{132}-\\x{148}\\x{14a}-\\x{17e}\\x{2010}-\\x{2027}]'

function changeCase(name: 'upper' | 'lower', from: string, to: string, x: string, d: SqlDialect): string {
  const ascii =
    name === 'upper'
      ? ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
      : ['ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz']
  const exact = `translate(${x}, ${literal(ascii[0] + from)}, ${literal(ascii[1] + to)})`
  return `case when ${isAsciiSql(x)} then ${name}(${x}) when ${d.matches(x, AGREED_CASE)} then ${exact} else ${name}(${x}) end`
}

/** Every character that `unaccent` can touch is in one of these blocks. */
const MARKED = '[\\x{c0}-\\x{17f}\\x{300}-\\x{36f}\\x{1e00}-\\x{1eff}]'

function unaccent(x: string, d: SqlDialect): string {
  const beyond = `[^\\x{0}-\\x{bf}${hexClass(portugueseTable.from)}]`
  const short = `translate(${x}, ${literal(portugueseTable.from)}, ${literal(portugueseTable.to)})`
  const full = `nullif(translate(${x}, ${literal(accentTable.from + combiningMarks)}, ${literal(accentTable.to)}), '')`
  return `case when ${isAsciiSql(x)} then ${x} when not ${d.matches(x, beyond)} then ${short} when ${d.matches(x, MARKED)} then ${full} else ${x} end`
}

function withoutZeroFraction(x: string, d: SqlDialect): string {
  return `nullif(${d.replaceFirst(d.replaceFirst(x, ZERO_FRACTION.long, '\\1'), ZERO_FRACTION.short, '')}, '')`
}

function wholeNumber(x: string, d: SqlDialect): string {
  const first = d.removeAll(d.firstMatch(d.replaceFirst(x, WHOLE_NUMBER.fraction, ''), WHOLE_NUMBER.first), '[^0-9]')
  // Without its zeros in front; of zeros alone the last one stays.
  return `case when ${d.matches(x, WHOLE_NUMBER.zero)} then '0' else nullif(${d.replaceFirst(first, '^0+([0-9])', '\\1')}, '') end`
}

/** Few values come here, so it may name its operand again and again. */
function firstPhone(x: string, d: SqlDialect): string {
  const whole = withoutZeroFraction(x, d)
  const run = `coalesce(nullif(${d.firstMatch(whole, PHONE.run)}, ''), ${whole})`
  const digits = (text: string) => d.removeAll(text, '[^0-9]')
  const first = `case when char_length(${digits(run)}) > ${PHONE.longest} then ${d.firstMatch(run, PHONE.shortRun)} else ${run} end`
  return `nullif(${digits(withoutZeroFraction(first, d))}, '')`
}

/** Characters for the inside of a regular expression's class, each as a number, so that none can mean anything else. */
function hexClass(chars: string): string {
  return Array.from(chars, (char) => `\\x{${char.codePointAt(0)!.toString(16)}}`).join('')
}

/**
 * A text literal that both dialects read alike: quotes doubled; control characters and backslashes (an escape in Spark)
 * by number.
 */
export function literal(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not stand in the statement
  const parts = text.split(/([\0-\x1f\\])/).filter((part) => part !== '')
  const sql = parts.map((part) => (part < ' ' || part === '\\' ? `chr(${part.charCodeAt(0)})` : `'${part.replaceAll("'", "''")}'`))
  return sql.length === 0 ? "''" : sql.length === 1 ? sql[0]! : `concat(${sql.join(', ')})`
}
