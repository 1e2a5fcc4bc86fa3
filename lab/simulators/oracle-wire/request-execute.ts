/** The two requests that run a statement. Values of binds are read later, when the binds' names are known. */
import { WireError, type WireReader } from './wire/reader.ts'
import { type TypeName, typeName } from './wire/types.ts'

/** Type, size and form of a bind or a defined column. */
export interface Shape {
  readonly type: TypeName
  readonly maxSize: number
  readonly isArray: boolean
  readonly national: boolean
}

export interface ExecuteRequest {
  readonly cursor: number
  /** Null: the cursor's own. */
  readonly sql: string | null
  readonly parse: boolean
  readonly execute: boolean
  readonly fetch: boolean
  readonly describeOnly: boolean
  readonly autoCommit: boolean
  readonly batchErrors: boolean
  readonly rowCounts: boolean
  readonly prefetchRows: number
  readonly executions: number
  readonly binds: readonly Shape[]
  /** As what to send the columns, in their order; null: the request defines none. */
  readonly defines: readonly Shape[] | null
  /** Stands before the values of the binds. */
  readonly values: WireReader
}

export interface ReexecuteRequest {
  readonly cursor: number
  readonly fetch: boolean
  readonly autoCommit: boolean
  /** Rows to fetch, or executions. */
  readonly iterations: number
  readonly values: WireReader
}

const options = {
  parse: 0x1,
  define: 0x10,
  execute: 0x20,
  fetch: 0x40,
  commit: 0x100,
  describe: 0x20000,
  batchErrors: 0x80000,
} as const
/** Of the thirteen numbers at the end: how often to execute. */
const EXECUTIONS = 1
const ARRAY = 0x40
const NCHAR_FORM = 2

export function readExecute(from: WireReader): ExecuteRequest {
  const given = from.ub()
  const cursor = from.ub()
  const hasSql = from.u8() === 1
  from.ub()
  from.u8()
  from.ub()
  from.skip(3)
  const prefetchRows = from.ub()
  from.ub()
  from.u8()
  const bindCount = from.ub()
  from.skip(5)
  from.u8()
  const defineCount = from.ub()
  from.ub()
  from.skip(3)
  from.ub()
  from.u8()
  from.skipUbs(2)
  const rowCounts = from.u8() === 1
  from.ub()
  from.u8()
  skipSignature(from)
  const sql = hasSql ? (from.bytes()?.toString('utf8') ?? '') : null
  const numbers = Array.from({ length: 13 }, () => from.ub())
  const has = (option: number) => (given & option) !== 0
  const defines = has(options.define) ? readShapes(from, defineCount) : null
  return {
    cursor,
    sql,
    parse: has(options.parse),
    execute: has(options.execute),
    fetch: has(options.fetch),
    describeOnly: has(options.describe),
    autoCommit: has(options.commit),
    batchErrors: has(options.batchErrors),
    rowCounts,
    prefetchRows,
    executions: Math.max(1, numbers[EXECUTIONS]!),
    binds: defines === null ? readShapes(from, bindCount) : [],
    defines,
    values: from,
  }
}

/** SQL signature, SQL id and chunk ids, of field version 12.2 and its extension. */
function skipSignature(from: WireReader): void {
  from.u8()
  from.ub()
  from.u8()
  from.ub()
  from.skip(2)
  from.ub()
}

function readShapes(from: WireReader, count: number): Shape[] {
  return Array.from({ length: count }, () => {
    const number = from.u8()
    const flags = from.u8()
    from.skip(2)
    const maxSize = from.ub()
    from.skipUbs(2)
    if (from.ub() > 0) from.bytes()
    from.skipUbs(2)
    const form = from.u8()
    from.skipUbs(2)
    const type = typeName(number)
    if (type === undefined) throw new WireError(`data type ${number}`)
    return { type, maxSize, isArray: (flags & ARRAY) !== 0, national: form === NCHAR_FORM }
  })
}

export function readReexecute(from: WireReader, fetch: boolean): ReexecuteRequest {
  const cursor = from.ub()
  const iterations = from.ub()
  from.ub()
  const autoCommit = (from.ub() & 1) !== 0
  return { cursor, fetch, autoCommit, iterations, values: from }
}
