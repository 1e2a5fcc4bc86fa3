/** What goes back to the driver. */
import type { BindValue, Done } from './backend.ts'
import { MAX_STRING } from './bind-rows.ts'
import type { OracleError } from './oracle-error.ts'
import type { Shape } from './request-execute.ts'
import { type Bind, type Column, type TypeName, typeNumbers, type Value } from './wire/types.ts'
import { writeValue } from './wire/values.ts'
import type { WireWriter } from './wire/writer.ts'

const messages = { end: 4, rowHeader: 6, row: 7, parameter: 8, status: 9, directions: 11, describe: 16, sentColumns: 21 } as const
const NO_MORE_ROWS = 1403
const BATCH_ERRORS = 24381
const IN_OUT = 48
const UTF8 = 873
const TRANSACTION = 2
const CHARACTER_TYPES: ReadonlySet<TypeName> = new Set(['VARCHAR2', 'CHAR', 'LONG', 'CLOB'])

export interface End {
  readonly inTransaction: boolean
  /** 0: as it was. */
  readonly cursor?: number
  readonly rowCount?: number
  readonly error?: { readonly number: number; readonly full: string }
  readonly batchErrors?: Done['batchErrors']
}

/** Ends every answer to an execute or a fetch, also the good ones. */
export function writeEnd(to: WireWriter, { inTransaction, cursor = 0, rowCount = 0, error, batchErrors = [] }: End): void {
  const batch = batchErrors.length > 0 ? { number: BATCH_ERRORS, full: 'ORA-24381: error(s) in array DML' } : undefined
  const shown = error ?? batch
  to.u8(messages.end).ubs(inTransaction ? TRANSACTION : 0, 0, 0, (shown?.number ?? 0) & 0xffff, 0, 0, cursor, 0)
  to.u8s(0, 0, 0, 0, 0, 0)
  to.ubs(0, 0).u8(0).ubs(0, 0)
  to.ub(0).u8s(0, 0).ubs(0, 0, 0)
  writeBatchErrors(to, batchErrors)
  to.ubs(shown?.number ?? 0, rowCount)
  if (shown) to.bytes(Buffer.from(`${shown.full}\n`))
}

function writeBatchErrors(to: WireWriter, errors: NonNullable<Done['batchErrors']>): void {
  if (errors.length === 0) {
    to.ubs(0, 0, 0)
    return
  }
  to.ub(errors.length).u8(0)
  for (const { error } of errors) to.ub(error.number & 0xffff)
  to.ub(errors.length).u8(0)
  for (const { row } of errors) to.ub(row)
  to.ub(errors.length).u8(0)
  for (const { error } of errors) {
    const text = Buffer.from(error.full)
    to.ub(text.length).bytes(text).u8s(0, 0)
  }
}

export const noMoreRows = { number: NO_MORE_ROWS, full: 'ORA-01403: no data found' }
export const asError = (error: OracleError): NonNullable<End['error']> => ({ number: error.number, full: error.full })

/** To commit, rollback, ping and logoff. */
export function writeStatus(to: WireWriter, inTransaction: boolean): void {
  to.u8(messages.status).ubs(inTransaction ? TRANSACTION : 0, 0)
}

/** Keys and values of a logon. */
export function writeParameters(to: WireWriter, pairs: readonly { key: string; value: string; flags?: number }[]): void {
  to.u8(messages.parameter).ub(pairs.length)
  for (const { key, value, flags = 0 } of pairs) to.text(key).text(value).ub(flags)
}

export function writeDescribe(to: WireWriter, columns: readonly Column[]): void {
  to.u8(messages.describe).u8(0).ub(0).ub(columns.length)
  if (columns.length > 0) to.u8(0)
  columns.forEach((column, index) => {
    writeColumn(to, column, index + 1)
  })
  to.repeat(6, 0)
}

function writeColumn(to: WireWriter, { name, type, size = 0, precision = 0, scale, nullable = true }: Column, position: number): void {
  const isText = CHARACTER_TYPES.has(type)
  // The driver reads nothing for a column of size 0, and more for one beyond the longest string.
  const bytes = Math.max(size, 22)
  to.u8s(typeNumbers[type], 0, precision, scale ?? (type === 'NUMBER' ? -127 : 0)).ub(bytes)
  to.repeat(4, 0)
  to.ub(isText ? UTF8 : 0)
    .u8(isText ? 1 : 0)
    .ub(size)
    .ub(0)
    .u8(nullable ? 1 : 0)
  to.u8(Math.min(name.length, 255)).text(name)
  to.ubs(0, 0, position, 0)
}

export function writeRowHeader(to: WireWriter, rows: number): void {
  to.u8(messages.rowHeader).u8(0).ubs(0, 1, rows, 0, 0, 0)
}

/**
 * Rows of a result. Values that repeat the row above in the same answer are left out, and a bit per column says which came, as a real server
 * does. A column that was defined as LONG, or that may be longer than the longest string, comes always, followed by two indicators.
 */
export function writeRows(
  to: WireWriter,
  types: readonly TypeName[],
  rows: readonly (readonly Value[])[],
  columns: readonly Column[] = [],
): void {
  const last = types.length
  const isLong = types.map((type, at) => type === 'LONG' || type === 'LONG_RAW' || (columns[at]?.size ?? 0) > MAX_STRING)
  const bits = new Uint8Array(Math.ceil(last / 8))
  let above: readonly Value[] | null = null
  for (const row of rows) {
    let came = last
    bits.fill(0xff)
    if (above !== null)
      for (let at = 0; at < last; at += 1)
        if (!isLong[at] && (row[at] ?? null) === (above[at] ?? null)) {
          bits[at >> 3]! &= ~(1 << (at & 7))
          came -= 1
        }
    if (came < last)
      to.u8(messages.sentColumns)
        .ub(came)
        .u8s(...bits)
    to.u8(messages.row)
    for (let at = 0; at < last; at += 1) {
      if ((bits[at >> 3]! & (1 << (at & 7))) === 0) continue
      writeValue(to, types[at]!, row[at] ?? null)
      if (isLong[at]) to.ubs(0, 0)
    }
    above = row
  }
}

/** The types in which the columns go out: the driver's own choice where it has defined one. */
export function sentTypes(columns: readonly Column[], defines: readonly Shape[] | null): TypeName[] {
  return columns.map(({ type }, index) => defines?.[index]?.type ?? type)
}

/** PL/SQL: every bind is declared IN OUT, because nobody told the direction; the driver keeps the ones that it asked for. */
export function writeOutBinds(to: WireWriter, binds: readonly Bind[], executions: NonNullable<Done['outBinds']>): void {
  to.u8(messages.directions).u8(0)
  to.ubs(binds.length % 256, Math.floor(binds.length / 256), 1, 0, 0, 0)
  for (const _ of binds) to.u8(IN_OUT)
  for (const row of executions) {
    to.u8(messages.row)
    binds.forEach((bind, index) => {
      writeOutBind(to, bind, row[index] ?? null)
    })
  }
}

function writeOutBind(to: WireWriter, { type, national, isArray }: Bind, value: BindValue): void {
  const list = isArray ? ((value ?? []) as readonly Value[]) : [value as Value]
  if (isArray) to.ub(list.length)
  for (const single of list) {
    writeValue(to, type, single, national)
    to.ub(0)
  }
}

/** RETURNING: per execution the values of each returned bind. */
export function writeReturned(to: WireWriter, binds: readonly Bind[], executions: NonNullable<Done['returned']>): void {
  const returned = binds.filter((bind) => bind.returned)
  for (const lists of executions) {
    to.u8(messages.row)
    returned.forEach(({ type, national }, index) => {
      const values = lists[index] ?? []
      to.ub(values.length)
      for (const value of values) {
        writeValue(to, type, value, national)
        to.ub(0)
      }
    })
  }
}

export function writeRowCounts(to: WireWriter, counts: readonly number[]): void {
  to.u8(messages.parameter).ubs(0, 0, 0, 0, counts.length)
  for (const count of counts) to.ub(count)
}
