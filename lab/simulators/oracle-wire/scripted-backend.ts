/** A backend without a database: says what a script tells it to. For tests of the protocol, and for measuring readers. */
import { sentTypes, writeRows } from './answers.ts'
import type { Backend, Call, Done, Outcome, Page, RowSource } from './backend.ts'
import { OracleError } from './oracle-error.ts'
import type { Column, Value } from './wire/types.ts'
import { WireWriter } from './wire/writer.ts'

export interface Script {
  /** The first script whose pattern the statement meets is used. */
  readonly match: RegExp
  readonly run: (call: Call, session: number) => Outcome | Promise<Outcome>
}

/** Of a session: accepted, without effect. */
const SETTING = /^\s*alter\s+session\b/i

/** Sessions count from 1. DML and PL/SQL open a transaction. Statements that no script meets are ORA-00942. */
export function scriptedBackend(scripts: readonly Script[]): Backend {
  let sessions = 0
  return {
    async open() {
      sessions += 1
      const number = sessions
      let inTransaction = false
      const over = async () => {
        inTransaction = false
      }
      return {
        async execute(call) {
          const script = scripts.find(({ match }) => match.test(call.statement.sql))
          if (!script && SETTING.test(call.statement.sql)) return done()
          if (!script) throw new OracleError(942, 'table or view does not exist')
          const outcome = await script.run(call, number)
          if (call.statement.kind === 'dml' || call.statement.kind === 'plsql') inTransaction = true
          return outcome
        },
        get inTransaction() {
          return inTransaction
        },
        commit: over,
        rollback: over,
        ping: async () => {},
        close: over,
      }
    },
    close: async () => {},
  }
}

/** A result held in memory. */
export function rowsOf(columns: readonly Column[], rows: readonly (readonly Value[])[]): RowSource {
  let at = 0
  return {
    columns,
    async next(count) {
      at += count
      return { rows: rows.slice(at - count, at) }
    },
    close: async () => {},
  }
}

/** `total` rows that repeat a few; pages are encoded once per size and kept, so that serving them costs next to nothing. */
export function replayed(columns: readonly Column[], sample: readonly (readonly Value[])[], total: number): () => RowSource {
  const pages = new Map<number, Page>()
  const page = (count: number): Page => {
    const found = pages.get(count)
    if (found) return found
    const rows = Array.from({ length: count }, (_, index) => sample[index % sample.length]!)
    const made = { count, encoded: encodeRows(columns, rows) }
    pages.set(count, made)
    return made
  }
  return () => {
    let left = total
    return {
      columns,
      async next(rows) {
        const count = Math.min(rows, left)
        left -= count
        return page(count)
      },
      close: async () => {},
    }
  }
}

/** Rows in wire form. LOB columns go as strings and buffers do: what a driver asks for that fetches them so. */
export function encodeRows(columns: readonly Column[], rows: readonly (readonly Value[])[]): Buffer {
  const types = sentTypes(columns, null).map((type) => (type === 'CLOB' ? 'LONG' : type === 'BLOB' ? 'LONG_RAW' : type))
  const to = new WireWriter(64 * 1024)
  writeRows(to, types, rows)
  return Buffer.from(to.take())
}

export const done = (rowsAffected = 0): Done => ({ rowsAffected })
