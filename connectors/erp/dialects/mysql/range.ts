/** One range of a view: its statement, and its rows. */
import type mysql from 'mysql2/promise'
import { PonteError } from '../../../../base/error.ts'
import type { ErpView } from '../../../../records/kinds.ts'
import type { RelaySettings } from '../../relay/relay-reader.ts'
import { driverRows, rawRows } from './raw-rows.ts'

/** Key bounds `(from, to]` as decimal text; null is open. */
export interface RangeBounds {
  readonly from: string | null
  readonly to: string | null
}

/** What a reader asks of the relay. */
export interface RangeRequest {
  readonly query: {
    readonly view: ErpView
    /** Upper-case names, checked by the extract. */
    readonly columns: readonly string[]
    /** Row packets past the driver, or what the driver reads. */
    readonly layout: RelaySettings['layout']
  }
  readonly range: RangeBounds
}

/** The rows in the layout that was asked for. @throws the driver's error; PonteError `erp.bad_range`, `erp.value_refused` */
export function bytesOf(connection: mysql.Connection, request: RangeRequest): AsyncIterable<Buffer> {
  const rows = request.query.layout === 'copy' ? driverRows : rawRows
  return rows(connection, rangeStatement(request))
}

function rangeStatement({ query: { view, columns }, range: { from, to } }: RangeRequest): string {
  const limits = [from === null ? [] : `range_key > ${bound(from)}`, to === null ? [] : `range_key <= ${bound(to)}`].flat()
  const where = limits.length === 0 ? '' : ` where ${limits.join(' and ')}`
  return `select ${columns.map((column) => `\`${column.toLowerCase()}\``).join(', ')} from ${view}${where}`
}

function bound(value: string): string {
  if (/^-?\d{1,19}$/.test(value)) return value
  throw new PonteError('erp.bad_range', 'a range bound is not an integer', { hint: 'this is a fault of the caller, report it' })
}
