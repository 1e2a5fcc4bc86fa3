/** One range of a view as a statement. */
import { PonteError } from '../../base/error.ts'
import type { ErpView } from './erp.ts'

/** Key bounds `(from, to]` as decimal text; null is open. */
export interface RangeBounds {
  readonly from: string | null
  readonly to: string | null
}

export interface RangeRequest {
  readonly view: ErpView
  /** Upper-case names, checked by the extract. */
  readonly columns: readonly string[]
  readonly range: RangeBounds
}

/** @throws PonteError `erp.bad_range` */
export function rangeStatement({ view, columns, range: { from, to } }: RangeRequest): string {
  const limits = [from === null ? [] : `range_key > ${bound(from)}`, to === null ? [] : `range_key <= ${bound(to)}`].flat()
  const where = limits.length === 0 ? '' : ` where ${limits.join(' and ')}`
  return `select ${columns.map((column) => `\`${column.toLowerCase()}\``).join(', ')} from ${view}${where}`
}

function bound(value: string): string {
  if (/^-?\d{1,19}$/.test(value)) return value
  throw new PonteError('erp.bad_range', 'a range bound is not an integer', { hint: 'this is a fault of the caller, report it' })
}
