/** Results: what a query is answered with, and each page after it. */
import { noMoreRows, sentTypes, writeDescribe, writeEnd, writeRowHeader, writeRows } from './answers.ts'
import type { RowSource } from './backend.ts'
import { type Cursor, endResult, sameShape } from './cursors.ts'
import type { Faults } from './faults.ts'
import { OracleError } from './oracle-error.ts'
import type { Column, TypeName } from './wire/types.ts'
import type { WireWriter } from './wire/writer.ts'

export interface Answering {
  readonly to: WireWriter
  readonly faults: Faults
  readonly signal: AbortSignal
  inTransaction(): boolean
}

export interface Wanted {
  /** The driver knows nothing of the columns yet. */
  readonly describe: boolean
  readonly describeOnly: boolean
  readonly fetch: boolean
  readonly prefetchRows: number
}

const isLob = (type: TypeName): boolean => type === 'CLOB' || type === 'BLOB'

/** Throws OracleError 1007 when the driver was told of other columns; it then parses anew by itself. */
export async function answerQuery(cursor: Cursor, source: RowSource, wanted: Wanted, answering: Answering): Promise<void> {
  const { to, inTransaction } = answering
  cursor.source = source
  describe(cursor, source.columns, wanted.describe, to)
  if (wanted.describeOnly) await endResult(cursor)
  // Rows with LOBs go out once the driver has said as what it wants them.
  const waits = cursor.defines === null && source.columns.some(({ type }) => isLob(type))
  if (wanted.fetch && !wanted.describeOnly && !waits && wanted.prefetchRows > 0) await fetchPage(cursor, wanted.prefetchRows, answering)
  else writeEnd(to, { inTransaction: inTransaction(), cursor: cursor.id })
}

function describe(cursor: Cursor, columns: readonly Column[], aloud: boolean, to: WireWriter): void {
  if (aloud) writeDescribe(to, columns)
  else if (cursor.columns && !sameShape(cursor.columns, columns)) throw new OracleError(1007, 'variable not in select list')
  cursor.columns = columns
}

/** Throws OracleError: 1002 when nothing is open, what a fault says, what the backend says in mid-result. */
export async function fetchPage(cursor: Cursor, rows: number, { to, faults, signal, inTransaction }: Answering): Promise<void> {
  const { source, statement } = cursor
  if (!source) throw new OracleError(1002, 'fetch out of sequence')
  const place = { at: 'fetch', sql: statement.sql, sent: cursor.sent } as const
  await faults.strike({ ...place, when: 'before' }, signal)
  const types = sentTypes(source.columns, cursor.defines)
  if (types.some(isLob)) {
    throw new OracleError(3001, 'unimplemented feature: this simulator sends LOBs only to who fetches them as string or buffer')
  }
  const page = await source.next(rows, signal)
  const count = 'rows' in page ? page.rows.length : page.count
  await faults.strike({ ...place, when: 'after' }, signal)
  writeRowHeader(to, count)
  if ('rows' in page) writeRows(to, types, page.rows, source.columns)
  else to.raw(page.encoded)
  cursor.sent += count
  const end = { cursor: cursor.id, rowCount: cursor.sent }
  const over = count < rows
  if (over) await endResult(cursor)
  writeEnd(to, { ...end, inTransaction: inTransaction(), ...(over ? { error: noMoreRows } : {}) })
}
