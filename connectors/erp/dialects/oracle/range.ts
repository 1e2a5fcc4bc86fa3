/** Where views are cut, and one part of a view as a query. */
import type oracledb from 'oracledb'
import { PonteError } from '../../../../base/error.ts'
import type { ErpView } from '../../../../records/kinds.ts'

/** `(bounds[i], bounds[i + 1]]` are the steps of a range, as decimal text; null at the ends is open. A step is read whole or again. */
export interface RangeBounds {
  readonly bounds: readonly (string | null)[]
}

export interface RangeQuery {
  readonly view: ErpView
  /** What is selected, one expression per column, made by the extract from names that it checked. */
  readonly expressions: readonly string[]
  /** null: the session's own moment. */
  readonly scn: string | null
}

export interface Step {
  readonly from: string | null
  readonly to: string | null
}

export const stepsOf = ({ bounds }: RangeBounds): Step[] => bounds.slice(1).map((to, index) => ({ from: bounds[index]!, to }))

/** ` as of scn :scn` behind a table or view. */
export const asOf = (scn: string | null): string => (scn === null ? '' : ' as of scn :scn')
export const scnBind = (scn: string | null): Record<string, bigint> => (scn === null ? {} : { scn: BigInt(scn) })

/** @throws PonteError `erp.bad_range` */
export function stepQuery({ view, expressions, scn }: RangeQuery, { from, to }: Step): { sql: string; binds: oracledb.BindParameters } {
  const limits = [from === null ? [] : 'range_key > :low', to === null ? [] : 'range_key <= :high'].flat()
  const where = limits.length === 0 ? '' : ` where ${limits.join(' and ')}`
  const binds = { ...scnBind(scn), ...(from === null ? {} : { low: bound(from) }), ...(to === null ? {} : { high: bound(to) }) }
  return { sql: `select ${expressions.join(', ')} from ${view}${asOf(scn)}${where}`, binds }
}

function bound(value: string): bigint {
  if (/^-?\d{1,19}$/.test(value)) return BigInt(value)
  throw new PonteError('erp.bad_range', 'a range bound is not an integer', { hint: 'this is a fault of the caller, report it' })
}
