/**
 * A table as a script of ours makes it, held against one that is there already: what it lacks is added, what it has stays as it is, and
 * where the two differ it is told. Pure functions. Our scripts have a column a line, indented by two blanks.
 */
export interface OwnColumn {
  readonly name: string
  /** Without length of what does not count, as `varchar(60)`, `number(20, 6)`. */
  readonly type: string
  /** What stands behind the name, fit for a column that is added to a table with rows. */
  readonly definition: string
  readonly fallback: string | undefined
}

export interface OwnTable {
  readonly name: string
  readonly columns: readonly OwnColumn[]
  readonly key: readonly string[]
}

/** A column of the table that is there. */
export interface FoundColumn {
  readonly name: string
  readonly type: string
  readonly mandatory: boolean
  readonly hasDefault: boolean
}

export interface Comparison {
  readonly missing: readonly OwnColumn[]
  /** They have no default, and ours do. */
  readonly withoutDefault: readonly OwnColumn[]
  /** Sentences for who installs. */
  readonly told: readonly string[]
}

/** The table of a `create table` statement; undefined for any other statement. */
export function ownTable(statement: string): OwnTable | undefined {
  const found = /^(?:\s*--.*\n)*\s*create (?:unlogged )?table (?:if not exists )?(\w+) \(\n([\s\S]*)\n\)/i.exec(statement)
  if (found === null) return undefined
  const entries = found[2]!
    .replace(/^\s*--.*\n?/gm, '')
    .split(/\n(?= {2}\S)/)
    .map((entry) => entry.trim().replace(/,$/, ''))
  const isRule = (entry: string) => /^(primary key|foreign key|constraint|check|unique|key)\b/i.test(entry)
  const columns = entries.filter((entry) => !isRule(entry)).map(ownColumn)
  const listed = entries
    .map((entry) => /^(?:constraint \w+ )?primary key \(([^)]*)\)/i.exec(entry)?.[1])
    .find((names) => names !== undefined)
  const inline = entries.find((entry) => !isRule(entry) && /\bprimary key\b/i.test(entry))
  return { name: found[1]!, columns, key: listed?.split(/,\s*/) ?? (inline === undefined ? [] : [inline.split(' ')[0]!]) }
}

function ownColumn(entry: string): OwnColumn {
  const [, name = '', rest = ''] = /^`?(\w+)`? ([\s\S]*)$/.exec(entry) ?? []
  const bare = rest.replace(/ comment '(?:[^']|'')*'/i, '')
  const fallback = /\bdefault ('[^']*'|\([^)]*\(\)\)|[\w.]+(?:\([^)]*\))?)/i.exec(bare)?.[1]
  const definition = rest
    .replace(/(?: constraint \w+)?(?<!auto_increment) primary key/i, '')
    .replace(/ references \w+ \([^)]*\)/i, '')
    .replace(fallback === undefined ? / not null/i : /(?!)/, '')
  return { name, type: /^\w+(?: ?\([^)]*\))?/.exec(rest)?.[0] ?? '', definition, fallback }
}

/** @param normal brings a type of ours and one of the database's catalogue to one spelling */
export function compareTables(own: OwnTable, found: readonly FoundColumn[], normal: (type: string) => string): Comparison {
  const there = new Map(found.map((column) => [column.name.toLowerCase(), column]))
  const both = own.columns.flatMap((column) => {
    const match = there.get(column.name)
    return match === undefined ? [] : [{ column, match }]
  })
  const others = both.filter(({ column, match }) => normal(column.type) !== normal(match.type))
  const strangers = found.filter(
    ({ name, mandatory, hasDefault }) => mandatory && !hasDefault && !own.columns.some((column) => column.name === name.toLowerCase()),
  )
  return {
    missing: own.columns.filter(({ name }) => !there.has(name)),
    withoutDefault: both.filter(({ column, match }) => column.fallback !== undefined && !match.hasDefault).map(({ column }) => column),
    told: [
      ...others.map(({ column, match }) => `${own.name}.${column.name} is ${match.type} and stays so; ours is ${column.type}`),
      ...strangers.map(
        ({ name }) => `${own.name}.${name.toLowerCase()} may not be null and has no default: give it one, or Ponte cannot insert`,
      ),
    ],
  }
}

/** Columns that Ponte itself keeps in tables of the ERP: these are added there, any other that is missing is the ERP's to make. */
export const isKept = ({ name }: OwnColumn): boolean => /_(key|title)$/.test(name)
