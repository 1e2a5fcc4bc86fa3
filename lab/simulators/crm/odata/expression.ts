import { QueryRefused } from './properties.ts'
import { type Token, tokenize } from './tokens.ts'

export type Comparator = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'
export type Expression =
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly of: Expression }
  | { readonly type: 'compare'; readonly operator: Comparator; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'call'; readonly name: string; readonly of: readonly Expression[] }
  | { readonly type: 'property'; readonly name: string }
  | {
      readonly type: 'literal'
      readonly kind: 'number' | 'text' | 'date' | 'bool' | 'null'
      readonly value: number | string | boolean | null
    }

const comparators: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])
const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])
/** As deep as ASP.NET's OData parser goes by default. */
const deepest = 100

/**
 * Parses a $filter (OData v4 URL conventions 5.1.1): `or` binds weaker than `and`, `and` weaker than `not`, that weaker than a comparison.
 * Throws QueryRefused with the position of what it cannot read.
 */
export function parseExpression(text: string): Expression {
  const tokens = tokenize(text)
  let next = 0
  let depth = 0

  const peek = (): Token => tokens[next]!
  const isWord = (word: string): boolean => {
    const token = peek()
    return token.type === 'word' && token.text === word
  }
  const isSymbol = (symbol: string): boolean => {
    const token = peek()
    return token.type === 'symbol' && token.text === symbol
  }
  const refuse = (): QueryRefused => new QueryRefused(`Syntax error at position ${peek().at} in the filter.`)
  const expectSymbol = (symbol: string): void => {
    if (!isSymbol(symbol)) throw refuse()
    next += 1
  }

  function either(): Expression {
    depth += 1
    if (depth > deepest) throw new QueryRefused(`The filter is nested deeper than ${deepest} levels.`)
    let left = both()
    while (isWord('or')) {
      next += 1
      left = { type: 'or', left, right: both() }
    }
    depth -= 1
    return left
  }

  function both(): Expression {
    let left = negation()
    while (isWord('and')) {
      next += 1
      left = { type: 'and', left, right: negation() }
    }
    return left
  }

  function negation(): Expression {
    let turns = 0
    while (isWord('not')) {
      next += 1
      turns += 1
    }
    const of = comparison()
    return turns % 2 === 0 ? of : { type: 'not', of }
  }

  function comparison(): Expression {
    const left = operand()
    const token = peek()
    if (token.type !== 'word' || !comparators.has(token.text)) return left
    next += 1
    return { type: 'compare', operator: token.text as Comparator, left, right: operand() }
  }

  function operand(): Expression {
    const token = peek()
    if (isSymbol('(')) {
      next += 1
      const inner = either()
      expectSymbol(')')
      return inner
    }
    next += 1
    if (token.type === 'number' || token.type === 'text' || token.type === 'date') {
      return { type: 'literal', kind: token.type, value: token.value }
    }
    if (token.type !== 'word') {
      next -= 1
      throw refuse()
    }
    if (isSymbol('(')) return { type: 'call', name: token.text.toLowerCase(), of: callArguments() }
    const constant = constants.get(token.text)
    if (constant !== undefined) return { type: 'literal', kind: constant === null ? 'null' : 'bool', value: constant }
    return { type: 'property', name: token.text }
  }

  function callArguments(): Expression[] {
    expectSymbol('(')
    const found = [either()]
    while (isSymbol(',')) {
      next += 1
      found.push(either())
    }
    expectSymbol(')')
    return found
  }

  const expression = either()
  if (peek().type !== 'end') throw refuse()
  return expression
}
