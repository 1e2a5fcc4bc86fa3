import { type Comparator, type Expression, parseExpression } from './expression.ts'
import { type Kind, type Properties, QueryRefused, type Value } from './properties.ts'

/** `id eq 1`, or `id eq 1 or id eq 2`: every matching row holds one of these values, so that a set can use an index instead of reading all rows. */
export interface Equality {
  readonly property: string
  readonly values: readonly Value[]
}

export interface Filter<Row> {
  readonly matches: (row: Row) => boolean
  readonly equalities: readonly Equality[]
}

interface Compiled<Row> {
  readonly kind: Kind | 'null'
  readonly read: (row: Row) => Value
}

const comparisons: Record<Comparator, (left: Value, right: Value) => boolean> = {
  eq: (left, right) => left === right,
  ne: (left, right) => left !== right,
  // OData v4 URL conventions 5.1.1.1: an ordering with null on either side is false.
  gt: (left, right) => left !== null && right !== null && left > right,
  ge: (left, right) => left !== null && right !== null && left >= right,
  lt: (left, right) => left !== null && right !== null && left < right,
  le: (left, right) => left !== null && right !== null && left <= right,
}

const predicates: Record<string, (text: string, part: string) => boolean> = {
  contains: (text, part) => text.includes(part),
  startswith: (text, part) => text.startsWith(part),
  endswith: (text, part) => text.endsWith(part),
}
const transforms: Record<string, (text: string) => string> = {
  tolower: (text) => text.toLowerCase(),
  toupper: (text) => text.toUpperCase(),
  trim: (text) => text.trim(),
}

/**
 * Compiles a $filter for rows with these properties. Unknown properties, functions and operands of different kinds throw
 * QueryRefused, as the typed OData parser of the real CRM answers 400. Null is OData's: `not` and functions of null are null.
 */
export function compileFilter<Row>(text: string, properties: Properties<Row>): Filter<Row> {
  const expression = parseExpression(text)
  const compiled = compile(expression, properties)
  if (compiled.kind !== 'bool') throw new QueryRefused('The filter is not a condition.')
  return { matches: (row) => compiled.read(row) === true, equalities: equalitiesOf(expression) }
}

function compile<Row>(expression: Expression, properties: Properties<Row>): Compiled<Row> {
  switch (expression.type) {
    case 'literal':
      return { kind: expression.kind, read: () => expression.value }
    case 'property': {
      const property = properties.get(expression.name.toLowerCase())
      if (!property) throw new QueryRefused(`Could not find a property named '${expression.name}'.`)
      return property
    }
    case 'and':
    case 'or':
      return compileLogic(expression.type, condition(expression.left, properties), condition(expression.right, properties))
    case 'not': {
      const of = condition(expression.of, properties)
      return { kind: 'bool', read: (row) => negate(of.read(row)) }
    }
    case 'compare':
      return compileComparison(expression.operator, compile(expression.left, properties), compile(expression.right, properties))
    case 'call':
      return compileCall(
        expression.name,
        expression.of.map((argument) => compile(argument, properties)),
      )
  }
}

function condition<Row>(expression: Expression, properties: Properties<Row>): Compiled<Row> {
  const compiled = compile(expression, properties)
  if (compiled.kind !== 'bool' && compiled.kind !== 'null') throw new QueryRefused(`A ${compiled.kind} stands where a condition is needed.`)
  return compiled
}

function negate(value: Value): Value {
  return value === null ? null : !value
}

function compileLogic<Row>(type: 'and' | 'or', left: Compiled<Row>, right: Compiled<Row>): Compiled<Row> {
  const decides = type === 'or'
  return {
    kind: 'bool',
    read(row) {
      const first = left.read(row)
      if (first === decides) return decides
      const second = right.read(row)
      if (second === decides) return decides
      return first === null || second === null ? null : !decides
    },
  }
}

function compileComparison<Row>(operator: Comparator, left: Compiled<Row>, right: Compiled<Row>): Compiled<Row> {
  if (left.kind !== right.kind && left.kind !== 'null' && right.kind !== 'null') {
    throw new QueryRefused(`A binary operator with incompatible types was detected: ${left.kind} ${operator} ${right.kind}.`)
  }
  const holds = comparisons[operator]
  return { kind: 'bool', read: (row) => holds(left.read(row), right.read(row)) }
}

function compileCall<Row>(name: string, of: readonly Compiled<Row>[]): Compiled<Row> {
  const predicate = Object.hasOwn(predicates, name) ? predicates[name] : undefined
  const transform = Object.hasOwn(transforms, name) ? transforms[name] : undefined
  if (!predicate && !transform) throw new QueryRefused(`An unknown function with name '${name}' was found.`)
  if (of.length !== (predicate ? 2 : 1) || of.some(({ kind }) => kind !== 'text' && kind !== 'null')) {
    throw new QueryRefused(`The arguments of '${name}' do not fit.`)
  }
  const [first, second] = of
  if (predicate) {
    return {
      kind: 'bool',
      read(row) {
        const [text, part] = [first!.read(row), second!.read(row)]
        return text === null || part === null ? null : predicate(String(text), String(part))
      },
    }
  }
  return {
    kind: 'text',
    read(row) {
      const text = first!.read(row)
      return text === null ? null : transform!(String(text))
    },
  }
}

function equalitiesOf(expression: Expression): Equality[] {
  if (expression.type === 'and') return [...equalitiesOf(expression.left), ...equalitiesOf(expression.right)]
  if (expression.type === 'or') return either(equalitiesOf(expression.left), equalitiesOf(expression.right))
  if (expression.type !== 'compare' || expression.operator !== 'eq') return []
  const { left, right } = expression
  if (left.type === 'property' && right.type === 'literal') return [{ property: left.name.toLowerCase(), values: [right.value] }]
  if (left.type === 'literal' && right.type === 'property') return [{ property: right.name.toLowerCase(), values: [left.value] }]
  return []
}

/** Only a property that both sides bind is bound by the whole. */
function either(left: readonly Equality[], right: readonly Equality[]): Equality[] {
  return left.flatMap(({ property, values }) => {
    const other = right.find((equality) => equality.property === property)
    return other ? [{ property, values: [...values, ...other.values] }] : []
  })
}
