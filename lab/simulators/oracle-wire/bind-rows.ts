/** The values of binds: one row per execution. */
import type { BindValue } from './backend.ts'
import type { WireReader } from './wire/reader.ts'
import type { Bind } from './wire/types.ts'
import { readValue } from './wire/values.ts'

const ROW = 7
/** Of strings in SQL, with MAX_STRING_SIZE = STANDARD. */
export const MAX_STRING = 4000

/**
 * All rows up to the end of the request. Values longer than a string may be travel after the others of their row, except
 * in PL/SQL. `shiftMinutes`: the session's offset from UTC.
 */
export function readBindRows(from: WireReader, binds: readonly Bind[], inPlsql: boolean, shiftMinutes: number): BindValue[][] {
  const rows: BindValue[][] = []
  const isLate = ({ maxSize, isArray }: Bind) => !inPlsql && !isArray && maxSize > MAX_STRING
  const sent = binds.map((bind, index) => ({ bind, index })).filter(({ bind }) => !bind.returned)
  const order = [...sent.filter(({ bind }) => !isLate(bind)), ...sent.filter(({ bind }) => isLate(bind))]
  while (from.next === ROW) {
    from.u8()
    const row: BindValue[] = binds.map(() => null)
    for (const { bind, index } of order) {
      const one = () => readValue(from, bind, shiftMinutes)
      row[index] = bind.isArray ? Array.from({ length: from.ub() }, one) : one()
    }
    rows.push(row)
  }
  return rows
}
