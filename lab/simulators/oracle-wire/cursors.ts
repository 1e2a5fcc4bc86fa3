/** The open cursors of a session. */
import type { RowSource } from './backend.ts'
import { OracleError } from './oracle-error.ts'
import type { Shape } from './request-execute.ts'
import type { Statement } from './statement.ts'
import type { Bind, Column } from './wire/types.ts'

/** As many as AUTH_MAX_OPEN_CURSORS says. */
const MOST = 300

export interface Cursor {
  readonly id: number
  readonly statement: Statement
  binds: readonly Bind[]
  /** What was last described to the driver. */
  columns: readonly Column[] | null
  defines: readonly Shape[] | null
  source: RowSource | null
  /** Rows of the running result that went out. */
  sent: number
}

export class Cursors {
  readonly #open = new Map<number, Cursor>()
  #last = 0

  /** Throws OracleError 1000 when too many are open. */
  open(statement: Statement): Cursor {
    if (this.#open.size >= MOST) throw new OracleError(1000, 'maximum open cursors exceeded')
    do this.#last = (this.#last % 60_000) + 1
    while (this.#open.has(this.#last))
    const cursor: Cursor = { id: this.#last, statement, binds: [], columns: null, defines: null, source: null, sent: 0 }
    this.#open.set(cursor.id, cursor)
    return cursor
  }

  /** Throws OracleError 1001 for one that is not open. */
  get(id: number): Cursor {
    const cursor = this.#open.get(id)
    if (!cursor) throw new OracleError(1001, 'invalid cursor')
    return cursor
  }

  /** Gives up the result and keeps the cursor. */
  async cancel(id: number): Promise<void> {
    await endResult(this.#open.get(id))
  }

  async close(id: number): Promise<void> {
    const cursor = this.#open.get(id)
    this.#open.delete(id)
    await endResult(cursor)
  }

  async closeAll(): Promise<void> {
    for (const id of [...this.#open.keys()]) await this.close(id)
  }
}

/** The result that a cursor is in the middle of, if any, is given up. */
export async function endResult(cursor: Cursor | undefined): Promise<void> {
  const source = cursor?.source
  if (!cursor || !source) return
  cursor.source = null
  cursor.sent = 0
  await source.close()
}

/** Whether rows of one can be read by who was told of the other. */
export function sameShape(one: readonly Column[], other: readonly Column[]): boolean {
  return one.length === other.length && one.every(({ type, name }, index) => type === other[index]!.type && name === other[index]!.name)
}
